"""The rota and hand-overs through the API: who may, every fault at once, and what it leads to."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from access.roles import Role
from alerts.casework import act
from model.casework import CaseAction
from model.staff import StaffRole
from tests.support.api_server import RunningApi
from tests.support.cases import seed_staff
from tests.support.seed import as_owner, seed_shift
from tests.support.world import rows

NOW = datetime.now(UTC).replace(microsecond=0)
STAFF = {
    "the.practitioner": StaffRole.PRACTITIONER,
    "the.duty_officer": StaffRole.DUTY_OFFICER,
    "the.manager": StaffRole.MANAGER,
    "other.practitioner": StaffRole.PRACTITIONER,
}


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def shift(subject: str = "the.duty_officer", begins: float = 1, ends: float = 9, **changes: Any) -> dict[str, Any]:
    return {"role": "duty_officer", "subject": subject, "from": at(begins), "to": at(ends)} | changes


@pytest.fixture
def office(fresh_api: RunningApi) -> RunningApi:
    """Nobody is on duty yet."""
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("DELETE FROM rota_shifts; DELETE FROM staff")
        for subject, role in STAFF.items():
            seed_staff(cursor, subject, role)
    return fresh_api


def post(api: RunningApi, path: str, document: Any = None, role: Role = Role.MANAGER) -> httpx.Response:
    with api.client(role) as client:
        return client.post(path, json=document)


def test_shifts_are_added_read_and_ended(office: RunningApi) -> None:
    added = post(office, "/v1/rota/shifts", {"shifts": [shift(), shift(begins=-1, ends=1)]})
    assert (added.status_code, added.json()) == (201, {"added": 2, "warnings": []}), added.text
    read = office.get(Role.PRACTITIONER, "/v1/rota").json()["shifts"]
    assert [(one["from"], one["to"], one["name"]) for one in read] == [
        (at(-1), at(1), "Name of the.duty_officer"),
        (at(1), at(9), "Name of the.duty_officer"),
    ]
    begun, to_come = (one["shift_id"] for one in read)
    cut = post(office, f"/v1/rota/shifts/{begun}/end").json()
    assert cut["cancelled_at"] is None
    assert cut["to"] < at(1)
    assert post(office, f"/v1/rota/shifts/{to_come}/end").json()["cancelled_at"] is not None
    assert post(office, f"/v1/rota/shifts/{to_come}/end").status_code == 404
    gaps = office.get(Role.DUTY_OFFICER, "/v1/rota/gaps").json()["gaps"]
    assert [one["role"] for one in gaps] == ["duty_officer", "manager"]


def test_every_fault_of_every_shift_is_named_and_none_is_added(office: RunningApi) -> None:
    wanted = [shift(), shift(begins=8, ends=12), shift("nobody"), shift(begins=3, ends=2), shift(begins=-5, ends=-1)]
    refused = post(office, "/v1/rota/shifts", {"shifts": wanted})
    assert refused.status_code == 422
    assert [(one["where"], one["problem"]) for one in refused.json()["errors"]] == [
        ("body.shifts.1.from", "they have that role then already"),
        ("body.shifts.2.subject", "there is no such member of staff"),
        ("body.shifts.3.to", "it ends before it starts"),
        ("body.shifts.4.to", "it is over already"),
    ]
    assert office.get(Role.MANAGER, "/v1/rota").json() == {"shifts": []}
    assert [outcome for outcome, *_ in office.audit("rota.change")] == ["refused"]


def test_a_shift_of_more_than_a_day_is_taken_and_warned_of(office: RunningApi) -> None:
    added = post(office, "/v1/rota/shifts", {"shifts": [shift(begins=1, ends=26)]}).json()
    assert added == {"added": 1, "warnings": ["shift 1: the.duty_officer is on duty for 25 h in one go"]}


def test_one_person_may_hold_two_roles_and_two_persons_one(office: RunningApi) -> None:
    wanted = [shift(), shift(role="manager"), shift("the.manager")]
    assert post(office, "/v1/rota/shifts", {"shifts": wanted}, Role.ADMINISTRATOR).status_code == 201


def test_nobody_puts_themselves_on_the_rota(office: RunningApi) -> None:
    refused = post(office, "/v1/rota/shifts", {"shifts": [shift(), shift("the.manager", role="manager")]})
    assert [(one["where"], one["problem"]) for one in refused.json()["errors"]] == [
        ("body.shifts.1.subject", "nobody puts themselves on the rota")
    ]


def test_a_shift_has_an_area_and_a_team_that_nobody_is_there_for_is_a_gap(office: RunningApi) -> None:
    with as_owner(office.urls.owner) as cursor:
        cursor.execute("INSERT INTO teams (name) VALUES ('North'), ('South') RETURNING team_id")
        north, south = (team_id for (team_id,) in cursor.fetchall())
    whole_time = shift(begins=-1, ends=24 * 15)
    unknown = post(office, "/v1/rota/shifts", {"shifts": [whole_time | {"teams": [north, 987]}]})
    assert [one["where"] for one in unknown.json()["errors"]] == ["body.shifts.0.teams"]
    assert post(office, "/v1/rota/shifts", {"shifts": [whole_time | {"teams": [north]}]}).status_code == 201
    assert [one["teams"] for one in office.get(Role.MANAGER, "/v1/rota").json()["shifts"]] == [[north]]
    missing = office.get(Role.MANAGER, "/v1/rota/gaps").json()["gaps"]
    assert "duty_officer" in {one["role"] for one in missing}, "nobody is there for the South"
    rest = shift("other.practitioner", begins=-1, ends=24 * 15) | {"teams": [south]}
    assert post(office, "/v1/rota/shifts", {"shifts": [rest]}).status_code == 201
    missing = office.get(Role.MANAGER, "/v1/rota/gaps").json()["gaps"]
    assert {one["role"] for one in missing} == {"manager"}


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.DUTY_OFFICER, Role.POLICE_ANALYST])
def test_only_who_manages_writes_the_rota(office: RunningApi, role: Role) -> None:
    assert post(office, "/v1/rota/shifts", {"shifts": [shift()]}, role).status_code == 403


def held(api: RunningApi) -> dict[str, str | None]:
    return dict(rows(api.urls.owner, "SELECT alert_id::text, assigned_to FROM alert_cases"))


def acknowledge(api: RunningApi, alert_id: str, subject: str) -> None:
    with as_owner(api.urls.owner) as cursor:
        act(cursor, subject, UUID(alert_id), None, CaseAction.ACKNOWLEDGE)


@pytest.fixture
def on_duty(office: RunningApi) -> RunningApi:
    with as_owner(office.urls.owner) as cursor:
        seed_shift(cursor, "the.duty_officer")
    return office


def test_all_that_is_open_on_an_officer_is_handed_over(on_duty: RunningApi) -> None:
    for alert_id in (on_duty.own_alert, on_duty.other_alert):
        acknowledge(on_duty, alert_id, "the.duty_officer")
    answer = post(on_duty, "/v1/hand-overs", {"to": "the.manager", "note": "Ring at nine."}, Role.DUTY_OFFICER)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["alert_ids"]) == {on_duty.own_alert, on_duty.other_alert}
    assert sorted(map(str, held(on_duty).values())) == ["None", "the.manager", "the.manager"]
    noted = "SELECT DISTINCT acted_by, detail->>'text' FROM alert_actions WHERE action = 'hand_over'"
    assert rows(on_duty.urls.owner, noted) == [("the.duty_officer", "Ring at nine.")]


def test_only_what_is_named_is_handed_over(on_duty: RunningApi) -> None:
    for alert_id in (on_duty.own_alert, on_duty.other_alert):
        acknowledge(on_duty, alert_id, "the.duty_officer")
    wanted = {"to": "the.practitioner", "alert_ids": [on_duty.own_alert]}
    assert post(on_duty, "/v1/hand-overs", wanted, Role.DUTY_OFFICER).json()["alert_ids"] == [on_duty.own_alert]
    assert held(on_duty)[on_duty.other_alert] == "the.duty_officer"


def test_what_is_not_theirs_or_would_not_be_seen_is_refused_whole(on_duty: RunningApi) -> None:
    acknowledge(on_duty, on_duty.own_alert, "the.duty_officer")
    named = {"to": "the.manager", "alert_ids": [on_duty.own_alert, on_duty.other_alert]}
    refused = post(on_duty, "/v1/hand-overs", named, Role.DUTY_OFFICER)
    assert [one["where"] for one in refused.json()["errors"]] == ["body.alert_ids.1"]
    unseen = post(on_duty, "/v1/hand-overs", {"to": "other.practitioner"}, Role.DUTY_OFFICER)
    assert [one["where"] for one in unseen.json()["errors"]] == ["body.to"]
    for to in ("the.duty_officer", "nobody"):
        assert post(on_duty, "/v1/hand-overs", {"to": to}, Role.DUTY_OFFICER).status_code == 422
    assert held(on_duty)[on_duty.own_alert] == "the.duty_officer"
    assert [outcome for outcome, *_ in on_duty.audit("alerts.hand_over")] == ["refused"] * 4
