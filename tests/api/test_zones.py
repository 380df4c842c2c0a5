"""Zones: published whole or refused with every reason; seen by who may see the person."""

import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from access.roles import Role
from store.database import fetch_one
from store.registry import lock_registry_shared
from tests.support.api_server import RunningApi
from tests.support.conditions import approved, condition
from tests.support.seed import as_owner
from tests.support.zone_files import BOW_TIE, SQUARE, collection, feature


def publish(api: RunningApi, *features: dict[str, Any]) -> httpx.Response:
    with api.client(Role.ADMINISTRATOR) as client:
        return client.post("/v1/zones", content=collection(*features))


def revision(api: RunningApi) -> int:
    with as_owner(api.urls.owner) as cursor:
        cursor.execute("SELECT revision FROM registry_revision")
        return int(fetch_one(cursor)[0])


def versions(api: RunningApi, reference: str, role: Role = Role.ADMINISTRATOR) -> list[dict[str, Any]]:
    answer = api.get(role, f"/v1/zones/{reference}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["versions"]
    return found


def test_a_zone_is_created_then_unchanged_then_changed(fresh_api: RunningApi) -> None:
    before = revision(fresh_api)
    first = publish(fresh_api, feature("EZ/7", valid_from="2026-01-01T00:00:00Z"))
    assert (first.status_code, first.json()["zones"][0]["outcome"]) == (201, "created")
    again = publish(fresh_api, feature("EZ/7", valid_from="2026-01-01T00:00:00Z"))
    assert (again.status_code, again.json()["zones"][0]["outcome"]) == (200, "unchanged")
    assert revision(fresh_api) == before + 1
    edit = publish(fresh_api, feature("EZ/7", name="Wider", valid_from="2026-02-01T00:00:00Z"))
    assert edit.json()["zones"] == [
        {"reference": "EZ/7", "version": 2, "outcome": "changed", "valid_from": "2026-02-01T00:00:00Z"}
    ]
    old, new = versions(fresh_api, "EZ/7")
    assert (old["valid_to"], new["valid_from"], new["valid_to"]) == ("2026-02-01T00:00:00Z",) * 2 + (None,)
    assert (old["geometry"]["coordinates"], new["created_by"]) == ([SQUARE], "the.administrator")
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute(
            "SELECT array_agg(revision) FROM zone_versions JOIN zones USING (zone_id) WHERE reference = 'EZ/7'"
        )
        assert fetch_one(cursor)[0] == [before + 2] * 2, "a worker that reloads what changed sees both"
    assert [record[3] for record in fresh_api.audit("zones.write")] == [1, 0, 1]


def test_every_problem_comes_at_once_and_nothing_is_kept(fresh_api: RunningApi) -> None:
    before = revision(fresh_api)
    answer = publish(fresh_api, feature("GOOD"), feature("TIE", BOW_TIE), feature("WORD", kind="moat"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    found = {(error["reference"], error["defect"], error["ring"]) for error in answer.json()["errors"]}
    assert ("TIE", "self_crossing_ring", "outer ring") in found
    assert ("WORD", "unknown_kind", None) in found
    assert all(error["remedy"] for error in answer.json()["errors"])
    assert revision(fresh_api) == before
    assert fresh_api.get(Role.ADMINISTRATOR, "/v1/zones/GOOD").status_code == 404


def test_what_the_registry_refuses_is_named_all_at_once(fresh_api: RunningApi) -> None:
    scene = {"kind": "crime_scene"}
    assert publish(fresh_api, feature("MINE", crn="X100001", **scene)).status_code == 201
    answer = publish(
        fresh_api,
        feature("MINE", crn="X100002", **scene),
        feature("NOBODY", crn="X999999", **scene),
        feature("SHARED-1", valid_from="2020-01-01T00:00:00Z"),
    )
    assert answer.status_code == 422
    reasons = {error["reference"]: error["value"] for error in answer.json()["errors"]}
    assert reasons.keys() == {"MINE", "NOBODY", "SHARED-1"}
    assert "X999999" in reasons["NOBODY"]
    assert "before the current version" in reasons["SHARED-1"]


def test_a_person_s_zone_comes_with_a_condition_and_no_other_way(fresh_api: RunningApi) -> None:
    home = feature("HOME", kind="curfew", crn="X100001")
    early = feature("SHARED-1", valid_from="2020-01-01T00:00:00Z")
    nobody = feature("NOBODY", crn="X999999")
    answer = publish(fresh_api, feature("GOOD"), feature("OWN-1", crn="X100001"), home, nobody, early)
    assert answer.status_code == 422
    remedies = {error["reference"]: error["remedy"] for error in answer.json()["errors"]}
    assert remedies.pop("SHARED-1").startswith("give "), "what else is wrong comes with it"
    assert remedies.keys() == {"OWN-1", "HOME", "NOBODY"}
    assert all("POST /v1/people/{person_id}/conditions" in remedy for remedy in remedies.values())
    assert fresh_api.get(Role.ADMINISTRATOR, "/v1/zones/GOOD").status_code == 404
    assert approved(fresh_api, condition("EZ-9"))["reference"] == "EZ-9"
    assert publish(fresh_api, feature("EZ-9")).status_code == 422, "nor is what an approval published drawn over"


def test_hours_that_never_come_are_refused(fresh_api: RunningApi) -> None:
    def match_on(day: str, **properties: str) -> dict[str, Any]:
        match_day = {"date": day, "from": "12:00", "to": "18:00"}
        return feature("MATCH", schedule={"time_zone": "Europe/London", "match_days": [match_day]}, **properties)

    beside = publish(fresh_api, match_on("2026-03-07", active_from="2026-03-08T00:00:00Z"))
    (error,) = beside.json()["errors"]
    assert (beside.status_code, error["field"], error["defect"]) == (422, "properties.schedule", "never_applies")
    over = publish(fresh_api, match_on("2026-03-07"))
    assert (over.status_code, "never applies" in over.json()["errors"][0]["value"]) == (422, True)
    assert publish(fresh_api, match_on("2026-03-07", valid_from="2026-03-01T00:00:00Z")).status_code == 201
    again = publish(fresh_api, match_on("2026-03-07", valid_from="2026-03-01T00:00:00Z"))
    assert (again.status_code, again.json()["zones"][0]["outcome"]) == (200, "unchanged"), "it may be over by then"


def test_a_batch_in_flight_holds_an_edit_back_and_it_gives_up_in_time(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as batch:
        lock_registry_shared(batch)
        answer = publish(fresh_api, feature())
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert publish(fresh_api, feature()).status_code == 201


def test_editors_come_one_after_the_other(fresh_api: RunningApi) -> None:
    answers: list[int] = []

    def edit(number: int) -> None:
        answers.append(publish(fresh_api, feature("BUSY", name=f"Edit {number}")).status_code)

    editors = [threading.Thread(target=edit, args=(number,)) for number in range(6)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert answers == [201] * 6
    found = versions(fresh_api, "BUSY")
    assert [one["version"] for one in found] == [1, 2, 3, 4, 5, 6]
    assert all(old["valid_to"] == new["valid_from"] for old, new in pairwise(found))


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.PRACTITIONER, {"SHARED-1", "OWN-1"}),
        (Role.MANAGER, {"SHARED-1", "OWN-1", "OTHER-1"}),
        (Role.ADMINISTRATOR, {"SHARED-1", "OWN-1", "OTHER-1"}),
    ],
)
def test_a_person_s_zone_is_that_person_s_data(api: RunningApi, role: Role, expected: set[str]) -> None:
    listed = api.get(role, "/v1/zones").json()["zones"]
    assert {zone["reference"] for zone in listed} == expected
    status = 200 if "OTHER-1" in expected else 404
    assert api.get(role, "/v1/zones/OTHER-1").status_code == status


def test_whoever_may_see_the_wearer_learns_from_a_zone_whose_it_is(api: RunningApi) -> None:
    for role in (Role.ADMINISTRATOR, Role.PRACTITIONER):
        assert api.get(role, "/v1/zones/OWN-1").json()["crn"] == "X100001"


def test_zones_page(api: RunningApi) -> None:
    first = api.get(Role.MANAGER, "/v1/zones?limit=2").json()
    second = api.get(Role.MANAGER, first["next"]).json()
    assert [zone["reference"] for zone in first["zones"] + second["zones"]] == ["SHARED-1", "OWN-1", "OTHER-1"]
    assert second["next"] is None


def rubbish_bodies() -> Iterator[bytes]:
    yield from (b"", b"{", b"null", b"[]", b"7", b'"x"', b"\xff\xfe", b"NaN", b'{"type": NaN}', b"[" * 200_000)
    yield b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":null,"geometry":null}]}'
    yield b'{"type":"FeatureCollection","features":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    swapped = [[51.5, -0.1], [51.5, -0.2], [51.6, -0.1], [51.5, -0.1]]
    rings: list[Any] = [[], [[1, 2]], [["a", "b"]] * 4, [[10**400, 1]] * 4, swapped]
    yield from (collection(feature(ring=ring)) for ring in rings)
    values: list[Any] = ["\x00", "\ud800", "x" * 1000, " ", 7, [], {}]
    for name in ("reference", "name", "crn", "kind", "valid_from", "active_to"):
        for value in values:
            yield collection(feature(**{"reference": "R", name: value}))
    yield from (collection(feature(**{"reference": "R", name: None})) for name in ("reference", "name", "kind"))


def test_rubbish_is_refused_by_name(api: RunningApi) -> None:
    with api.client(Role.ADMINISTRATOR) as client:
        for body in rubbish_bodies():
            answer = client.post("/v1/zones", content=body)
            assert answer.status_code == 422, (body[:120], answer.text[:200])
            assert answer.headers["content-type"] == "application/problem+json"
