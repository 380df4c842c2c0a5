"""Ways round the caseload that were tried: by exports, and by what a manager writes of other people's staff."""

import psycopg2.errors
import pytest

from model.staff import StaffRole
from store.database import fetch_one
from tests.access.test_caseloads import CLOSE, HOUR, UNSUPERVISED, Service, service
from tests.support.cases import as_officer
from tests.support.seed import as_owner

__all__ = ["service"]

ASK = (
    "INSERT INTO exports (kind, person_id, from_time, to_time, reason, requested_by)"
    " VALUES ('court', %s, '2020-01-01Z', '2026-01-01Z', 'a court asks', 'mia')"
)
PREPARED = (
    "INSERT INTO exports (kind, person_id, reason, requested_by, state, redactions, sha256, prepared_at, expires_at)"
    " VALUES ('subject', %s, 'request 1', 'max', 'prepared', '[]', 'x', service_clock(), %s) RETURNING export_id"
)


def test_who_sees_somebody_by_the_rota_alone_takes_out_no_export_of_their_past(service: Service) -> None:
    wanted = service.people["of paul"]
    with as_owner(service.duty.database.owner) as cursor:
        cursor.execute(PREPARED, (wanted, service.duty.clock + HOUR))
        (export_id,) = fetch_one(cursor)
        cursor.execute("INSERT INTO export_parts VALUES (%s, 0, 'the whole track')", (export_id,))
    service.add_shift("mia")
    service.alert("of paul", "of north")
    assert "of paul" in service.seen("mia")
    with as_officer(service.duty.database, "mia", "manager") as cursor:
        cursor.execute("SELECT open_export(%s), export_part(%s, 0)", (export_id, export_id))
        assert fetch_one(cursor) == (None, None)
        cursor.execute("UPDATE exports SET state = 'released', decided_by = 'mia', decided_at = now(), note = 'x'")
        assert cursor.rowcount == 0
        cursor.execute(ASK, (service.people["of north"],))
    with (
        as_officer(service.duty.database, "mia", "manager") as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(ASK, (wanted,))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO staff (subject, name, role, team_id) SELECT 'friend', 'F', 'manager', team_id {of_south}",
        "INSERT INTO staff (subject, name, role, team_id) SELECT 'friend', 'F', 'practitioner', team_id {of_south}",
        "UPDATE staff SET role = 'manager', team_id = (SELECT team_id {of_south}) WHERE subject = 'pat'",
        "UPDATE staff SET email = 'mia@example.test', mobile = NULL WHERE subject = 'max'",
        "UPDATE staff SET email = 'mia@example.test' WHERE subject = 'paul'",
        "UPDATE staff SET email = 'mia@example.test' WHERE subject = 'of.no.team'",
    ],
)
def test_a_manager_gives_nobody_the_sight_of_another_manager_s_team_and_keeps_no_news_from_them(
    service: Service, statement: str
) -> None:
    service.duty.add_staff("of.no.team", StaffRole.MANAGER)
    with (
        as_officer(service.duty.database, "mia", "manager") as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(statement.format(of_south="FROM teams WHERE name = 'south'"))


def test_who_is_no_manager_of_a_team_does_not_see_it_with_a_manager_s_token(service: Service) -> None:
    assert service.seen("paul", StaffRole.MANAGER) == {"of paul", "of both"} | UNSUPERVISED
    assert "of paul" not in service.seen("pat", StaffRole.MANAGER)
    service.duty.add_staff("petra", StaffRole.PRACTITIONER, service.teams["south"])
    assert service.seen("petra", StaffRole.MANAGER) == UNSUPERVISED


def test_who_is_on_duty_sees_nobody_by_an_area_that_they_may_draw_themselves(service: Service) -> None:
    service.add_shift("dora")
    service.duty.execute("ALTER TABLE alert_cases DISABLE TRIGGER USER")
    for state in ("open", "closed", "retracted"):
        (alert_id,) = service.alert("of north")
        service.duty.execute("UPDATE alerts SET kind = 'authority_area_entry', severity = 'information'")
        if state == "closed":
            service.duty.execute(CLOSE, service.duty.clock, str(alert_id))
        elif state == "retracted":
            service.duty.execute("UPDATE alerts SET state = 'retracted', updated_at = service_clock()")
        assert service.seen("dora") == set(), state
    assert service.seen("pat") == {"of north"}
    service.alert("of north")
    assert service.seen("dora") == {"of north"}, "an alert of another kind does show them"


def test_a_manager_changes_their_own_addresses_and_the_staff_of_their_team(service: Service) -> None:
    with as_officer(service.duty.database, "mia", "manager") as cursor:
        for statement in (
            "UPDATE staff SET email = 'mia@example.test' WHERE subject = 'mia'",
            "UPDATE staff SET email = 'pat@example.test', role = 'duty_officer' WHERE subject = 'pat'",
            "UPDATE staff SET name = name WHERE subject = 'max'",
            "INSERT INTO staff (subject, name, role, team_id) SELECT 'new', 'N', 'manager', min(team_id) FROM teams",
        ):
            cursor.execute(statement)
            assert cursor.rowcount == 1, statement
