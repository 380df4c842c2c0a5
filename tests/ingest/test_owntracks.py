"""Every payload that OwnTracks itself tests with, the broken ones too, and what becomes of each."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ingest.protocols.owntracks import interpret
from model.enums import RejectionReason

R = RejectionReason

Outcome = tuple[list[dict[str, Any]], list[str], list[tuple[int, RejectionReason]]]
VALID, INVALID, NOT_JSON = "valid", "invalid", "not JSON"  # what OwnTracks' own schema says


def ignored(*kinds: str) -> Outcome:
    return [], list(kinds), []


def refused(reason: RejectionReason) -> Outcome:
    return [], [], [(0, reason)]


def located(fix_time: str, lat: float, lon: float, **more: float) -> Outcome:
    return [{"fix_time": fix_time, "lat": lat, "lon": lon, **more}], [], []


FILES: dict[str, tuple[str, Outcome]] = {
    "array-empty": (VALID, refused(R.EMPTY)),
    "array-nothing": (NOT_JSON, refused(R.EMPTY)),
    "array-one": (VALID, located("1970-01-01T00:16:40Z", 8, 9)),
    "array": (VALID, ([{"fix_time": "1970-01-01T00:16:40Z", "lat": 8, "lon": 9}], ["lwt"], [])),
    "card-invalid-b64": (INVALID, ignored("card")),
    "card-volvo": (VALID, ignored("card")),
    "card-vw": (VALID, ignored("card")),
    "card-without-all": (VALID, ignored("card")),
    "card-without-face": (VALID, ignored("card")),
    "card-without-name": (VALID, ignored("card")),
    "cmd-clearWaypoints": (VALID, ignored("cmd")),
    "cmd-dump": (VALID, ignored("cmd")),
    "cmd-illegal-action": (INVALID, ignored("cmd")),
    "cmd-reportLocation": (VALID, ignored("cmd")),
    "cmd-reportSteps": (VALID, ignored("cmd")),
    "cmd-setConfiguration-badconfiguration": (VALID, ignored("cmd")),
    "cmd-setConfiguration-config-notype": (VALID, ignored("cmd")),
    "cmd-setConfiguration-config-wrongtype": (VALID, ignored("cmd")),
    "cmd-setConfiguration-lock": (VALID, ignored("cmd")),
    "cmd-setConfiguration-noconfiguration": (VALID, ignored("cmd")),
    "cmd-setConfiguration-unlock": (VALID, ignored("cmd")),
    "cmd-setWaypoints-delete": (VALID, ignored("cmd")),
    "cmd-setWaypoints-illegal": (NOT_JSON, refused(R.NOT_JSON)),
    "cmd-setWaypoints-update": (VALID, ignored("cmd")),
    "cmd-setWaypoints": (VALID, ignored("cmd")),
    "cmd-status": (VALID, ignored("cmd")),
    "cmd-waypoints": (VALID, ignored("cmd")),
    "cmd-without-action": (INVALID, ignored("cmd")),
    "e-nobase64": (INVALID, refused(R.NOT_A_PING)),
    "e-nodata": (INVALID, refused(R.NOT_A_PING)),
    "e": (INVALID, refused(R.NOT_A_PING)),
    "l": (VALID, located("2023-11-13T13:34:42Z", 52.195913, 7.688245, accuracy_m=35, battery_pct=75)),
    # acc -1: not stated; vel 0: standing still
    "l2": (
        VALID,
        located("2023-11-02T17:52:51Z", 53.026676, 9.543561, heading_deg=80, battery_pct=6, speed_mps=0),
    ),
    "location-5s": (
        VALID,
        located(
            "2023-11-29T13:08:30Z",
            53.430722,
            5.112126,
            accuracy_m=9,
            heading_deg=252,
            battery_pct=94,
            speed_mps=1 / 3.6,
        ),
    ),
    "location-lat-missing": (INVALID, refused(R.MISSING_FIELD)),
    "location-short": (VALID, located("2023-08-19T07:43:00Z", 44.221389, 6.64635, battery_pct=100)),
    "location-sk": (VALID, located("2023-11-29T11:51:06Z", 71.215592, 3.767957, accuracy_m=35, battery_pct=80)),
    "lwt-extra": (VALID, ignored("lwt")),
    "lwt-notst": (INVALID, ignored("lwt")),
    "lwt": (VALID, ignored("lwt")),
    "object-empty": (INVALID, refused(R.NOT_A_PING)),
    "one": (VALID, ignored("lwt")),
    "status": (VALID, ignored("status")),
    "steps-kaputt": (INVALID, ignored("steps")),
    "steps-long-invalid": (INVALID, ignored("steps")),
    "steps-long": (VALID, ignored("steps")),
    "steps-nohave": (VALID, ignored("steps")),
    "steps": (VALID, ignored("steps")),
    "tour-invalid-request": (INVALID, ignored("request")),
    "tour": (VALID, ignored("request")),
    "tours-request": (VALID, ignored("request")),
    "tours-response-0": (VALID, ignored("cmd")),
    "tours-response-2": (VALID, ignored("cmd")),
    "transition-illegal-lat": (INVALID, ignored("transition")),
    "transition": (VALID, ignored("transition")),
    "untour-illegal": (VALID, ignored("request")),
    "untour": (VALID, ignored("request")),
    "w": (VALID, ignored("waypoint")),
    "waypoint-circular": (VALID, ignored("waypoint")),
    "waypoints-follow-only": (VALID, ignored("waypoints")),
}


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "clients" / "owntracks"


def schema_verdict(payload: bytes, schema: Any) -> str:
    try:
        message = json.loads(payload)
    except ValueError:
        return NOT_JSON
    messages = message if isinstance(message, list) else [message]
    validator = jsonschema.Draft202012Validator(schema)
    return VALID if all(validator.is_valid(one) for one in messages) else INVALID


def test_the_table_holds_every_file(folder: Path) -> None:
    assert {file.stem for file in folder.glob("*.json")} - {"message.schema"} == FILES.keys()


@pytest.mark.parametrize("name", FILES)
def test_a_payload_of_the_project_has_its_exact_outcome(folder: Path, name: str) -> None:
    payload = (folder / f"{name}.json").read_bytes()
    verdict, (pings, kinds, refusals) = FILES[name]
    assert schema_verdict(payload, json.loads((folder / "message.schema.json").read_bytes())) == verdict
    found = interpret(payload, "PHONE1")
    extra = {"device_id": "PHONE1", "mechanism": "GPS"}
    assert [{k: v for k, v in ping.items() if k != "original"} for ping in found.pings.values()] == [
        {**ping, **extra} for ping in pings
    ]
    assert found.ignored == kinds
    assert [(place, refusal.reason) for place, refusal in found.refused.items()] == refusals


def location(**changes: Any) -> bytes:
    return json.dumps({"_type": "location", "lat": 51.5, "lon": -0.12, "tst": 1_767_607_872, **changes}).encode()


def test_the_phones_own_words_travel_with_the_ping() -> None:
    payload = location(SSID="home")
    assert interpret(payload, "PHONE1").pings[0]["original"] == payload.decode()


def test_a_bad_item_of_an_array_leaves_the_others() -> None:
    found = interpret(b"[" + location() + b"," + location(lat="x") + b",7," + location(tst=1) + b"]", "PHONE1")
    assert list(found.pings) == [0, 3]
    assert {place: refusal.reason for place, refusal in found.refused.items()} == {1: R.WRONG_TYPE, 2: R.NOT_A_PING}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\xfe", R.NOT_JSON),
        (b"[" * 50_000, R.NOT_JSON),
        (location().replace(b"51.5", b"NaN"), R.NOT_JSON),
        (location().replace(b"51.5", b"1e999"), R.OUT_OF_RANGE),
        (location(lat=True), R.WRONG_TYPE),
        (location(acc="9"), R.WRONG_TYPE),
        (location(tst="2026-01-05T10:11:12Z"), R.WRONG_TYPE),
        (location(tst=1.5), R.BAD_TIME),
        (location(tst=10**30), R.BAD_TIME),
        (location(vel=10**400), R.OUT_OF_RANGE),
        (location(lat=int("9" * 4200)), R.OUT_OF_RANGE),
        (location(_type="something"), R.NOT_A_PING),
        (location(_type=["location"]), R.NOT_A_PING),
    ],
)
def test_rubbish_is_refused_by_name(payload: bytes, reason: RejectionReason) -> None:
    assert {place: refusal.reason for place, refusal in interpret(payload, "PHONE1").refused.items()} == {0: reason}
