"""Below the API: its role works alerts of its caller's own people, in its caller's own name, and changes no history."""

import psycopg2.errors
import pytest

from alerts.casework import UnknownAlertError, act
from model.casework import CaseAction
from tests.support.cases import STAFF, CaseWorld, as_officer, seed_case_world
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_alert, seed_shift, seed_wearer, seed_zone

OFFICER = STAFF[0]


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> CaseWorld:
    """Nobody is on duty."""
    made = seed_case_world(migrated_database)
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("DELETE FROM rota_shifts")
    return made


def note(world: CaseWorld, subject: str, role: str) -> None:
    with as_officer(world.urls, subject, role) as cursor:
        act(cursor, subject, world.alert_id, None, CaseAction.NOTE, {"text": "x"})


@pytest.mark.parametrize(
    ("subject", "role"),
    [
        ("officer.b", "practitioner"),
        ("officer.a", "administrator"),
        ("officer.a", "auditor"),
        ("officer.a", "police_analyst"),
        ("officer.a", "monitoring_officer"),
        ("cordon", "service"),
    ],
)
def test_the_database_lets_nobody_else_work_it(world: CaseWorld, subject: str, role: str) -> None:
    with pytest.raises(UnknownAlertError):
        note(world, subject, role)


@pytest.mark.parametrize("role", ["duty_officer", "manager"])
def test_who_is_on_duty_or_manages_the_person_works_a_colleague_s(world: CaseWorld, role: str) -> None:
    if role == "duty_officer":
        with pytest.raises(UnknownAlertError):
            note(world, "officer.b", role)
        with as_owner(world.urls.owner) as cursor:
            seed_shift(cursor, "officer.b")
    note(world, "officer.b", role)
    note(world, OFFICER, "practitioner")
    assert [entry.acted_by for entry in world.history()] == ["officer.b", OFFICER]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO alert_actions VALUES (%(alert)s, 1, 'note', 'somebody.else', now(), '{}')",
        "INSERT INTO alert_actions VALUES (%(alert)s, 1, 'retract', 'officer.a', now(), '{}')",
        "INSERT INTO alert_actions VALUES (%(alert)s, 2, 'note', 'officer.a', now(), '{}')",
        "INSERT INTO alert_actions VALUES (%(other)s, 1, 'note', 'officer.a', now(), '{}')",
        "INSERT INTO alert_events VALUES (9, %(alert)s, 1, 'worked', now(), '{}')",
        "INSERT INTO outbox (event_id, channel) VALUES (1, 'kafka')",
        "UPDATE alert_cases SET raised_at = now() WHERE alert_id = %(alert)s",
        "UPDATE alert_actions SET acted_by = 'x'",
        "DELETE FROM alert_actions",
        "DELETE FROM alert_cases",
    ],
)
def test_the_api_s_role_writes_in_its_own_name_and_for_its_own_people_only(world: CaseWorld, statement: str) -> None:
    with as_owner(world.urls.owner) as cursor:
        other = seed_wearer(cursor, "X2", "officer.b")
        other_alert = seed_alert(cursor, other, seed_zone(cursor, "OTHER", other.person_id), MORNING)
    named = {"alert": str(world.alert_id), "other": str(other_alert)}
    with (
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
        as_officer(world.urls, OFFICER, "practitioner") as cursor,
    ):
        cursor.execute(statement, named)


def test_another_s_case_is_neither_seen_nor_changed_below_the_api(world: CaseWorld) -> None:
    world.act(OFFICER, CaseAction.ACKNOWLEDGE)
    with as_officer(world.urls, "officer.b", "practitioner") as cursor:
        for table in ("alert_cases", "alert_actions"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchall() == [(0,)], table
        cursor.execute("UPDATE alert_cases SET status = 'raised', version = version + 1")
        assert cursor.rowcount == 0
