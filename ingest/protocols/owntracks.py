"""OwnTracks' JSON over HTTP: ``location`` becomes a ping, its other types are understood and ignored.

The app leaves ``acc``, ``vel`` and ``cog`` out when they are zero, so a missing one is not stated. iOS sends -1 for
what the receiver could not tell.
"""

import msgspec

from ingest.ping import NOTHING, READING_ERRORS, Refusal, explain, split_items
from ingest.protocols.interpretation import Interpretation, PingFields, RefusedError, finite, rfc3339_of_epoch
from model.enums import RejectionReason

TOPIC = "owntracks"
METRES_PER_SECOND_IN_KMH = 3.6

WITHOUT_POSITION = frozenset(
    {
        "beacon",
        "card",
        "cmd",
        "configuration",
        "dump",
        "lwt",
        "request",
        "status",
        "steps",
        "transition",  # has a place, but that of a region's rim; a location of the same moment comes beside it
        "waypoint",
        "waypoints",
    }
)


def interpret(payload: bytes, device_id: str, items_max: int = 10_000) -> Interpretation:
    """The pings of ``device_id`` in a payload: one object, or an array of ``items_max`` at most. Never raises."""
    try:
        items = split_items(payload)
    except READING_ERRORS as error:
        return Interpretation([payload], refused={0: explain(error, payload)})
    if not items:
        return Interpretation([payload], refused={0: NOTHING})
    if len(items) > items_max:
        too_many = Refusal(RejectionReason.TOO_LARGE, f"more than {items_max} messages in one payload")
        return Interpretation([payload], refused={0: too_many})
    found = Interpretation(items)
    for place, item in enumerate(items):
        try:
            _interpret_item(item, device_id, place, found)
        except RefusedError as refused:
            found.refused[place] = refused.refusal
        except READING_ERRORS as error:
            found.refused[place] = explain(error, item)
    return found


def _interpret_item(item: bytes, device_id: str, place: int, found: Interpretation) -> None:
    message = msgspec.json.decode(item)
    if not isinstance(message, dict):
        raise RefusedError(RejectionReason.NOT_A_PING, "an OwnTracks message is a JSON object with a `_type`")
    kind = message.get("_type")
    if kind == "location":
        found.pings[place] = {**_location(message), "device_id": device_id, "original": item.decode()}
    elif kind == "encrypted":
        raise RefusedError(
            RejectionReason.NOT_A_PING,
            "the payload is encrypted: clear the encryption key in the app's settings and let HTTPS protect it",
        )
    elif isinstance(kind, str) and kind in WITHOUT_POSITION:
        found.ignored.append(kind)
    else:
        raise RefusedError(RejectionReason.NOT_A_PING, "`_type` is missing or none that OwnTracks knows")


def _location(message: dict[str, object]) -> PingFields:
    tst = _required(message, "tst")
    if not isinstance(tst, int):
        raise RefusedError(RejectionReason.BAD_TIME, "`tst` must be whole seconds since 1970")
    fields: PingFields = {
        "fix_time": rfc3339_of_epoch(tst, "tst"),
        "lat": _required(message, "lat"),
        "lon": _required(message, "lon"),
        "mechanism": "GPS",
    }
    for source, target in (("acc", "accuracy_m"), ("cog", "heading_deg"), ("batt", "battery_pct")):
        value = _known(message, source)
        if value is not None:
            fields[target] = value
    speed_kmh = _known(message, "vel")
    if speed_kmh is not None:
        fields["speed_mps"] = speed_kmh / METRES_PER_SECOND_IN_KMH
    return fields


def _required(message: dict[str, object], name: str) -> int | float:
    value = _number(message, name)
    if value is None:
        raise RefusedError(RejectionReason.MISSING_FIELD, f"`{name}` is missing: a location gives it")
    return value


def _known(message: dict[str, object], name: str) -> int | float | None:
    """None also for a negative number: the receiver did not know."""
    value = _number(message, name)
    return None if value is None or value < 0 else value


def _number(message: dict[str, object], name: str) -> int | float | None:
    value = message.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError(RejectionReason.WRONG_TYPE, f"`{name}` must be a number")
    return finite(value, name)
