"""Tracks: one person, one bounded window, whole pages, and a record of each look."""

from datetime import timedelta
from typing import Any

import pytest

from access.roles import Role
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_positions

DAY = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}


def track(api: RunningApi, person_id: int, role: Role = Role.PRACTITIONER, **query: Any) -> dict[str, Any]:
    answer = api.get(role, f"/v1/people/{person_id}/track", params={**DAY, **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    collection: dict[str, Any] = answer.json()
    return collection


def test_a_track_is_geojson_with_everything_that_is_known(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        seed_positions(cursor, fresh_api.own.device_id, 1)
    collection = track(fresh_api, fresh_api.own.person_id)
    assert (collection["type"], collection["count"], collection["next"]) == ("FeatureCollection", 1, None)
    [feature] = collection["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [-0.1, 51.5]}
    assert feature["properties"] == {
        "fix_time": "2026-03-02T09:00:00Z",
        "received_at": "2026-03-02T09:00:02Z",
        "device_id": fresh_api.own.device_id,
        "device_serial": "TAG-X100001",
        "accuracy_m": 8.0,
        "mechanism": "gps",
        "speed_mps": 1.5,
        "heading_deg": 90.0,
        "satellites": 9,
        "hdop": 0.9,
        "battery_pct": 81.0,
        "sequence": 5,
        "flags": ["poor_accuracy"],
        "fix_key": "0",
    }


def test_pages_join_to_the_whole_and_each_is_recorded(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        seed_positions(cursor, fresh_api.own.device_id, 700)
    times: list[str] = []
    address: str | None = f"/v1/people/{fresh_api.own.person_id}/track?from={DAY['from']}&to={DAY['to']}&limit=350"
    while address:
        page = fresh_api.get(Role.PRACTITIONER, address, headers={"X-Purpose": "court report"}).json()
        times += [feature["properties"]["fix_time"] for feature in page["features"]]
        address = page["next"]
    whole = track(fresh_api, fresh_api.own.person_id)
    assert times == [feature["properties"]["fix_time"] for feature in whole["features"]]
    assert len(times) == 700
    person = fresh_api.own.person_id
    assert fresh_api.audit("track.read") == [
        *[("allowed", "the.practitioner", person, 350, "court report")] * 2,
        ("allowed", "the.practitioner", person, 700, "not stated"),
    ]


def test_the_window_is_half_open(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        seed_positions(cursor, fresh_api.own.device_id, 3)
    window: dict[str, Any] = {"from": MORNING.isoformat(), "to": (MORNING + timedelta(minutes=2)).isoformat()}
    assert track(fresh_api, fresh_api.own.person_id, **window)["count"] == 2


def test_another_s_track_is_not_there(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        seed_positions(cursor, fresh_api.other.device_id, 3)
    answer = fresh_api.get(Role.PRACTITIONER, f"/v1/people/{fresh_api.other.person_id}/track", params=DAY)
    assert answer.status_code == 404
    assert [record[0] for record in fresh_api.audit("track.read")] == ["refused"]
    assert track(fresh_api, fresh_api.other.person_id, Role.MANAGER)["count"] == 3


@pytest.mark.parametrize(
    ("window", "fault"),
    [
        ({}, "Field required"),
        ({"from": DAY["from"]}, "Field required"),
        ({"from": DAY["to"], "to": DAY["from"]}, "before"),
        ({"from": DAY["to"], "to": DAY["to"]}, "before"),
        ({"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00.000001Z"}, "31 days"),
        ({"from": "2026-03-02T00:00:00", "to": DAY["to"]}, "offset"),
        ({"from": "1772409600", "to": DAY["to"]}, "RFC 3339"),
        ({"from": "2026-02-30T00:00:00Z", "to": DAY["to"]}, "no such time"),
        ({"from": "0001-01-01T00:00:00+01:00", "to": DAY["to"]}, "no such time"),
        ({"from": DAY["from"], "to": "10000-01-01T00:00:00Z"}, "RFC 3339"),
        ({"from": DAY["from"], "to": "9999-12-31T23:59:59-01:00"}, "no such time"),
    ],
)
def test_a_wrong_window_is_refused_by_name(api: RunningApi, window: dict[str, str], fault: str) -> None:
    answer = api.get(Role.MANAGER, f"/v1/people/{api.own.person_id}/track", params=window)
    assert answer.status_code == 422
    assert any(fault in error["problem"] for error in answer.json()["errors"])


def test_a_full_page_at_the_end_has_no_next(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        seed_positions(cursor, fresh_api.own.device_id, 5)
    assert track(fresh_api, fresh_api.own.person_id, limit=5)["next"] is None
    assert track(fresh_api, fresh_api.own.person_id, limit=4)["next"] is not None


def test_visits_page_newest_first(fresh_api: RunningApi) -> None:
    path = f"/v1/people/{fresh_api.own.person_id}/visits"
    answer = fresh_api.get(Role.PRACTITIONER, path)
    [visit] = answer.json()["visits"]
    assert (visit["zone_reference"], visit["entered_at"], visit["left_at"]) == ("OWN-1", "2026-03-02T09:00:00Z", None)
    assert fresh_api.audit("visits.read")[0][2:4] == (fresh_api.own.person_id, 1)
    other = f"/v1/people/{fresh_api.other.person_id}/visits"
    assert fresh_api.get(Role.PRACTITIONER, other).status_code == 404
    first = fresh_api.get(Role.MANAGER, other, params={"limit": 1}).json()
    second = fresh_api.get(Role.MANAGER, first["next"]).json()
    assert second["next"] is None
    assert {first["visits"][0]["zone_reference"], second["visits"][0]["zone_reference"]} == {"OTHER-1", "SHARED-1"}


def test_a_visit_that_is_no_breach_says_so(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute(
            "UPDATE visits SET state = 'retracted', aspect = 'buffer', regime = 'authorised', inferred = true,"
            " confirmed_at = NULL, end_reason = 'left', merged_into = visit_id WHERE person_id = %s",
            (fresh_api.own.person_id,),
        )
    [visit] = fresh_api.get(Role.PRACTITIONER, f"/v1/people/{fresh_api.own.person_id}/visits").json()["visits"]
    assert {name: visit[name] for name in ("state", "aspect", "regime", "inferred", "confirmed_at", "end_reason")} == {
        "state": "retracted",
        "aspect": "buffer",
        "regime": "authorised",
        "inferred": True,
        "confirmed_at": None,
        "end_reason": "left",
    }
    assert visit["merged_into"] == visit["visit_id"]


def test_people_are_the_caseload(api: RunningApi) -> None:
    own = {"person_id": api.own.person_id, "crn": "X100001", "name": "Sam Own"}
    assert api.get(Role.PRACTITIONER, "/v1/people").json() == {"people": [own], "next": None}
    first = api.get(Role.MANAGER, "/v1/people?limit=1").json()
    assert api.get(Role.MANAGER, first["next"]).json()["people"][0]["name"] == "Kim Other"


@pytest.mark.timeout(300)
def test_the_same_on_timescale(migrated_timescale_database: DatabaseUrls) -> None:
    with running_api(migrated_timescale_database) as api:
        with as_owner(api.urls.owner) as cursor:
            seed_positions(cursor, api.own.device_id, 2000)  # over two chunks
        window: dict[str, Any] = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-05T00:00:00Z", "limit": 1500}
        first = track(api, api.own.person_id, **window)
        second = api.get(Role.PRACTITIONER, first["next"]).json()
        assert (first["count"], second["count"], second["next"]) == (1500, 500, None)
