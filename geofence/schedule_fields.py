"""The fields of a schedule's document: types, names, dates and times of day. What they mean is read elsewhere."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import available_timezones

from geofence.problems import Defect, ScheduleProblem
from geofence.structure import shown
from model.times import EARLIEST, LATEST

MAXIMUM_ENTRIES = 1000  # of one list: twenty years of a stadium's matches
TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
END_OF_DAY = "24:00"
NOT_PLACES = {"localtime", "posixrules", "Factory"}  # files beside the zones: what a machine is set to, and a dummy

Choice = TypeVar("Choice")


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The names of the IANA time zone database, as far as this machine knows it."""
    return frozenset(available_timezones() - NOT_PLACES)


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of the document, and its path."""

    where: str
    members: Mapping[str, Any]

    def get(self, key: str) -> Any:
        return self.members.get(key)

    def path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key


@dataclass
class FieldReader:
    """Reads fields and gathers every problem on the way; None stands for a field with a problem."""

    problems: list[ScheduleProblem] = field(default_factory=list)

    def add(self, where: str, defect: Defect, value: str, remedy: str) -> None:
        self.problems.append(ScheduleProblem(where, defect, value, remedy))

    def entry(self, where: str, document: object, keys: Sequence[str]) -> Entry | None:
        """An object that has no other keys than ``keys``: a misspelt one would be lost in silence."""
        if not isinstance(document, dict):
            self.add(where, Defect.NOT_AN_OBJECT, shown(document), f"give an object with {', '.join(keys)}")
            return None
        entry = Entry(where, document)
        for key in document:
            if key not in keys:
                nearest = _nearest(key, keys)
                defect = Defect.MISSPELT if nearest else Defect.UNKNOWN_KEY
                remedy = f"did you mean {nearest[0]}?" if nearest else f"remove it; known are: {', '.join(keys)}"
                self.add(entry.path(str(key)), defect, shown(key), remedy)
        return entry

    def entries(self, entry: Entry, key: str, *, required: bool = False) -> Iterator[tuple[str, object]]:
        """The members of a list, each with its path; a list that is not required may be left out or empty."""
        members, where = entry.get(key), entry.path(key)
        if not members and (members is None or isinstance(members, list)):
            if required:
                defect, value = (Defect.MISSING, "missing") if members is None else (Defect.EMPTY, "an empty list")
                self.add(where, defect, value, "give a list of at least one")
        elif not isinstance(members, list):
            self.add(where, Defect.WRONG_TYPE, shown(members), "give a list")
        elif len(members) > MAXIMUM_ENTRIES:
            self.add(where, Defect.TOO_MANY_ENTRIES, f"{len(members)} entries", f"give at most {MAXIMUM_ENTRIES}")
        else:
            yield from ((f"{where}[{at}]", member) for at, member in enumerate(members))

    def choice(self, where: str, value: object, choices: Mapping[str, Choice]) -> Choice | None:
        if isinstance(value, str) and value in choices:
            return choices[value]
        defect = Defect.MISSING if value is None else Defect.UNKNOWN_CHOICE
        self.add(where, defect, "missing" if value is None else shown(value), f"give one of: {', '.join(choices)}")
        return None

    def time_zone(self, entry: Entry) -> str | None:
        value, where = entry.get("time_zone"), entry.path("time_zone")
        if isinstance(value, str) and value in time_zones():
            return value
        remedy = "give a name of the IANA time zone database, such as Europe/London"
        if value is None:
            self.add(where, Defect.MISSING, "missing", remedy)
        elif not isinstance(value, str):
            self.add(where, Defect.WRONG_TYPE, shown(value), remedy)
        else:
            nearest = _nearest(value, sorted(time_zones()))
            hint = f"did you mean {' or '.join(nearest)}?" if nearest else remedy
            self.add(where, Defect.UNKNOWN_TIME_ZONE, shown(value), hint)
        return None

    def date(self, entry: Entry) -> date | None:
        value, where = entry.get("date"), entry.path("date")
        remedy = "give a date such as 2026-12-25"
        if value is None:
            self.add(where, Defect.MISSING, "missing", remedy)
            return None
        if not isinstance(value, str):
            self.add(where, Defect.WRONG_TYPE, shown(value), remedy)
            return None
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.add(where, Defect.BAD_DATE, shown(value), remedy)
            return None
        if day.isoformat() != value:  # a week date or one without hyphens
            self.add(where, Defect.BAD_DATE, shown(value), f"{remedy}, with hyphens: {day.isoformat()}?")
            return None
        if not EARLIEST.date() <= day < LATEST.date():
            self.add(where, Defect.BAD_DATE, shown(value), "give a date between 1970 and 2199")
            return None
        return day

    def time_of_day(self, entry: Entry, key: str) -> time | None:
        value, where = entry.get(key), entry.path(key)
        remedy = "give a time of day such as 07:00" + (" or 24:00" if key == "to" else "")
        if value is None:
            self.add(where, Defect.MISSING, "missing", remedy)
        elif not isinstance(value, str):
            self.add(where, Defect.WRONG_TYPE, shown(value), f"{remedy}, in quotes")
        elif value == END_OF_DAY and key == "to":
            return time()
        elif TIME_OF_DAY.fullmatch(value):
            return time(int(value[:2]), int(value[3:]))
        else:
            self.add(where, Defect.BAD_TIME, shown(value), remedy)
        return None


def _nearest(name: object, names: Sequence[str]) -> list[str]:
    """Up to three names that ``name`` may stand for, whatever the case of its letters."""
    as_written = {one.casefold(): one for one in names}
    return [as_written[close] for close in get_close_matches(str(name).casefold(), as_written, n=3, cutoff=0.7)]
