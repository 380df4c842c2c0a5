"""The proof over HTTP and on the command line: for whom a zone is visible, and no more of the wearer than they see."""

import hashlib
import json
from typing import Any

import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.conditions import approve, condition, draft, post, put
from tests.support.seed import TRIANGLE, as_owner, seed_positions
from tests.support.waiting import wait_until
from tests.support.worker_thread import queue_worker


def proof(api: RunningApi, role: Role, reference: str) -> dict[str, Any]:
    answer = api.get(role, f"/v1/zones/{reference}/proof")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_proof_says_no_in_words_and_yes_once_a_worker_has_it(fresh_api: RunningApi) -> None:
    found = proof(fresh_api, Role.PRACTITIONER, "OWN-1")
    assert (found["is_live"], [one["reason"] for one in found["reasons"]]) == (False, ["no_worker"])
    assert found["words"].startswith("No: ")
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("UPDATE registry_revision SET revision = 1")  # that of the seeded zones
    with queue_worker(fresh_api.urls):
        wait_until(lambda: proof(fresh_api, Role.PRACTITIONER, "OWN-1")["is_live"])
        found = proof(fresh_api, Role.PRACTITIONER, "OWN-1")
    assert found["words"] == "Yes: zone OWN-1 is live, by its version 1."
    canonical = json.dumps(TRIANGLE, sort_keys=True, separators=(",", ":"))
    assert found["holds"]["geometry_sha256"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert (found["in_force"], found["changes_at"], found["coming"]) == (True, None, None)
    assert [one["serial"] for one in found["tags"]] == ["TAG-X100001"]


def test_who_sees_no_wearer_learns_whether_it_is_live_and_nothing_of_the_wearer(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        seed_positions(cursor, fresh_api.own.device_id, 1)
    (tag,) = proof(fresh_api, Role.ADMINISTRATOR, "OWN-1")["tags"]
    assert tag == {"partition": 0, "serial": None, "fix_time": None, "received_at": None}
    (tag,) = proof(fresh_api, Role.PRACTITIONER, "OWN-1")["tags"]
    assert (tag["serial"], tag["fix_time"]) == ("TAG-X100001", "2026-03-02T09:00:00Z")


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.PRACTITIONER, 404), (Role.MANAGER, 200), (Role.POLICE_ANALYST, 403), (Role.MONITORING_OFFICER, 403)],
)
def test_a_proof_is_for_who_sees_the_zone(api: RunningApi, role: Role, status: int) -> None:
    assert api.get(role, "/v1/zones/OTHER-1/proof").status_code == status


def test_a_condition_answers_before_its_zone_is_there_and_after_its_end(fresh_api: RunningApi) -> None:
    drafted = draft(fresh_api, condition("EZ-9"))
    found = proof(fresh_api, Role.PRACTITIONER, "EZ-9")
    assert (found["is_live"], found["reasons"][0]["reason"], found["revision"]) == (False, "not_approved", None)
    assert found["words"].startswith("No: zone EZ-9 is not live: drafted by the.practitioner on 20")
    assert found["words"].endswith("UTC, it waits for a second person's approval.")
    assert fresh_api.get(Role.ADMINISTRATOR, "/v1/zones/EZ-9/proof").status_code == 404, "who sees no person, sees none"
    path = f"/v1/conditions/{drafted.json()['condition_id']}"
    refused = post(fresh_api, Role.MANAGER, f"{path}/refuse", {"reason": "too wide"}, tag=drafted.headers["etag"])
    found = proof(fresh_api, Role.PRACTITIONER, "EZ-9")
    assert "its draft was refused by the.manager on" in found["words"]
    assert found["words"].endswith("UTC: too wide.")
    again = put(fresh_api, Role.PRACTITIONER, f"{path}/draft", condition("EZ-9"), refused.headers["etag"])
    assert approve(fresh_api, again).status_code == 200
    assert proof(fresh_api, Role.PRACTITIONER, "EZ-9")["revision"] is not None
    assert post(fresh_api, Role.MANAGER, f"{path}/end", {"reason": "varied"}).status_code == 200
    found = proof(fresh_api, Role.PRACTITIONER, "EZ-9")
    assert found["reasons"][0]["reason"] == "ended"
    assert "it has ended; the.manager ended its condition from" in found["words"]
    assert fresh_api.audit("zone_proof.read")[0][2] == fresh_api.own.person_id


def test_each_look_is_on_the_record_and_so_is_each_refusal(fresh_api: RunningApi) -> None:
    proof(fresh_api, Role.PRACTITIONER, "OWN-1")
    fresh_api.get(Role.PRACTITIONER, "/v1/zones/OTHER-1/proof")
    found = fresh_api.audit("zone_proof.read")
    assert [(outcome, person) for outcome, _, person, *_ in found] == [
        ("allowed", fresh_api.own.person_id),
        ("refused", None),
    ]
