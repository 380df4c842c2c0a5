"""Licence conditions: drafted by one, approved by another; what was live stays readable, word for word."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.roles import Role
from api.condition_files import read_one_condition
from ops.settings import Settings
from store.condition_list import find_condition
from store.conditions import change_draft
from tests.support.api_server import RunningApi
from tests.support.conditions import WORDING, approve, approved, condition, draft, post, put, zone_versions
from tests.support.seed import as_owner

WIDE_T = "\N{FULLWIDTH LATIN SMALL LETTER T}"


def versions(api: RunningApi, condition_id: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(Role.MANAGER, f"/v1/conditions/{condition_id}/versions").json()["versions"]
    return found


def test_a_draft_watches_nothing_until_a_second_person_approves_it(fresh_api: RunningApi) -> None:
    drafted = draft(fresh_api, condition("EZ-9", policy={"preset": "fast", "buffer_m": 150}))
    assert drafted.status_code == 201, drafted.text
    assert drafted.json()["current"]["status"] == "draft"
    assert (drafted.json()["current"]["wording"], drafted.json()["live"]) == (WORDING, None)
    assert zone_versions(fresh_api, "EZ-9") == []
    answer = approve(fresh_api, drafted)
    assert answer.status_code == 200, answer.text
    live = answer.json()["live"]
    assert (live["status"], live["drafters"], live["decided_by"]) == ("live", ["the.practitioner"], "the.manager")
    (zone,) = zone_versions(fresh_api, "EZ-9")
    assert (zone["version"], zone["created_by"], zone["policy"]["buffer_m"]) == (
        live["zone_version"],
        "the.manager",
        150,
    )
    assert zone["valid_from"] >= live["drafted_at"], "nobody is judged by what was not approved yet"


@pytest.mark.parametrize("writer", ["the.manager", "The.Manager", f"{WIDE_T}he.manager", " the.manager "])
def test_nobody_approves_or_refuses_what_they_wrote_of(fresh_api: RunningApi, writer: str) -> None:
    drafted = draft(fresh_api, condition(), role=Role.DUTY_OFFICER)
    path = f"/v1/conditions/{drafted.json()['condition_id']}"
    with as_owner(fresh_api.urls.owner) as cursor:
        found = find_condition(cursor, drafted.json()["condition_id"])
        assert found is not None
        change_draft(
            cursor,
            found[0].condition_id,
            found[1][-1].tag,
            read_one_condition(json.dumps(condition(name="Wider")).encode(), Settings(), "X100001"),
            writer,
        )
    tag = fresh_api.get(Role.MANAGER, path).headers["etag"]
    for role in (Role.MANAGER, Role.DUTY_OFFICER):
        answer = post(fresh_api, role, f"{path}/approve", tag=tag)
        assert (answer.status_code, "second person" in answer.json()["detail"]) == (403, True)
    assert post(fresh_api, Role.MANAGER, f"{path}/refuse", {"reason": "no"}, tag=tag).status_code == 403
    assert zone_versions(fresh_api, "EZ-9") == []
    assert [record[:2] for record in fresh_api.audit("condition.approve")] == [
        ("refused", "the.manager"),
        ("refused", "the.duty_officer"),
    ]


def test_a_draft_that_was_changed_since_is_not_approved(fresh_api: RunningApi) -> None:
    drafted = draft(fresh_api, condition())
    path = f"/v1/conditions/{drafted.json()['condition_id']}"
    assert post(fresh_api, Role.MANAGER, f"{path}/approve").status_code == 428
    changed = put(fresh_api, Role.PRACTITIONER, f"{path}/draft", condition(name="Wider"), drafted.headers["etag"])
    assert changed.status_code == 200, changed.text
    answer = approve(fresh_api, drafted)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    (change,) = answer.json()["changes"]
    assert (change["fields"], change["by"], change["edition"]) == (["name"], "the.practitioner", 2)
    assert answer.json()["current"]["name"] == "Wider"
    assert zone_versions(fresh_api, "EZ-9") == []
    assert approve(fresh_api, changed).status_code == 200
    again = approve(fresh_api, changed)
    assert (again.status_code, "the.manager" in again.json()["detail"]) == (409, True)


def test_a_live_condition_is_changed_by_a_version_that_is_approved_again(fresh_api: RunningApi) -> None:
    first = approved(fresh_api, condition())
    path = f"/v1/conditions/{first['condition_id']}"
    tag = fresh_api.get(Role.PRACTITIONER, path).headers["etag"]
    second = put(fresh_api, Role.PRACTITIONER, f"{path}/draft", condition(wording="Not to enter Northtown."), tag)
    assert (second.status_code, second.json()["current"]["version"]) == (200, 2)
    assert second.json()["live"]["wording"] == WORDING
    assert approve(fresh_api, second).status_code == 200
    one, two = versions(fresh_api, first["condition_id"])
    assert (one["status"], one["wording"], one["closed_by"]) == ("superseded", WORDING, "the.manager")
    assert (two["status"], two["wording"]) == ("live", "Not to enter Northtown.")
    assert len(zone_versions(fresh_api, "EZ-9")) == 1, "the place is the same: its zone's version stays"
    third = put(fresh_api, Role.PRACTITIONER, f"{path}/draft", condition(kind="inclusion"), second.headers["etag"])
    assert third.status_code == 409, "the tag is that of the draft"
    tag = fresh_api.get(Role.PRACTITIONER, path).headers["etag"]
    third = put(fresh_api, Role.PRACTITIONER, f"{path}/draft", condition("EZ-8", kind="inclusion"), tag)
    assert {error["field"] for error in third.json()["errors"]} == {"reference", "kind"}


def test_a_refused_and_a_withdrawn_draft_leave_what_is_live(fresh_api: RunningApi) -> None:
    live = approved(fresh_api, condition())
    path = f"/v1/conditions/{live['condition_id']}"
    for act, role, document in (
        ("refuse", Role.MANAGER, {"reason": "the school is in it"}),
        ("withdraw", Role.PRACTITIONER, None),
    ):
        tag = fresh_api.get(Role.PRACTITIONER, path).headers["etag"]
        tag = put(fresh_api, Role.PRACTITIONER, f"{path}/draft", condition(name=act), tag).headers["etag"]
        answer = post(fresh_api, role, f"{path}/{act}", document, tag)
        assert answer.status_code == 200, answer.text
        assert answer.json()["live"]["version"] == 1
    assert [one["status"] for one in versions(fresh_api, live["condition_id"])] == ["live", "refused", "withdrawn"]
    assert versions(fresh_api, live["condition_id"])[1]["reason"] == "the school is in it"


def test_a_condition_and_its_zone_end_together(fresh_api: RunningApi) -> None:
    live = approved(fresh_api, condition())
    path = f"/v1/conditions/{live['condition_id']}"
    tag = fresh_api.get(Role.PRACTITIONER, path).headers["etag"]
    put(fresh_api, Role.PRACTITIONER, f"{path}/draft", condition(name="Wider"), tag)
    early = post(fresh_api, Role.MANAGER, f"{path}/end", {"reason": "varied", "at": "2026-01-02T00:00:00Z"})
    assert (early.status_code, zone_versions(fresh_api, "EZ-9")[0]["valid_to"]) == (422, None)
    at = zone_versions(fresh_api, "EZ-9")[0]["valid_from"]
    assert post(fresh_api, Role.PRACTITIONER, f"{path}/end", {"reason": "varied"}).status_code == 403
    ended = post(fresh_api, Role.MANAGER, f"{path}/end", {"reason": "the licence was varied", "at": at})
    assert ended.status_code == 200, ended.text
    first, second = versions(fresh_api, live["condition_id"])
    assert (first["status"], first["reason"], first["ended_at"]) == ("ended", "the licence was varied", at)
    assert second["status"] == "withdrawn"
    assert zone_versions(fresh_api, "EZ-9")[0]["valid_to"] == at
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT device_id, from_time FROM reevaluations")
        assert cursor.fetchone() == (fresh_api.own.device_id, datetime.fromisoformat(at)), "judged anew since"
    again = post(fresh_api, Role.MANAGER, f"{path}/end", {"reason": "twice"})
    assert again.status_code == 409
    tag = fresh_api.get(Role.PRACTITIONER, path).headers["etag"]
    assert put(fresh_api, Role.PRACTITIONER, f"{path}/draft", condition(), tag).status_code == 422


def test_one_that_has_not_begun_ends_before_it_holds(fresh_api: RunningApi) -> None:
    live = approved(fresh_api, condition())
    path, next_week = f"/v1/conditions/{live['condition_id']}", datetime.now(UTC) + timedelta(days=7)
    tag = fresh_api.get(Role.PRACTITIONER, path).headers["etag"]
    later = condition(name="Wider", starts=next_week.isoformat())
    assert approve(fresh_api, put(fresh_api, Role.PRACTITIONER, f"{path}/draft", later, tag)).status_code == 200
    before, after = zone_versions(fresh_api, "EZ-9")
    assert before["valid_to"] == after["valid_from"], "what was live holds until the new one begins"
    answer = post(fresh_api, Role.MANAGER, f"{path}/end", {"reason": "recalled"})
    assert answer.status_code == 200, answer.text
    before, after = zone_versions(fresh_api, "EZ-9")
    assert (before["valid_to"], after["valid_to"]) == (answer.json()["current"]["ended_at"], after["valid_from"])


def test_every_problem_comes_at_once_in_the_condition_s_own_words(fresh_api: RunningApi) -> None:
    wrong = condition(
        kind="attendance",
        name="",
        wording=" ",
        starts="2026-05-01T00:00:00Z",
        ends="2026-04-01T00:00:00Z",
        crn="X100002",
        valid_from="2026-01-01T00:00:00Z",
        policy="fast",
    )
    answer = draft(fresh_api, wrong)
    assert answer.status_code == 422
    fields = {error["field"].removeprefix("properties.") for error in answer.json()["errors"]}
    assert fields == {"name", "wording", "ends", "crn", "valid_from", "policy", "schedule"}
    assert "active" not in answer.text
    assert all(error["remedy"] for error in answer.json()["errors"])
    found = draft(fresh_api, {**condition(kind="trail_monitoring", schedule={}), "geometry": condition()["geometry"]})
    assert {error["field"] for error in found.json()["errors"]} == {"geometry", "properties.schedule"}
    assert (
        draft(fresh_api, {"type": "FeatureCollection", "features": [condition("A"), condition("B")]}).status_code == 422
    )
    assert draft(fresh_api, condition(starts=None)).json()["errors"][0]["field"] == "properties.starts"
    assert draft(fresh_api, condition("SHARED-1")).json()["errors"][0]["value"] == "it is taken"


@pytest.mark.parametrize(
    ("dates", "match_day"),
    [
        ({"starts": "2026-01-01T00:00:00Z"}, "2026-01-03"),
        ({"starts": "2099-01-05T00:00:00Z", "ends": "2099-01-09T00:00:00Z"}, "2099-01-10"),
    ],
)
def test_hours_that_never_come_are_refused_with_the_nearest(
    fresh_api: RunningApi, dates: dict[str, str], match_day: str
) -> None:
    windows = [{"date": match_day, "from": "12:00", "to": "18:00"}]
    answer = draft(fresh_api, condition(**dates, schedule={"time_zone": "Europe/London", "match_days": windows}))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert "never applies" in error["value"]
    assert match_day in error["value"]
