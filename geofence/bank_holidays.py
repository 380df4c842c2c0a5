"""Bank holidays of the United Kingdom's divisions, computed: any year, no network."""

from datetime import date
from functools import lru_cache

from holidays import country_holidays

from model.schedules import Division, Weekday

# The bank holidays of Wales are England's: one statute, schedule 1 of the Banking and Financial Dealings Act 1971.
SUBDIVISIONS = {Division.ENGLAND_AND_WALES: "ENG", Division.SCOTLAND: "SCT", Division.NORTHERN_IRELAND: "NIR"}


@lru_cache(maxsize=1024)
def bank_holidays(division: Division, year: int) -> frozenset[date]:
    """The bank holidays that GOV.UK lists, or will list, for ``year``.

    Where a holiday falls on a weekend, GOV.UK lists its substitute day alone, and the library both: days of the
    weekend are left out. A day proclaimed for one occasion is known once the library's release knows it.
    """
    listed = country_holidays("GB", subdiv=SUBDIVISIONS[division], years=year)
    return frozenset(day for day in listed if day.year == year and day.weekday() < Weekday.SATURDAY)
