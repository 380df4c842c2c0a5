"""One device event as it travels: from bytes to an event, or to a named rejection (pure).

The text of a rejection names the field and the remedy and never repeats a value: serials are personal data.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from ingest.decode import Rejected
from ingest.heartbeat import is_heartbeat
from ingest.ping import BAD_SERIAL, INT64_MAX, NOT_UTF8, READING_ERRORS, Refusal, split_items
from ingest.ranges import is_serial
from ingest.source import EventMessage
from model.device_events import DeviceEvent, DeviceEventKind
from model.enums import RejectionReason
from model.times import DAY_US, MILLISECOND_US, SECOND_US, to_microseconds


class Event(msgspec.Struct):
    """The JSON of one device event; ``None`` is a value that was not given. Unknown fields are ignored."""

    device_id: str
    event: str
    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    battery_pct: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    sequence: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] | None = None


@dataclass(frozen=True, slots=True)
class EventLimits:
    message_max_bytes: int
    max_age_days: float
    max_future_s: float
    events_max: int = 10_000  # in one message


@dataclass(frozen=True, slots=True)
class FoundEvent:
    message_index: int
    item: int
    message: EventMessage


@dataclass(frozen=True, slots=True)
class DecodedEvents:
    events: list[FoundEvent]
    rejections: list[Rejected]
    heartbeat_ms: int | None = None  # the broker's time of the last heartbeat among the messages


KINDS = ", ".join(kind.value for kind in DeviceEventKind)
EVENT_FIELDS = ("device_id", "event", "event_time")
NOTHING = Refusal(RejectionReason.EMPTY, "there is no event in it")
MALFORMED = Refusal(
    RejectionReason.NOT_JSON, "the JSON is malformed, or nested too deeply: an event is one flat object"
)
NOT_AN_EVENT = Refusal(
    RejectionReason.NOT_AN_EVENT, "an event is a JSON object, and a message is one or an array of them"
)
FIELD_TWICE = Refusal(
    RejectionReason.NOT_AN_EVENT, "one of " + ", ".join(f"`{name}`" for name in EVENT_FIELDS) + " is given twice"
)
UNKNOWN_EVENT = Refusal(RejectionReason.UNKNOWN_EVENT, f"`event` must be one of {KINDS}")
BAD_TIME = Refusal(
    RejectionReason.BAD_TIME, "`event_time` must be RFC 3339 with an offset, such as 2026-01-31T12:00:00Z"
)
OTHER_KEY = Refusal(RejectionReason.KEY_MISMATCH, "the message's key must be the event's `device_id`")
NO_KEY = Refusal(RejectionReason.NO_KEY, "the message has no key: it must be the event's `device_id`")

_decode = msgspec.json.Decoder(Event).decode
_FIELD = re.compile(r"at `\$\.(\w+)`")
_MISSING = re.compile(r"missing required field `(\w+)`")


def decode_messages(
    keys: Sequence[bytes | None], values: Sequence[bytes], timestamps_ms: Sequence[int], limits: EventLimits
) -> DecodedEvents:
    """Read the messages of the topic, each with its device's serial as its key. Never raises for what they hold."""
    events: list[FoundEvent] = []
    rejections: list[Rejected] = []
    heartbeat_ms: int | None = None
    for index, (key, value, received_ms) in enumerate(zip(keys, values, timestamps_ms, strict=True)):
        if is_heartbeat(key, value):
            heartbeat_ms = received_ms
            continue
        for item, text in enumerate(_items(value, limits)):
            found = text if isinstance(text, Refusal) else _read_keyed(key, text, received_ms, limits)
            if isinstance(found, Refusal):
                rejections.append(Rejected(index, item, found.reason, found.detail))
            else:
                events.append(FoundEvent(index, item, found))
    return DecodedEvents(events, rejections, heartbeat_ms)


def split_events(value: bytes, most: int) -> list[bytes] | Refusal:
    """The JSON of each event of an array, or of the one object; a refusal of none and of more than ``most``."""
    try:
        items = split_items(value)
    except READING_ERRORS as error:
        return _explain(error, value)
    if len(items) > most:
        return Refusal(RejectionReason.TOO_LARGE, f"more than {most} events: send fewer at once")
    return items or NOTHING


def read_event(value: bytes, received_ms: int, limits: EventLimits) -> EventMessage | Refusal:
    """The JSON of one event.

    A time that no honest clock gives is taken as that of the receipt: a cut strap is told even where the tag's clock
    is lost, and the original bytes are kept.
    """
    try:
        told = _decode(value)
    except READING_ERRORS as error:
        return _explain(error, value)
    refusal = _refusal(told, value)
    if refusal is not None:
        return refusal
    received_us = received_ms * MILLISECOND_US
    event_us = to_microseconds(told.event_time)
    if not -limits.max_future_s * SECOND_US <= received_us - event_us <= limits.max_age_days * DAY_US:
        event_us = received_us
    event = DeviceEvent(DeviceEventKind(told.event), event_us, received_us, told.battery_pct)
    return EventMessage(told.device_id, event, told.sequence, value)


def _read_keyed(key: bytes | None, value: bytes, received_ms: int, limits: EventLimits) -> EventMessage | Refusal:
    found = read_event(value, received_ms, limits)
    if isinstance(found, Refusal) or key == found.serial.encode():
        return found
    return NO_KEY if key is None else OTHER_KEY


def _refusal(told: Event, value: bytes) -> Refusal | None:
    if _repeats_a_field(value):
        return FIELD_TWICE
    if not is_serial(told.device_id):
        return BAD_SERIAL
    return None if told.event in _KINDS else UNKNOWN_EVENT


def _items(value: bytes, limits: EventLimits) -> Sequence[bytes | Refusal]:
    if len(value) > limits.message_max_bytes:
        return [Refusal(RejectionReason.TOO_LARGE, f"larger than {limits.message_max_bytes} bytes: send fewer at once")]
    items = split_events(value, limits.events_max)
    return [items] if isinstance(items, Refusal) else items


def _explain(error: Exception, value: bytes) -> Refusal:
    if not value.strip():
        return NOTHING
    if not isinstance(error, msgspec.ValidationError):
        return NOT_UTF8 if isinstance(error, UnicodeDecodeError) else MALFORMED
    return _explain_field(str(error))


def _explain_field(message: str) -> Refusal:
    """From msgspec's message, which names types and the path and holds no value."""
    if missing := _MISSING.search(message):
        return Refusal(RejectionReason.MISSING_FIELD, f"`{missing[1]}` is missing: every event gives it")
    place = _FIELD.search(message)
    if place is None:
        return NOT_AN_EVENT
    if place[1] == "event_time":
        return BAD_TIME
    expected = message.split(" - at ", maxsplit=1)[0].replace("Expected", "expected")
    out_of_range = any(sign in message for sign in (" out of range", ">=", "<="))
    return Refusal(
        RejectionReason.OUT_OF_RANGE if out_of_range else RejectionReason.WRONG_TYPE, f"`{place[1]}`: {expected}"
    )


def _repeats_a_field(value: bytes) -> bool:
    """Whether the object gives one of its identifying fields twice, so that two readers could see two events in it."""
    names: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        names.clear()  # the outermost object comes last
        names.extend(name for name, _ in pairs)

    json.loads(value, object_pairs_hook=note)
    return any(names.count(name) > 1 for name in EVENT_FIELDS)


_KINDS = frozenset(kind.value for kind in DeviceEventKind)
