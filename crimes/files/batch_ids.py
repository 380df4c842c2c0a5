"""The id that a force gives to a batch of crimes: MPS20250126, MPS20250126-2, MPS20250126-R, MPS20250126-2-A."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from crimes.files.forces import Force
from crimes.files.row_errors import Fault

PATTERN = re.compile(
    r"(?P<code>[A-Z]+)(?P<date>[0-9]{8})(?:-(?P<number>[0-9]{1,3}))?(?:-(?P<suffix>[RA]))?", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True, slots=True)
class BatchId:
    """The force's code, the batch's date, then, where given, a number and the letter R or A."""

    code: str
    date: date
    number: int | None
    suffix: str | None

    def __str__(self) -> str:
        number = "" if self.number is None else f"-{self.number}"
        suffix = "" if self.suffix is None else f"-{self.suffix}"
        return f"{self.code}{self.date.isoformat().replace('-', '')}{number}{suffix}"


@lru_cache(maxsize=64)  # the rows of a file have one
def batch_id_of(text: str, force: Force | None) -> BatchId | Fault:
    """The batch id, letters in any case, which has to begin with the code of its force, where that is known."""
    code = force.code if force else "the force's code and "
    remedy = f"give {code}YYYYMMDD, where needed with a number (-2), then -R or -A"
    if not text:
        return Fault("the batch id is missing", remedy)
    found = PATTERN.fullmatch(text)
    if found is None:
        return Fault("this is no batch id: a force's code, a date, then at most a number, then R or A", remedy)
    if force and found["code"].lower() != force.code.lower():
        return Fault(f"the batch is not of the row's force, {force.name}", f"give an id that begins with {force.code}")
    with suppress(ValueError):
        day = date.fromisoformat(found["date"])
        number = None if found["number"] is None else int(found["number"])
        return BatchId(force.code if force else found["code"], day, number, found["suffix"] and found["suffix"].upper())
    return Fault("the batch id's date is none of the calendar", remedy)
