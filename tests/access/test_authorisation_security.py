"""Whom the database lets see, grant and revoke authorisations, whatever the API forgets."""

from dataclasses import dataclass

import psycopg2.errors
import pytest

from store.database import Cursor, fetch_one
from tests.access.test_row_security import as_api
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer, seed_zone

GRANTERS = ("practitioner", "manager", "duty_officer")
OTHERS = (
    "administrator",
    "service",
    "police_analyst",
    "match_reviewer",
    "monitoring_officer",
    "auditor",
    "unknown",
    "",
)
INSERT = (
    "INSERT INTO authorisations (person_id, zone_id, during, purpose, granted_by, revision)"
    " VALUES (%s, %s, '[2027-01-01Z, 2027-01-02Z)', 'test', %s, 1)"
)
REVOKE = "UPDATE authorisations SET revoked_at = now(), revoked_by = %s"


@dataclass(frozen=True, slots=True)
class World:
    urls: DatabaseUrls
    own: int
    other: int
    own_zone: int
    other_zone: int
    shared: int


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> World:
    return seed_world(migrated_database)


@pytest.fixture(scope="module")
def shared_world(shared_database: DatabaseUrls) -> World:
    return seed_world(shared_database)


def seed_world(urls: DatabaseUrls) -> World:
    """The practitioner's person and another one; each has a zone, and an authorisation in it."""
    with as_owner(urls.owner) as cursor:
        own = seed_wearer(cursor, "X1", "the.practitioner").person_id
        other = seed_wearer(cursor, "X2", "another").person_id
        own_zone, other_zone = (seed_zone(cursor, f"Z{person}", person) for person in (own, other))
        for person, zone in ((own, own_zone), (other, other_zone)):
            cursor.execute(INSERT, (person, zone, "seed"))
        return World(urls, own, other, own_zone, other_zone, seed_zone(cursor, "SHARED"))


def visible(cursor: Cursor) -> int:
    cursor.execute("SELECT count(*) FROM authorisations")
    count: int = fetch_one(cursor)[0]
    return count


@pytest.mark.parametrize(
    ("role", "expected"),
    [("practitioner", 1), ("manager", 2), ("duty_officer", 1), ("service", 2)]
    + [(role, 0) for role in OTHERS if role != "service"],
)
def test_it_is_the_person_s_data(shared_world: World, role: str, expected: int) -> None:
    with as_api(shared_world.urls, role) as cursor:
        assert visible(cursor) == expected


@pytest.mark.parametrize("role", GRANTERS)
def test_who_supervises_grants_and_revokes_in_their_own_name(world: World, role: str) -> None:
    with as_api(world.urls, role) as cursor:
        cursor.execute(INSERT, (world.own, world.shared, "the.practitioner"))
        cursor.execute(f"{REVOKE} WHERE person_id = %s", ("the.practitioner", world.own))
        assert cursor.rowcount == 2
    for statement, values in (
        (INSERT, (world.own, world.own_zone, "somebody.else")),
        (f"{REVOKE} WHERE person_id = {world.other}", ("somebody.else",)),
    ):
        if role != "manager" and statement != INSERT:
            continue  # does not see that one at all
        with as_api(world.urls, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement, values)


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_grants_or_revokes(shared_world: World, role: str) -> None:
    with as_api(shared_world.urls, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(INSERT, (shared_world.own, shared_world.own_zone, "the.practitioner"))
    with as_api(shared_world.urls, role) as cursor:
        cursor.execute(REVOKE, ("the.practitioner",))
        assert cursor.rowcount == 0


def test_a_practitioner_reaches_nobody_else_s_person(shared_world: World) -> None:
    for zone in (shared_world.other_zone, shared_world.shared):
        with as_api(shared_world.urls, "practitioner") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(INSERT, (shared_world.other, zone, "the.practitioner"))
    with as_api(shared_world.urls, "practitioner") as cursor:
        cursor.execute(f"{REVOKE} WHERE person_id = %s", ("the.practitioner", shared_world.other))
        assert cursor.rowcount == 0


def test_a_zone_of_somebody_else_is_not_lifted(shared_world: World) -> None:
    with as_api(shared_world.urls, "manager") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(INSERT, (shared_world.own, shared_world.other_zone, "the.practitioner"))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM authorisations",
        "UPDATE authorisations SET during = '[2027-01-01Z, 2028-01-01Z)'",
        "UPDATE authorisations SET purpose = 'x'",
        "UPDATE authorisations SET granted_by = 'x'",
        "INSERT INTO authorisations (granted_at) VALUES ('2026-01-01Z')",
        "SELECT * FROM reevaluations",
    ],
)
def test_what_was_granted_is_not_rewritten(shared_world: World, statement: str) -> None:
    with as_api(shared_world.urls, "manager") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)


def test_a_revocation_is_final(world: World) -> None:
    with as_api(world.urls, "manager") as cursor:
        cursor.execute(REVOKE, ("the.practitioner",))
        assert cursor.rowcount == 2
    with as_api(world.urls, "manager") as cursor:
        cursor.execute("UPDATE authorisations SET revoked_at = NULL, revoked_by = NULL")
        assert cursor.rowcount == 0
