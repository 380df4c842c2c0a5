"""Whose conditions are seen, zones that were there before, and rubbish."""

import json
from typing import Any

import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.conditions import WORDING, approve, condition, draft, post, put, zone_versions
from tests.support.seed import as_owner


def test_what_is_not_yours_to_see_is_not_there(fresh_api: RunningApi) -> None:
    theirs = post(fresh_api, Role.MANAGER, f"/v1/people/{fresh_api.other.person_id}/conditions", condition())
    assert theirs.status_code == 201, theirs.text
    path, nowhere = f"/v1/conditions/{theirs.json()['condition_id']}", "/v1/conditions/999"
    feature, tag = condition("EZ-8"), theirs.headers["etag"]
    for one, other in (
        (fresh_api.get(Role.PRACTITIONER, path), fresh_api.get(Role.PRACTITIONER, nowhere)),
        (
            put(fresh_api, Role.PRACTITIONER, f"{path}/draft", feature, tag),
            put(fresh_api, Role.PRACTITIONER, f"{nowhere}/draft", feature, tag),
        ),
        (
            post(fresh_api, Role.PRACTITIONER, f"{path}/withdraw", tag=tag),
            post(fresh_api, Role.PRACTITIONER, f"{nowhere}/withdraw", tag=tag),
        ),
        (
            post(fresh_api, Role.PRACTITIONER, f"/v1/people/{fresh_api.other.person_id}/conditions", feature),
            post(fresh_api, Role.PRACTITIONER, "/v1/people/999/conditions", feature),
        ),
    ):
        assert (one.status_code, one.json()) == (404, other.json())
    assert fresh_api.get(Role.PRACTITIONER, "/v1/conditions").json()["conditions"] == []
    (listed,) = fresh_api.get(Role.MANAGER, "/v1/conditions?status=draft").json()["conditions"]
    assert (listed["reference"], listed["drafters"]) == ("EZ-9", ["the.manager"])
    assert ("refused", "the.practitioner") in {record[:2] for record in fresh_api.audit("condition.change")}


def test_conditions_page_and_are_filtered(fresh_api: RunningApi) -> None:
    for number in range(3):
        draft(fresh_api, condition(f"EZ-{number}"))
    own = f"person={fresh_api.own.person_id}&limit=2"
    first = fresh_api.get(Role.MANAGER, f"/v1/conditions?{own}&status=draft").json()
    second = fresh_api.get(Role.MANAGER, first["next"]).json()
    found = [one["reference"] for one in first["conditions"] + second["conditions"]]
    assert (found, second["next"]) == (["EZ-0", "EZ-1", "EZ-2"], None)
    for nothing in (f"person={fresh_api.other.person_id}", "status=live"):
        assert fresh_api.get(Role.MANAGER, f"/v1/conditions?{nothing}").json()["conditions"] == []


def test_a_zone_of_the_time_before_gets_its_wording(fresh_api: RunningApi) -> None:
    def unworded(role: Role = Role.MANAGER) -> list[str]:
        return [one["reference"] for one in fresh_api.get(role, "/v1/conditions/unworded-zones").json()["zones"]]

    assert (unworded(), unworded(Role.PRACTITIONER)) == (["OWN-1", "OTHER-1"], ["OWN-1"])
    path = f"/v1/people/{fresh_api.own.person_id}/conditions/adopt"
    for hidden in ("OTHER-1", "SHARED-1", "NONE"):
        wanted = {"reference": hidden, "wording": WORDING}
        assert post(fresh_api, Role.PRACTITIONER, path, wanted).status_code == 404
    adopted = post(fresh_api, Role.PRACTITIONER, path, {"reference": "OWN-1", "wording": WORDING})
    assert adopted.status_code == 201, adopted.text
    assert unworded() == ["OWN-1", "OTHER-1"], "until somebody approves it"
    before = zone_versions(fresh_api, "OWN-1")
    assert approve(fresh_api, adopted).status_code == 200
    after = zone_versions(fresh_api, "OWN-1")
    assert (len(after), after[0]["geometry"]) == (2, before[0]["geometry"]), "now it has the condition's own start"
    assert after[1]["valid_from"] == after[0]["valid_to"]
    assert unworded() == ["OTHER-1"]


def test_the_approval_records_the_last_rehearsal(fresh_api: RunningApi) -> None:
    drafted = draft(fresh_api, condition())
    assert drafted.json()["last_rehearsal"] is None
    zone = {"reference": "EZ-9", "name": "Market Square", "kind": "exclusion", "crn": "X100001"}
    with fresh_api.client(Role.PRACTITIONER) as client:
        rehearsed = client.post(
            "/v1/zones/rehearse?weeks=2&simulated=1",
            content=json.dumps(condition() | {"properties": zone}).encode(),
            headers={"X-Purpose": "is it fit?"},
        )
    assert rehearsed.status_code == 200, rehearsed.text
    shown = approve(fresh_api, drafted).json()["last_rehearsal"]
    assert (shown["by"], shown["weeks"]) == ("the.practitioner", 2)
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT detail -> 'last_rehearsal' ->> 'by' FROM audit_log WHERE action = 'condition.approve'")
        assert cursor.fetchone() == ("the.practitioner",)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"7", b"\xff\xfe", b'{"type": "Feature"}', b"[" * 100_000])
def test_rubbish_is_refused_by_name(api: RunningApi, body: bytes) -> None:
    with api.client(Role.PRACTITIONER) as client:
        answer = client.post(f"/v1/people/{api.own.person_id}/conditions", content=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["reference", "name", "kind", "wording", "starts", "ends", "schedule", "policy"])
def test_a_wrong_value_is_named_by_its_place(api: RunningApi, name: str) -> None:
    values: list[Any] = ["\x00", 7, [], " "]
    for value in values:
        feature = condition()
        feature["properties"][name] = value
        answer = draft(api, feature)
        assert answer.status_code == 422, (value, answer.text)
        assert any(error["field"].startswith(f"properties.{name}") for error in answer.json()["errors"]), answer.text
