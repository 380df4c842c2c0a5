"""Conditions below the API: a second person, words that stay, and zones that only an approval publishes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2.errors
import pytest

from access.roles import Role
from api.condition_files import read_one_condition
from ops.settings import Settings
from store.condition_list import list_conditions
from store.conditions import draft_conditions
from store.database import Cursor, Identity, Pool
from tests.support.conditions import condition
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer, seed_zone

OFFICER, MANAGER = "officer.jones", "manager.patel"
DECIDE = "UPDATE condition_versions SET status = 'live', decided_by = %s, decided_at = service_clock()"
GEOMETRY = "INSERT INTO zone_versions (zone_id, version, name, kind, geometry, valid_from, revision, created_by) VALUES"


@pytest.fixture
def drafted(migrated_database: DatabaseUrls) -> int:
    """A condition of X1, drafted by their practitioner."""
    with as_owner(migrated_database.owner) as cursor:
        seed_wearer(cursor, "X1", OFFICER)
        seed_wearer(cursor, "X2", "another.officer")
        (number,) = draft_conditions(cursor, [read_one_condition(document(), Settings(), "X1")], OFFICER)
    return number


def document() -> bytes:
    return json.dumps(condition()).encode()


@contextmanager
def asking(urls: DatabaseUrls, role: Role, subject: str) -> Iterator[Cursor]:
    pool = Pool(urls.api, "test", 1)
    try:
        with pool.transaction(Identity(subject, role, "test", "")) as cursor:
            yield cursor
    finally:
        pool.close()


@pytest.mark.parametrize("subject", [OFFICER, "Officer.Jones", " officer.jones", "OFFICER . JONES"])
def test_the_table_itself_refuses_the_drafter_as_approver_even_to_the_owner(
    migrated_database: DatabaseUrls, drafted: int, subject: str
) -> None:
    assert drafted
    with (
        as_owner(migrated_database.owner) as cursor,
        pytest.raises(psycopg2.errors.CheckViolation, match="second_person"),
    ):
        cursor.execute(DECIDE, (subject,))


def test_nobody_approves_in_another_s_name_or_without_the_role(migrated_database: DatabaseUrls, drafted: int) -> None:
    assert drafted
    for role, asking_subject, named in (
        (Role.MANAGER, "m", MANAGER),
        (Role.PRACTITIONER, OFFICER, MANAGER),
        (Role.PRACTITIONER, OFFICER, OFFICER),
    ):
        with (
            pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.CheckViolation)),
            asking(migrated_database, role, asking_subject) as cursor,
        ):
            cursor.execute(DECIDE, (named,))


def test_what_was_decided_stays_word_for_word_even_to_the_owner(migrated_database: DatabaseUrls, drafted: int) -> None:
    assert drafted
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute(DECIDE, (MANAGER,))
    for statement in (
        "UPDATE condition_versions SET wording = 'other'",
        "UPDATE condition_versions SET wording = 'other', edition = edition + 1",
        "UPDATE condition_versions SET decided_by = 'somebody.else'",
        "UPDATE condition_versions SET drafters = ARRAY['somebody.else']",
        "UPDATE condition_versions SET status = 'draft', decided_by = NULL, decided_at = NULL",
        "DELETE FROM condition_versions",
    ):
        with as_owner(migrated_database.owner) as cursor, pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
            cursor.execute(statement)


def test_a_draft_is_changed_edition_by_edition_and_no_drafter_is_forgotten(
    migrated_database: DatabaseUrls, drafted: int
) -> None:
    assert drafted
    for statement in (
        "UPDATE condition_versions SET wording = 'other'",
        "UPDATE condition_versions SET drafters = ARRAY['somebody.else'], edition = 2",
    ):
        with as_owner(migrated_database.owner) as cursor, pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
            cursor.execute(statement)


def test_conditions_are_seen_by_who_may_see_the_person(migrated_database: DatabaseUrls, drafted: int) -> None:
    for role, subject, expected in (
        (Role.PRACTITIONER, OFFICER, [drafted]),
        (Role.PRACTITIONER, "another.officer", []),
        (Role.MANAGER, "m", [drafted]),
        (Role.DUTY_OFFICER, "d", []),  # not on duty
        (Role.ADMINISTRATOR, "a", []),
        (Role.POLICE_ANALYST, "p", []),
        (Role.AUDITOR, "u", []),
    ):
        with asking(migrated_database, role, subject) as cursor:
            assert [one.condition_id for one in list_conditions(cursor, None, None, 0, 10)] == expected, role
            cursor.execute("SELECT count(*) FROM condition_versions")
            assert cursor.fetchone() == (len(expected),)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MANAGER, Role.PRACTITIONER])
def test_a_person_s_zone_is_published_by_nothing_but_an_approval(migrated_database: DatabaseUrls, role: Role) -> None:
    with as_owner(migrated_database.owner) as cursor:
        wearer = seed_wearer(cursor, "X3", OFFICER)
        zone_id = seed_zone(cursor, "THEIRS", wearer.person_id)
    insert = f"{GEOMETRY} (%s, 2, 'Wider', 'exclusion', '{{}}', now(), 1, 'x')"
    with (
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
        asking(migrated_database, role, OFFICER) as cursor,
    ):
        cursor.execute(insert, (zone_id,))
    with asking(migrated_database, role, OFFICER) as cursor:
        cursor.execute("UPDATE zone_versions SET valid_to = now() WHERE zone_id = %s", (zone_id,))
        assert cursor.rowcount == 0


def test_an_approver_publishes_what_was_approved_and_nothing_else(
    migrated_database: DatabaseUrls, drafted: int
) -> None:
    zone = "INSERT INTO zones (reference, person_id) SELECT reference, person_id FROM licence_conditions"
    version = f"{GEOMETRY} ((SELECT zone_id FROM zones), 1, 'Wider', 'exclusion', '{{}}', now(), 1, 'x')"
    with (
        asking(migrated_database, Role.MANAGER, MANAGER) as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(zone)
    with asking(migrated_database, Role.MANAGER, MANAGER) as cursor:
        cursor.execute(DECIDE + " WHERE condition_id = %s", (MANAGER, drafted))
        cursor.execute(zone)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(version)


def test_a_zone_that_has_ended_is_not_made_to_go_on_without_another_approval(
    migrated_database: DatabaseUrls, drafted: int
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute(DECIDE + " WHERE condition_id = %s", (MANAGER, drafted))
        cursor.execute("SELECT reference, person_id FROM licence_conditions")
        [(reference, person_id)] = cursor.fetchall()
        seed_zone(cursor, reference, person_id)
        cursor.execute("UPDATE zone_versions SET valid_to = '2026-10-01Z'")
    for longer in ("NULL", "'infinity'", "'2026-10-02Z'"):
        with (
            asking(migrated_database, Role.DUTY_OFFICER, OFFICER) as cursor,
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ):
            cursor.execute(f"UPDATE zone_versions SET valid_to = {longer}")
    with asking(migrated_database, Role.DUTY_OFFICER, OFFICER) as cursor:
        cursor.execute("UPDATE zone_versions SET valid_to = '2026-09-30Z'")
        assert cursor.rowcount == 1
