"""One ping as it travels: its JSON fields, what each may hold, and how a wrong one is named.

Types are checked while the JSON is read, ranges once a batch on columns (``ingest.decode``). The text of a rejection
names the field and the remedy and never repeats a value: coordinates and serials are personal data.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from model.enums import Mechanism, RejectionReason

INT64_MAX = 2**63 - 1
SERIAL_MAX_LENGTH = 64
IDENTIFYING_FIELDS = ("device_id", "fix_time", "lat", "lon")
"""Who, when and where: one of these given twice would let two readers of one message see two different pings."""

MECHANISMS: dict[str | int | None, int] = {
    **{mechanism.name: mechanism.value for mechanism in Mechanism},
    **{mechanism.value: mechanism.value for mechanism in Mechanism},
    None: Mechanism.GPS.value,
}


class Ping(msgspec.Struct, gc=False):
    """The JSON of one ping; ``None`` is a value that was not given. Unknown fields are ignored."""

    device_id: str
    fix_time: Annotated[datetime, msgspec.Meta(tz=True)]
    lat: float
    lon: float
    accuracy_m: float | None = None
    mechanism: str | int | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    satellites: Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None
    hdop: float | None = None
    battery_pct: float | None = None
    sequence: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not a ping, and what the sender can do about it."""

    reason: RejectionReason
    detail: str


NOT_UTF8 = Refusal(RejectionReason.NOT_JSON, "the bytes are not UTF-8, which JSON is written in")
TOO_DEEP = Refusal(RejectionReason.NOT_JSON, "the JSON is nested too deeply: a ping is one flat object")
MALFORMED = Refusal(
    RejectionReason.NOT_JSON, "the JSON is malformed; NaN and Infinity are not JSON: leave such a field out"
)
NOTHING = Refusal(RejectionReason.EMPTY, "there is no ping in it")
BAD_TIME = Refusal(
    RejectionReason.BAD_TIME,
    "`fix_time` must be RFC 3339 with an offset, in the years 1 to 9999, such as 2026-01-31T12:00:00Z",
)
BAD_SERIAL = Refusal(RejectionReason.OUT_OF_RANGE, f"`device_id` must be 1 to {SERIAL_MAX_LENGTH} printable characters")
FIELD_TWICE = Refusal(
    RejectionReason.NOT_A_PING,
    "one of " + ", ".join(f"`{field}`" for field in IDENTIFYING_FIELDS) + " is given twice: give it once",
)

_ONE = msgspec.json.Decoder(Ping)
_ONE_OR_MANY = msgspec.json.Decoder(Ping | list[Ping])
_RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_RAW = msgspec.json.Decoder(msgspec.Raw)
_FIELD = re.compile(r"at `\$\.(\w+)`")
_IDENTIFYING = tuple(f'"{field}"'.encode() for field in IDENTIFYING_FIELDS)
_MISSING = re.compile(r"missing required field `(\w+)`")

read_one = _ONE.decode
read_one_or_many = _ONE_OR_MANY.decode

READING_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""All that reading hostile bytes can raise."""


def split_items(value: bytes) -> list[bytes]:
    """The JSON of each item of an array, or of the one object. Raises what READING_ERRORS lists."""
    text = value.lstrip()
    if text.startswith(b"["):
        return [bytes(item) for item in _RAW_ITEMS.decode(text)]
    return [bytes(_RAW.decode(text))]


def explain(error: Exception, value: bytes) -> Refusal:
    """The named reason of an error of READING_ERRORS that ``value`` raised."""
    if not value.strip():
        return NOTHING
    if isinstance(error, RecursionError):
        return TOO_DEEP
    if isinstance(error, UnicodeDecodeError):
        return NOT_UTF8
    if isinstance(error, msgspec.ValidationError):
        return _explain_field(str(error))
    return MALFORMED


def plainly_unambiguous(values: Sequence[bytes], pings: int) -> bool:
    """Whether every reader of ``values`` sees the same ``pings`` in them. A quick look: yes is certain, no is not.

    Every ping that was read holds each identifying field at least once, so a total of one each leaves none over. The
    values are joined for counting only; a line feed stands between them and in none of the fields.
    """
    together = b"\n".join(values)
    return together.isascii() and not _spells_in_escapes(together) and _gives_each_field_once(together, pings)


def ambiguity(value: bytes, pings: int) -> Refusal | None:
    """Why two readers of ``value``, which read as ``pings``, could see two different things in it; None if not."""
    if not _is_utf8(value):
        return NOT_UTF8
    if _gives_each_field_once(value, pings) and not _spells_in_escapes(value):
        return None
    try:
        return FIELD_TWICE if _repeats_a_field(value) else None
    except RecursionError:
        return TOO_DEEP
    except ValueError:
        return MALFORMED


def _is_utf8(value: bytes) -> bool:
    if value.isascii():
        return True
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _gives_each_field_once(value: bytes, pings: int) -> bool:
    return all(value.count(name) == pings for name in _IDENTIFYING)


def _spells_in_escapes(value: bytes) -> bool:
    """Whether a field's name could be spelled in numbered escapes, such as that of the letter a."""
    return b"\\" in value and b"\\u00" in value


def _repeats_a_field(value: bytes) -> bool:
    """Whether an object of the JSON gives an identifying field twice. Raises ValueError or RecursionError."""
    found = False

    def look(pairs: list[tuple[str, object]]) -> None:
        nonlocal found
        names = [name for name, _ in pairs]
        found = found or any(names.count(field) > 1 for field in IDENTIFYING_FIELDS)

    json.loads(value, object_pairs_hook=look)
    return found


def _explain_field(message: str) -> Refusal:
    """From msgspec's message, which names types and the path and holds no value."""
    missing = _MISSING.search(message)
    if missing:
        return Refusal(RejectionReason.MISSING_FIELD, f"`{missing[1]}` is missing: every ping gives it")
    place = _FIELD.search(message)
    if place is None and " out of range" in message:
        return Refusal(RejectionReason.OUT_OF_RANGE, "a number is larger than any we keep")
    if place is None:
        return Refusal(RejectionReason.NOT_A_PING, "a ping is a JSON object, and a message is one or an array of them")
    field = place[1]
    if field == "fix_time":
        return BAD_TIME
    expected = message.split(" - at ", maxsplit=1)[0].replace("Expected", "expected")
    out_of_range = " out of range" in message or ">=" in message or "<=" in message
    reason = RejectionReason.OUT_OF_RANGE if out_of_range else RejectionReason.WRONG_TYPE
    return Refusal(reason, f"`{field}`: {expected}")
