"""What a protocol made of a payload, and the reading of values that they share."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from ingest.ping import Refusal
from model.enums import RejectionReason
from model.times import EPOCH

Number = TypeVar("Number", int, float)

PingFields = dict[str, str | int | float]
"""The fields of a canonical ping (``ingest.ping.Ping``), ready to be written as JSON."""

MILLISECONDS_FROM = 100_000_000_000
"""A number of this size or more is milliseconds: as seconds it would lie past the year 5138, and as milliseconds a
smaller one before March 1973, when there was no GPS. (Traccar splits at 2^31, which reads 2106 as 1970.)"""

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


class RefusedError(Exception):
    """Carries a refusal out of the reading of one item."""

    def __init__(self, reason: RejectionReason, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(reason, detail)


@dataclass(slots=True)
class Interpretation:
    """Pings and refusals by the item's place in the payload, and each item's original bytes.

    ``ignored`` names what is understood and has no position.
    """

    originals: list[bytes]
    pings: dict[int, PingFields] = field(default_factory=dict)
    refused: dict[int, Refusal] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


def number_of(text: str, name: str) -> float:
    """A plain decimal number. RefusedError for anything else, and for what no double holds.

    Python's own ``float`` would also take nan, inf, 1_000 and the digits of other scripts.
    """
    if not _DECIMAL.fullmatch(text):
        raise RefusedError(RejectionReason.WRONG_TYPE, f"`{name}` must be a decimal number")
    return finite(float(text), name)


def number_in(members: Mapping[str, object], name: str) -> int | float | None:
    """A JSON number, None where it is missing or null. RefusedError for anything else."""
    value = members.get(name)
    return None if value is None else json_number(value, name)


def json_number(value: object, name: str) -> int | float:
    """RefusedError for what is no JSON number: true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError(RejectionReason.WRONG_TYPE, f"`{name}` must be a number")
    return finite(value, name)


def finite(number: Number, name: str) -> Number:
    """The number itself. RefusedError when it is infinite, or a whole one that no double holds."""
    try:
        if math.isfinite(number):
            return number
    except OverflowError:
        pass  # named below
    raise RefusedError(RejectionReason.OUT_OF_RANGE, f"`{name}` is larger than any number we keep")


def rfc3339_of_epoch(number: int | Decimal, name: str) -> str:
    """Seconds or milliseconds since 1970 UTC as RFC 3339. RefusedError outside the years 1 to 9999."""
    unit = 1_000 if abs(int(number)) >= MILLISECONDS_FROM else 1_000_000
    try:
        return rfc3339(EPOCH + timedelta(microseconds=int(number * unit)))
    except (OverflowError, ValueError):
        raise RefusedError(
            RejectionReason.BAD_TIME, f"`{name}` must be seconds or milliseconds since 1970, in the years 1 to 9999"
        ) from None


def rfc3339(moment: datetime) -> str:
    """An aware time as the canonical ping writes it."""
    return moment.isoformat().replace("+00:00", "Z")
