"""The end of a person ends what they had to keep to, in one transaction; nothing new is given to them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.conditions import approve, approved, condition, draft, post, zone_versions
from tests.support.seed import as_owner
from tests.support.zone_files import feature


def end(api: RunningApi, at: datetime | str, role: Role = Role.MANAGER) -> Any:
    moment = at if isinstance(at, str) else at.isoformat()
    return post(api, role, f"/v1/people/{api.own.person_id}/end", {"at": moment, "take_tags_off": True})


def status(api: RunningApi, condition_id: int) -> tuple[str, str | None, str | None]:
    found = api.get(Role.MANAGER, f"/v1/conditions/{condition_id}/versions").json()["versions"][-1]
    return found["status"], found["closed_by"] or found["decided_by"], found["ended_at"]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_conditions_zones_and_drafts_end_with_the_person(fresh_api: RunningApi, role: Role) -> None:
    live = approved(fresh_api, condition("EZ-9"))["condition_id"]
    trail = approved(fresh_api, condition("TM-1", "trail_monitoring"))["condition_id"]
    waits = draft(fresh_api, condition("EZ-10"))
    answer = end(fresh_api, datetime.now(UTC), role)
    assert answer.status_code == 200, answer.text
    at = answer.json()["ended_at"]
    assert status(fresh_api, live) == status(fresh_api, trail) == ("ended", f"the.{role}", at)
    assert status(fresh_api, waits.json()["condition_id"]) == ("withdrawn", f"the.{role}", None)
    assert zone_versions(fresh_api, "EZ-9")[-1]["valid_to"] == at
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute(
            "SELECT count(*) FROM zones JOIN zone_versions USING (zone_id)"
            " WHERE person_id = %s AND (valid_to IS NULL OR valid_to > service_clock())",
            (fresh_api.own.person_id,),
        )
        assert cursor.fetchone() == (0,), "also zones that no condition stands behind"
        cursor.execute("SELECT detail FROM audit_log WHERE action = 'person.end' AND outcome = 'allowed'")
        ((detail,),) = cursor.fetchall()
    assert (detail["conditions"], detail["drafts"], len(detail["activation_ids"])) == (2, 1, 1)


def test_an_end_before_a_zone_held_is_refused_and_nothing_is_changed(fresh_api: RunningApi) -> None:
    live = approved(fresh_api, condition("EZ-9"))["condition_id"]
    answer = end(fresh_api, "2026-03-03T12:00:00Z")
    assert answer.status_code == 422
    assert "zone EZ-9 holds from" in answer.json()["detail"]
    assert status(fresh_api, live)[0] == "live"
    assert zone_versions(fresh_api, "EZ-9")[-1]["valid_to"] is None
    assert fresh_api.audit("person.end")[0][0] == "refused"


def test_an_end_that_was_planned_may_come_sooner(fresh_api: RunningApi) -> None:
    live = approved(fresh_api, condition("EZ-9"))["condition_id"]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    planned = end(fresh_api, tomorrow)
    assert planned.status_code == 200, planned.text
    beyond = draft(fresh_api, condition("EZ-11"))
    assert (beyond.status_code, "monitoring ends" in beyond.text) == (422, True)
    until_then = (tomorrow - timedelta(hours=1)).isoformat()
    assert draft(fresh_api, condition("EZ-12", ends=until_then)).status_code == 201
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("UPDATE activation_records SET during = tstzrange(lower(during), service_clock())")
    sooner = end(fresh_api, datetime.now(UTC))
    assert sooner.status_code == 200, sooner.text
    at = sooner.json()["ended_at"]
    assert status(fresh_api, live)[2] == at
    assert zone_versions(fresh_api, "EZ-9")[-1]["valid_to"] == at


def test_nobody_who_ended_gets_a_condition_or_an_authorisation(fresh_api: RunningApi) -> None:
    waits = draft(fresh_api, condition("EZ-9"))
    assert end(fresh_api, datetime.now(UTC)).status_code == 200
    assert approve(fresh_api, waits).status_code == 409, "it was withdrawn"
    drafted = draft(fresh_api, condition("EZ-10"))
    assert (drafted.status_code, "monitoring ends, or ended" in drafted.text) == (422, True)
    begins = datetime.now(UTC)
    wanted = {
        "person": "X100001",
        "from": begins.isoformat(),
        "to": (begins + timedelta(hours=1)).isoformat(),
        "purpose": "court",
    }
    answer = post(fresh_api, Role.MANAGER, "/v1/zones/OWN-1/authorisations", wanted)
    assert answer.status_code == 422, answer.text
    assert any("monitoring ends, or ended" in one["value"] for one in answer.json()["errors"])


def test_nobody_who_ended_gets_a_zone_by_a_file_either(fresh_api: RunningApi) -> None:
    home = feature("HA-1", kind="home_area", crn="X100001")
    assert post(fresh_api, Role.ADMINISTRATOR, "/v1/zones", home).status_code == 201
    assert end(fresh_api, datetime.now(UTC)).status_code == 200
    assert zone_versions(fresh_api, "HA-1")[-1]["valid_to"] is not None
    again = feature("HA-1", kind="home_area", crn="X100001", valid_from=datetime.now(UTC).isoformat())
    for file in (again, feature("HA-2", kind="home_area", crn="X100001")):
        answer = post(fresh_api, Role.ADMINISTRATOR, "/v1/zones", file)
        assert answer.status_code == 422, answer.text
        assert "monitoring ends, or ended" in answer.json()["errors"][0]["value"]
    assert post(fresh_api, Role.ADMINISTRATOR, "/v1/zones", home).json()["zones"][0]["outcome"] == "unchanged"
