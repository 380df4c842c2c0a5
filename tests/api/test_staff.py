"""Teams and staff through the API: changed by who manages them, read by their colleagues, hidden from police."""

import pytest

from access.roles import Role
from tests.access.test_row_security import as_api
from tests.api.test_people_changes import send
from tests.support.api_server import RunningApi

JONES = {
    "subject": "officer.jones",
    "name": "J. Jones",
    "role": "practitioner",
    "email": "j@example.test",
    "mobile": "+447700900123",
}


def test_added_listed_changed_and_ended(fresh_api: RunningApi) -> None:
    team = send(fresh_api, "POST", "/v1/teams", {"name": "Croydon"}, Role.ADMINISTRATOR).json()
    renamed = send(fresh_api, "PATCH", f"/v1/teams/{team['team_id']}", {"name": "Croydon South"})
    assert renamed.json() == {**team, "name": "Croydon South"}
    assert fresh_api.get(Role.PRACTITIONER, "/v1/teams").json() == {"teams": [renamed.json()]}
    made = send(fresh_api, "POST", "/v1/staff", {**JONES, "team_id": team["team_id"]})
    assert made.status_code == 201, made.text
    assert made.json() == {**JONES, "team_id": team["team_id"], "ended_at": None}
    changed = send(fresh_api, "PUT", "/v1/staff/officer.jones", {"name": "J. Jones", "role": "duty_officer"})
    assert changed.json() == {
        **JONES,
        "role": "duty_officer",
        "team_id": None,
        "email": None,
        "mobile": None,
        "ended_at": None,
    }
    assert send(fresh_api, "POST", "/v1/staff/officer.jones/end", None).json()["ended_at"] is not None
    (listed, _on_duty) = fresh_api.get(Role.DUTY_OFFICER, "/v1/staff").json()["staff"]
    assert (listed["subject"], listed["ended_at"] is None) == ("officer.jones", False)
    assert [record[:2] for record in fresh_api.audit("staff.change")] == [
        ("allowed", "the.administrator"),
        *[("allowed", "the.manager")] * 4,
    ]


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({**JONES, "email": "nobody", "mobile": "07700900123"}, {"body.email", "body.mobile"}),
        ({**JONES, "role": "king", "subject": ""}, {"body.role", "body.subject"}),
        ({}, {"body.subject", "body.name", "body.role"}),
    ],
)
def test_every_wrong_field_is_named_at_once(api: RunningApi, body: dict[str, str], places: set[str]) -> None:
    answer = send(api, "POST", "/v1/staff", body)
    assert answer.status_code == 422
    assert {error["where"] for error in answer.json()["errors"]} == places


def test_what_is_there_already_and_what_is_not(fresh_api: RunningApi) -> None:
    assert send(fresh_api, "POST", "/v1/staff", JONES).status_code == 201
    for method, path, body, complaint in (
        ("POST", "/v1/staff", JONES, "on the staff already"),
        ("POST", "/v1/staff", {**JONES, "subject": "x", "team_id": 4711}, "there is no team 4711"),
        ("PUT", "/v1/staff/nobody", {"name": "N", "role": "manager"}, "not on the staff"),
        ("POST", "/v1/staff/nobody/end", None, "not on the staff"),
    ):
        refused = send(fresh_api, method, path, body)
        assert (refused.status_code, complaint in refused.text) == (422, True), refused.text


def test_police_learn_of_no_staff_whichever_way(fresh_api: RunningApi) -> None:
    send(fresh_api, "POST", "/v1/staff", JONES)
    assert fresh_api.get(Role.POLICE_ANALYST, "/v1/staff").status_code == 403
    for role, seen in (("police_analyst", 0), ("auditor", 0), ("", 0), ("practitioner", 2), ("service", 2)):
        with as_api(fresh_api.urls, role) as cursor:
            cursor.execute("SELECT count(*) FROM staff")
            assert cursor.fetchall() == [(seen,)], role
