"""Legal bases: drafted by one, approved by a second, ended; and what they open of a track."""

from typing import Any

import httpx

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.conditions import condition, post
from tests.support.seed import as_owner, seed_positions

DAY = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
ORDER = {
    "kind": "court_order",
    "reference": "T20261234",
    "wording": "The defendant's whereabouts are to be monitored.\nBy a tag.",
    "starts": "2026-03-02T09:00:00Z",
    "ends": "2026-03-02T10:00:00Z",
}


def drafted(api: RunningApi, role: Role = Role.PRACTITIONER, **changes: Any) -> httpx.Response:
    return post(api, role, f"/v1/people/{api.own.person_id}/legal-bases", ORDER | changes)


def decided(api: RunningApi, number: int, step: str, role: Role = Role.MANAGER, body: Any = None) -> httpx.Response:
    return post(api, role, f"/v1/legal-bases/{number}/{step}", body)


def looked_at(api: RunningApi, role: Role = Role.PRACTITIONER) -> tuple[int, list[dict[str, str]]]:
    """How many positions of the day are given, and the times of which they are."""
    answer = api.get(role, f"/v1/people/{api.own.person_id}/track", params=DAY).json()
    return answer["count"], answer["lawful_times"]


def without_a_basis(api: RunningApi) -> None:
    with as_owner(api.urls.owner) as cursor:
        cursor.execute(
            "UPDATE legal_bases SET status = 'ended', ended_by = 'x', ended_at = lower(during), closed_at = now()"
        )
        cursor.execute("UPDATE visits SET state = 'retracted'")
        seed_positions(cursor, api.own.device_id, 120)


def test_a_basis_opens_its_time_once_a_second_person_approved_it(fresh_api: RunningApi) -> None:
    without_a_basis(fresh_api)
    assert looked_at(fresh_api) == (0, [])
    draft = drafted(fresh_api)
    assert (draft.status_code, draft.json()["status"], draft.json()["wording"]) == (201, "draft", ORDER["wording"])
    number = draft.json()["legal_basis_id"]
    assert looked_at(fresh_api) == (0, [])
    live = decided(fresh_api, number, "approve").json()
    assert (live["status"], live["drafted_by"], live["decided_by"]) == ("live", "the.practitioner", "the.manager")
    assert looked_at(fresh_api) == (60, [{"from": ORDER["starts"], "to": ORDER["ends"]}])
    end = {"at": "2026-03-02T09:30:00Z", "reason": "the order was discharged"}
    ended = decided(fresh_api, number, "end", body=end).json()
    assert (ended["status"], ended["ended_at"], ended["reason"]) == ("ended", end["at"], end["reason"])
    assert looked_at(fresh_api) == (30, [{"from": ORDER["starts"], "to": end["at"]}])
    listed = fresh_api.get(Role.MANAGER, f"/v1/people/{fresh_api.own.person_id}/legal-bases").json()["legal_bases"]
    assert listed[0] == ended
    decisions = [record[:2] for record in fresh_api.audit("legal_basis.decide")]
    assert decisions == [("allowed", "the.manager")]
    assert fresh_api.audit("legal_basis.end")[0][:3] == ("allowed", "the.manager", fresh_api.own.person_id)


def test_a_condition_of_trail_monitoring_opens_its_time(fresh_api: RunningApi) -> None:
    without_a_basis(fresh_api)
    wanted = condition("TM-1", "trail_monitoring", starts="2026-03-02T10:00:00Z")
    path = f"/v1/people/{fresh_api.own.person_id}/conditions"
    draft = post(fresh_api, Role.PRACTITIONER, path, wanted)
    approve = f"/v1/conditions/{draft.json()['condition_id']}/approve"
    assert looked_at(fresh_api) == (0, [])
    assert post(fresh_api, Role.MANAGER, approve, tag=draft.headers["etag"]).status_code == 200
    assert looked_at(fresh_api) == (60, [{"from": "2026-03-02T10:00:00Z", "to": DAY["to"]}])


def test_who_decides_what(api: RunningApi) -> None:
    own = drafted(api, Role.MANAGER).json()["legal_basis_id"]
    same = decided(api, own, "approve")
    assert (same.status_code, "a second person" in same.json()["detail"]) == (403, True)
    assert decided(api, own, "approve", Role.PRACTITIONER).status_code == 403
    assert decided(api, own, "end", body={"reason": "x"}).status_code == 409, "nothing is live yet"
    refused = decided(api, own, "refuse", Role.DUTY_OFFICER, {"reason": "it names another person"})
    assert (refused.status_code, refused.json()["reason"]) == (200, "it names another person")
    assert decided(api, own, "approve", Role.DUTY_OFFICER).status_code == 409
    assert decided(api, own, "withdraw", Role.PRACTITIONER).status_code == 409
    other = drafted(api).json()["legal_basis_id"]
    assert decided(api, other, "withdraw", Role.PRACTITIONER).json()["status"] == "withdrawn"
    assert decided(api, 999_999, "approve").status_code == 404


def test_what_is_wrong_with_a_draft_is_said(api: RunningApi) -> None:
    changes: list[dict[str, Any]] = [
        {"kind": "curiosity"},
        {"wording": " "},
        {"ends": ORDER["starts"]},
        {"reference": "a\u202eb"},
    ]
    for change in changes:
        answer = drafted(api, **change)
        assert answer.status_code == 422, (change, answer.text)
