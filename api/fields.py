"""Types of parameters: what they may hold is checked before a route runs, and stands in the OpenAPI document."""

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import BeforeValidator, Field

from api.security import LARGEST_BIGINT
from model.times import EARLIEST, LATEST

LONGEST_REFERENCE = 100
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$"
"""No control characters, and none that show the text in another order than it is (model/plain_text.py)."""
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def parse_moment(text: object) -> datetime:
    """An aware time in UTC. Raises ValueError on anything but RFC 3339 with an offset, and on a time that the database
    does not take as one of ours (``model.times``).
    """
    if not isinstance(text, str) or _RFC_3339.fullmatch(text) is None:
        raise ValueError(
            "give an RFC 3339 time with its offset, such as 2026-11-22T10:00:00Z (in a query write + as %2B)"
        )
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"give a time from {EARLIEST.year} on and before {LATEST.year}")
    return moment


Moment = Annotated[datetime, BeforeValidator(parse_moment)]
PersonId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The person's id here", examples=[17])]
PersonFilter = Annotated[int | None, Query(ge=1, le=LARGEST_BIGINT, description="Only this person")]
Reference = Annotated[str, Field(min_length=1, max_length=LONGEST_REFERENCE, pattern=PRINTABLE)]
ZoneReference = Annotated[Reference, Path(description="The zone's reference", examples=["EZ-1042"])]
ZoneFilter = Annotated[Reference | None, Query(description="Only this zone, by its reference")]
Limit = Annotated[int, Query(ge=1, le=500, description="The most items of one page")]
CursorText = Annotated[
    str | None, Query(max_length=200, description="From the link `next` of the page before; nothing to build by hand")
]
