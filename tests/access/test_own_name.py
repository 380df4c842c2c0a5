"""Below the API its role writes in its caller's own name, and asks for what its caller may ask."""

import psycopg2.errors
import pytest

from access.roles import Role
from model.casework import CaseAction
from tests.access.test_row_security import as_api
from tests.support.cases import STAFF, CaseWorld, as_officer, seed_case_world
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer, seed_zone

ME, OTHER, COLLEAGUE = "the.caller", "somebody.else", "a.colleague"
AUTHORITY = "INSERT INTO authorities (reference, power, wards) VALUES ('S60-1', 'section_60', '{W1}')"
RECORD = (
    "INSERT INTO authority_records (authority_id, number, during, officer, rank, reason, recorded_by)"
    " VALUES (1, 1, tstzrange(now(), now() + interval '1 hour'), 'A', 'inspector', 'r', %s)"
)
SHIFT = (
    "INSERT INTO rota_shifts (role, subject, during, added_by)"
    " VALUES ('manager', 'a.colleague', tstzrange(now(), now() + interval '1 hour'), %s)"
)
WEBHOOK = "SELECT register_webhook('https://one.example/', 'a test', '{}', '{}', %s, 'whsec_eA==')"
MATCH_DAY = "INSERT INTO match_days VALUES (1, '2026-12-01', '12:00', '18:00', 'a match', %s)"
CLOSED = "status = 'closed', closed_at = now(), outcome = 'x', outcome_is_breach = false, outcome_rules_version = 0"
ACTED = "INSERT INTO alert_actions SELECT alert_id, version, 'note', 'officer.a', now(), '{}' FROM alert_cases"
NAMED = [
    (Role.MANAGER, RECORD),
    (Role.MANAGER, "UPDATE authorities SET closed_at = now(), closed_by = %s"),
    (Role.MANAGER, MATCH_DAY),
    (Role.MANAGER, SHIFT),
    (Role.MANAGER, "UPDATE rota_shifts SET cancelled_at = now(), cancelled_by = %s"),
    (Role.ADMINISTRATOR, WEBHOOK),
]


@pytest.fixture
def urls(migrated_database: DatabaseUrls) -> DatabaseUrls:
    with as_owner(migrated_database.owner) as cursor:
        for subject in (ME, COLLEAGUE):
            cursor.execute("INSERT INTO staff (subject, name, role) VALUES (%s, 'C', 'manager')", (subject,))
        seed_zone(cursor, "SHARED")
        cursor.execute(AUTHORITY)
        cursor.execute(SHIFT, (ME,))
    return migrated_database


@pytest.mark.parametrize(("role", "statement"), NAMED)
def test_nobody_writes_in_another_s_name(urls: DatabaseUrls, role: Role, statement: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), as_api(urls, role, ME) as cursor:
        cursor.execute(statement, (OTHER,))
    with as_api(urls, role, ME) as cursor:
        cursor.execute(statement, (ME,))
        assert cursor.rowcount == 1


def test_nobody_puts_themselves_on_the_rota(urls: DatabaseUrls) -> None:
    with (
        pytest.raises(psycopg2.errors.InsufficientPrivilege, match="rota_shifts"),
        as_api(urls, Role.MANAGER, COLLEAGUE) as cursor,
    ):
        cursor.execute(SHIFT, (COLLEAGUE,))


def test_what_is_closed_or_cancelled_stays_so(urls: DatabaseUrls) -> None:
    with as_owner(urls.owner) as cursor:
        cursor.execute("UPDATE authorities SET closed_at = now(), closed_by = 'somebody.else'")
        cursor.execute("UPDATE rota_shifts SET cancelled_at = now(), cancelled_by = 'somebody.else'")
    with as_api(urls, Role.MANAGER, ME) as cursor:
        cursor.execute("UPDATE authorities SET closed_at = now(), closed_by = 'the.caller'")
        assert cursor.rowcount == 0
        cursor.execute("UPDATE rota_shifts SET cancelled_at = NULL, cancelled_by = NULL")
        assert cursor.rowcount == 0


def test_the_staff_list_is_for_roles_that_work_with_staff(urls: DatabaseUrls) -> None:
    for role in ("", "nonsense", Role.POLICE_ANALYST, Role.AUDITOR):
        with as_api(urls, role, ME) as cursor:
            cursor.execute("SELECT count(*) FROM staff")
            assert cursor.fetchall() == [(0,)], role


def test_which_zones_are_victims_is_not_to_be_asked_of_the_functions(urls: DatabaseUrls) -> None:
    with as_owner(urls.owner) as cursor:
        zone_id = seed_zone(cursor, "EZ-V", seed_wearer(cursor, "X-V").person_id)
        cursor.execute("INSERT INTO victims (liaison) VALUES ('the.caller')")
        cursor.execute(
            "INSERT INTO cordon_protected.addresses (victim_id, kind, address, lat, lon, margin_m, set_by)"
            " VALUES (1, 'home', 'x', 51, 0, 300, 'x')"
        )
        cursor.execute("INSERT INTO victim_zones VALUES (%s, 1, 1, 'x')", (zone_id,))
    for role in ("", Role.POLICE_ANALYST, Role.PRACTITIONER, Role.VICTIM_LIAISON):
        with as_api(urls, role, ME) as cursor:
            cursor.execute("SELECT * FROM shapes_not_allowed(%s, '[{}]')", ([zone_id],))
            assert cursor.fetchall() == [], role
    with as_api(urls, Role.DUTY_OFFICER, ME) as cursor:
        cursor.execute("SELECT * FROM shapes_not_allowed(%s, '[{}]')", ([zone_id],))
        assert cursor.fetchall() == [(zone_id,)], "who publishes is told"
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), as_api(urls, Role.MANAGER, ME) as cursor:
        cursor.execute("SELECT * FROM victim_addresses_ended()")


def test_a_case_names_nobody_but_who_acted_and_is_closed_by_closing(migrated_database: DatabaseUrls) -> None:
    world: CaseWorld = seed_case_world(migrated_database)
    world.act(STAFF[0], CaseAction.NOTE, text="x")
    for change in (
        "acknowledged_at = now(), acknowledged_by = 'officer.b'",
        "first_action_at = now(), first_action_by = 'officer.b'",
        f"{CLOSED}, closed_by = 'officer.b'",
        f"{CLOSED}, closed_by = 'officer.a'",
    ):
        with (
            pytest.raises(psycopg2.errors.CheckViolation, match="somebody else is named"),
            as_officer(world.urls, "officer.a", "practitioner") as cursor,
        ):
            cursor.execute(f"UPDATE alert_cases SET version = version + 1, {change}; {ACTED}")
