"""Alerts: who sees which, filters that do not lie, pages that do not move, and what the audit keeps."""

import uuid
from datetime import timedelta

import httpx
import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.seed import MORNING, as_owner, end_alert, seed_alert, seed_zone

SUPERVISION = (Role.MANAGER, Role.DUTY_OFFICER)


def listed(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [alert["alert_id"] for alert in answer.json()["alerts"]]


def test_a_practitioner_sees_the_own_caseload_only(api: RunningApi) -> None:
    assert listed(api.get(Role.PRACTITIONER, "/v1/alerts")) == [api.own_alert]
    assert api.get(Role.PRACTITIONER, f"/v1/alerts/{api.other_alert}").status_code == 404


@pytest.mark.parametrize("role", SUPERVISION)
def test_managers_and_duty_officers_see_all(api: RunningApi, role: Role) -> None:
    assert len(listed(api.get(role, "/v1/alerts"))) == 3


def test_what_is_not_theirs_looks_like_what_is_not_there(api: RunningApi) -> None:
    foreign = api.get(Role.PRACTITIONER, f"/v1/alerts/{api.other_alert}")
    missing = api.get(Role.PRACTITIONER, f"/v1/alerts/{uuid.uuid4()}")
    assert foreign.json() == missing.json()


def test_an_alert_shows_its_evidence_and_leaves_a_trace(fresh_api: RunningApi) -> None:
    answer = fresh_api.get(
        Role.PRACTITIONER, f"/v1/alerts/{fresh_api.own_alert}", headers={"X-Purpose": "review, café".encode()}
    )
    assert answer.json()["evidence"] == {"entry": {"lat": 51.5, "lon": -0.1}}
    assert answer.json()["person"] == {"person_id": fresh_api.own.person_id, "crn": "X100001", "name": "Sam Own"}
    assert answer.json()["zone"] == {"reference": "OWN-1", "name": "Zone OWN-1", "version": 1}
    assert fresh_api.audit("alert.read") == [
        ("allowed", "the.practitioner", fresh_api.own.person_id, 1, "review, café")
    ]


def test_a_look_at_another_s_alert_is_recorded_as_refused(fresh_api: RunningApi) -> None:
    fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{fresh_api.other_alert}")
    assert [record[0] for record in fresh_api.audit("alert.read")] == ["refused"]


def test_no_audit_no_answer(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("REVOKE INSERT ON audit_log FROM cordon_api")
    for path in ("/v1/alerts", f"/v1/alerts/{fresh_api.own_alert}", "/v1/people"):
        answer = fresh_api.get(Role.MANAGER, path)
        assert answer.status_code == 500
        assert "Sam" not in answer.text
        assert "audit_log" not in answer.text


def test_filters(fresh_api: RunningApi) -> None:
    later = MORNING + timedelta(hours=1)
    with as_owner(fresh_api.urls.owner) as cursor:
        zone = seed_zone(cursor, "FILTER / 1", fresh_api.own.person_id)
        newest = str(seed_alert(cursor, fresh_api.own, zone, later))
        end_alert(cursor, uuid.UUID(newest), later + timedelta(minutes=5))
    expected = {
        "open=false": [newest],
        f"open=true&person={fresh_api.own.person_id}": [fresh_api.own_alert],
        "zone=FILTER / 1": [newest],
        "zone=NO-SUCH": [],
        f"since={later.isoformat().replace('+', '%2B')}": [newest],
        "since=2026-03-02T10:00:00.000001Z": [],
        "person=999999": [],
    }
    for query, alerts in expected.items():
        assert listed(fresh_api.get(Role.MANAGER, f"/v1/alerts?{query}")) == alerts, query


def test_pages_stay_put_while_alerts_are_raised(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        zone = seed_zone(cursor, "PAGES", fresh_api.own.person_id)
        for minute in range(20):
            seed_alert(cursor, fresh_api.own, zone, MORNING + timedelta(minutes=minute))
    expected = listed(fresh_api.get(Role.MANAGER, "/v1/alerts?limit=500&open=true"))
    assert len(expected) == 23
    found: list[str] = []
    address: str | None = "/v1/alerts?limit=4&open=true"
    while address:
        page = fresh_api.get(Role.MANAGER, address)
        found += listed(page)
        address = page.json()["next"]
        with as_owner(fresh_api.urls.owner) as cursor:
            seed_alert(cursor, fresh_api.own, zone, MORNING + timedelta(hours=1, minutes=len(found)))
    assert found == expected


def test_next_is_there_only_when_there_is_more(api: RunningApi) -> None:
    assert api.get(Role.MANAGER, "/v1/alerts?limit=3").json()["next"] is None
    assert api.get(Role.MANAGER, "/v1/alerts?limit=2").json()["next"] is not None


def test_a_cursor_opens_no_door(api: RunningApi) -> None:
    link = api.get(Role.MANAGER, "/v1/alerts?limit=1").json()["next"]
    assert api.other_alert not in listed(api.get(Role.PRACTITIONER, link))


def test_a_misspelt_filter_is_not_ignored(api: RunningApi) -> None:
    answer = api.get(Role.MANAGER, "/v1/alerts?opne=true")
    assert answer.status_code == 422
    assert "open" in answer.json()["detail"]
