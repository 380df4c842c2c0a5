"""The OsmAnd protocol as Traccar Client and other trackers speak it.

Its dialects: parameters in the query (Traccar Client to 8) or a form body (Traccar Client 10), and JSON with a nested
``location`` (Traccar Client 9), or flat with the parameters' names. Speed is in knots among parameters and in metres
a second in the nested JSON, where -1 stands for unknown.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from ingest.ping import READING_ERRORS, Refusal, explain
from ingest.protocols.interpretation import (
    Interpretation,
    PingFields,
    RefusedError,
    number_in,
    number_of,
    rfc3339,
    rfc3339_of_epoch,
)
from model.enums import RejectionReason

TOPIC = "osmand"
METRES_PER_SECOND_IN_KNOT = 1852 / 3600
COORDINATES = 2
PARAMETERS_MAX = 200
ONCE = frozenset({"id", "deviceid", "timestamp", "lat", "lon", "location"})
NUMBERS = {
    "accuracy": "accuracy_m",
    "bearing": "heading_deg",
    "heading": "heading_deg",
    "hdop": "hdop",
    "batt": "battery_pct",
}
_EPOCH_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


def interpret_parameters(original: bytes) -> Interpretation:
    """The ping in a query or form body, percent-encoded; names other than the known are ignored. Never raises."""
    try:
        text = original.decode("latin-1")  # one character a byte, so that the archive proves every byte
        parameters = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX)
        return Interpretation([original], pings={0: {**_from_parameters(parameters), "original": text}})
    except RefusedError as refused:
        return Interpretation([original], refused={0: refused.refusal})
    except ValueError:
        refusal = Refusal(
            RejectionReason.NOT_A_PING, f"the parameters must be UTF-8, percent-encoded, {PARAMETERS_MAX} at the most"
        )
        return Interpretation([original], refused={0: refusal})


def without_parameter(encoded: bytes, name: bytes) -> bytes:
    """A query or form body without the parameters of that name, otherwise byte for byte: a key is not evidence."""
    return b"&".join(
        piece for piece in encoded.split(b"&") if unquote_to_bytes(piece.split(b"=")[0].replace(b"+", b" ")) != name
    )


def interpret_json(payload: bytes) -> Interpretation:
    """The ping in a JSON body, nested or flat. Never raises."""
    try:
        message = _read_object(payload)
        nested = "location" in message and not isinstance(message["location"], str)
        fields = _from_nested(message) if nested else _from_parameters(_as_parameters(message))
        return Interpretation([payload], pings={0: {**fields, "original": payload.decode()}})
    except RefusedError as refused:
        return Interpretation([payload], refused={0: refused.refusal})
    except READING_ERRORS as error:
        return Interpretation([payload], refused={0: explain(error, payload)})


def _read_object(payload: bytes) -> dict[str, object]:
    message = msgspec.json.decode(payload)
    if not isinstance(message, dict):
        raise RefusedError(RejectionReason.NOT_A_PING, "the body must be one JSON object")
    return message


def _from_parameters(parameters: Sequence[tuple[str, str]]) -> PingFields:
    given = dict(parameters)
    names = [name for name, _ in parameters]
    repeated = sorted(name for name in ONCE if names.count(name) > 1)
    if repeated:
        raise RefusedError(RejectionReason.NOT_A_PING, f"{repeated} given twice: give each once")
    if given.get("valid", "true").lower() not in {"true", "1"}:
        raise RefusedError(RejectionReason.NOT_A_PING, "`valid` says that the receiver had no fix")
    lat, lon = _coordinates(given)
    fields: PingFields = {
        "device_id": _text(given, "id", "deviceid"),
        "fix_time": _time(_text(given, "timestamp")),
        "lat": lat,
        "lon": lon,
        "mechanism": "GPS",
    }
    fields |= {NUMBERS[name]: number_of(given[name], name) for name in NUMBERS if given.get(name)}
    if given.get("speed"):
        fields["speed_mps"] = number_of(given["speed"], "speed") * METRES_PER_SECOND_IN_KNOT
    if given.get("sat", "").isascii() and given.get("sat", "").isdigit():
        fields["satellites"] = int(given["sat"][:9])
    return fields


def _coordinates(given: dict[str, str]) -> tuple[float, float]:
    if "location" in given:
        pair = given["location"].split(",")
        if len(pair) != COORDINATES:
            raise RefusedError(RejectionReason.WRONG_TYPE, "`location` must be latitude,longitude")
        return number_of(pair[0], "location"), number_of(pair[1], "location")
    return number_of(_text(given, "lat"), "lat"), number_of(_text(given, "lon"), "lon")


def _text(given: dict[str, str], *names: str) -> str:
    for name in names:
        if given.get(name):
            return given[name]
    raise RefusedError(RejectionReason.MISSING_FIELD, f"`{names[0]}` is missing: a position gives it")


def _time(text: str) -> str:
    """Seconds, milliseconds, ISO 8601 with an offset, or ``yyyy-MM-dd HH:mm:ss``, which has none and is UTC here."""
    if _EPOCH_NUMBER.fullmatch(text):
        return rfc3339_of_epoch(Decimal(text), "timestamp")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None and "T" not in text:
            moment = moment.replace(tzinfo=UTC)
        if moment.tzinfo is not None:
            return rfc3339(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        pass  # named below, together with a time without a zone
    raise RefusedError(
        RejectionReason.BAD_TIME,
        "`timestamp` must be seconds or milliseconds since 1970, ISO 8601 with an offset, or yyyy-MM-dd HH:mm:ss (UTC)",
    )


def _as_parameters(message: dict[str, object]) -> list[tuple[str, str]]:
    """A flat JSON object says what the parameters say."""
    parameters = []
    for name, value in message.items():
        if isinstance(value, bool):
            parameters.append((name, "true" if value else "false"))
        elif isinstance(value, str | int | float):
            parameters.append((name, str(value)))
    if "id" not in message and isinstance(message.get("device_id"), str):
        parameters.append(("id", str(message["device_id"])))
    return parameters


def _from_nested(message: dict[str, object]) -> PingFields:
    device_id = message.get("device_id")
    if not isinstance(device_id, str):
        raise RefusedError(RejectionReason.MISSING_FIELD, "`device_id` is missing: the body gives it as text")
    location = _object(message, "location")
    timestamp = location.get("timestamp")
    if not isinstance(timestamp, str | int) or isinstance(timestamp, bool):
        raise RefusedError(RejectionReason.MISSING_FIELD, "`location.timestamp` is missing: a position gives it")
    if location.get("coords") is None:
        raise RefusedError(RejectionReason.MISSING_FIELD, "`location.coords` is missing: the event has no position")
    coordinates = _object(location, "coords")
    fields: PingFields = {"device_id": device_id, "fix_time": _time(str(timestamp)), "mechanism": "GPS"}
    for source, target in (("latitude", "lat"), ("longitude", "lon")):
        value = number_in(coordinates, source)
        if value is None:
            raise RefusedError(RejectionReason.MISSING_FIELD, f"`coords.{source}` is missing: a position gives it")
        fields[target] = value
    for source, target in (("accuracy", "accuracy_m"), ("speed", "speed_mps"), ("heading", "heading_deg")):
        value = number_in(coordinates, source)
        if value is not None and value >= 0:
            fields[target] = value
    level = number_in(_object(location, "battery"), "level") if location.get("battery") is not None else None
    if level is not None and level >= 0:
        fields["battery_pct"] = level * 100
    return fields


def _object(message: dict[str, object], name: str) -> dict[str, object]:
    value = message.get(name)
    if not isinstance(value, dict):
        raise RefusedError(RejectionReason.WRONG_TYPE, f"`{name}` must be a JSON object")
    return value
