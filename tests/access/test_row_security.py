"""What the API's database role can reach by itself: a filter forgotten above leaks nothing."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import psycopg2.errors
import pytest

from store.database import Cursor, Identity, connect, set_identity
from tests.support.database import DatabaseUrls
from tests.support.seed import (
    MORNING,
    Wearer,
    as_owner,
    seed_alert,
    seed_positions,
    seed_shift,
    seed_wearer,
    seed_zone,
)

GUARDED = ("people", "visits", "alerts", "alert_events", "zones", "zone_versions")
NOBODYS = ("police_analyst", "match_reviewer", "monitoring_officer", "auditor", "unknown", "")
TRACK = "SELECT * FROM person_track(%s, '2026-03-01Z', '2026-03-04Z', NULL, NULL, NULL, 10)"

TRACK_GOES_ON = "SELECT person_track_goes_on(%s, '2026-03-01Z', '2026-03-04Z', '2026-03-01Z', 0, 0)"


@contextmanager
def as_api(urls: DatabaseUrls, role: str | None, subject: str = "the.practitioner") -> Iterator[Cursor]:
    with closing(connect(urls.api, "test")) as connection, connection, connection.cursor() as cursor:
        if role is not None:
            set_identity(cursor, Identity(subject, role, "test", "test"))
        yield cursor


def counts(cursor: Cursor) -> dict[str, int]:
    found = {}
    for table in GUARDED:
        column = "person_id" if table == "people" else "*"
        cursor.execute(f"SELECT count({column}) FROM {table}")
        row = cursor.fetchone()
        assert row is not None
        found[table] = row[0]
    return found


@pytest.fixture(scope="module")
def wearers(shared_database: DatabaseUrls) -> tuple[Wearer, Wearer]:
    return seed_two(shared_database)


def seed_two(urls: DatabaseUrls) -> tuple[Wearer, Wearer]:
    """One of the practitioner, one of another; each with a zone, a visit, an alert. And a shared zone, a shift."""
    with as_owner(urls.owner) as cursor:
        own = seed_wearer(cursor, "X1", "the.practitioner")
        other = seed_wearer(cursor, "X2", "another")
        for wearer in (own, other):
            seed_alert(cursor, wearer, seed_zone(cursor, f"Z{wearer.person_id}", wearer.person_id), MORNING)
            seed_positions(cursor, wearer.device_id, 3)
        seed_zone(cursor, "SHARED")
        seed_shift(cursor, "on.duty")
    return own, other


@pytest.mark.usefixtures("wearers")
@pytest.mark.parametrize("role", [None, *NOBODYS])
def test_without_a_caseload_nothing_is_visible(shared_database: DatabaseUrls, role: str | None) -> None:
    with as_api(shared_database, role) as cursor:
        assert counts(cursor) == dict.fromkeys(GUARDED, 0)


@pytest.mark.usefixtures("wearers")
def test_a_practitioner_sees_one_of_two_and_what_is_shared(shared_database: DatabaseUrls) -> None:
    with as_api(shared_database, "practitioner") as cursor:
        assert counts(cursor) == dict.fromkeys(GUARDED, 1) | {"zones": 2, "zone_versions": 2}
    with as_api(shared_database, "practitioner", subject="") as cursor:
        assert counts(cursor) == dict.fromkeys(GUARDED, 0) | {"zones": 1, "zone_versions": 1}


@pytest.mark.usefixtures("wearers")
@pytest.mark.parametrize("role", ["manager", "duty_officer", "service"])
def test_who_sees_both(shared_database: DatabaseUrls, role: str) -> None:
    """The service; who is on duty, for both have an open alert; a manager, for neither is of a team."""
    with as_api(shared_database, role, "on.duty") as cursor:
        assert counts(cursor) == dict.fromkeys(GUARDED, 2) | {"zones": 3, "zone_versions": 3}


@pytest.mark.usefixtures("wearers")
def test_an_administrator_sees_zones_and_who_there_is_and_nothing_that_anybody_did(
    shared_database: DatabaseUrls,
) -> None:
    with as_api(shared_database, "administrator") as cursor:
        assert counts(cursor) == dict.fromkeys(GUARDED, 0) | {"people": 2, "zones": 3, "zone_versions": 3}


@pytest.mark.parametrize("role", ["practitioner", "administrator", *NOBODYS])
def test_a_track_of_someone_else_is_refused(
    shared_database: DatabaseUrls, wearers: tuple[Wearer, Wearer], role: str
) -> None:
    with as_api(shared_database, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(TRACK, (wearers[1].person_id,))
    with as_api(shared_database, role) as cursor:
        cursor.execute(TRACK_GOES_ON, (wearers[1].person_id,))
        assert cursor.fetchone() == (False,)


def test_a_track_of_the_own_caseload_is_given_and_recorded(
    shared_database: DatabaseUrls, wearers: tuple[Wearer, Wearer]
) -> None:
    with as_api(shared_database, "practitioner") as cursor:
        cursor.execute(TRACK, (wearers[0].person_id,))
        assert len(cursor.fetchall()) == 3
    with as_owner(shared_database.owner) as cursor:
        cursor.execute("SELECT action, subject, person_id, row_count FROM audit_log")
        assert cursor.fetchall() == [("track.read", "the.practitioner", wearers[0].person_id, 3)]


@pytest.mark.usefixtures("wearers")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM positions",
        "SELECT * FROM quarantined_positions",
        "SELECT * FROM presence",
        "SELECT * FROM device_activations",
        "SELECT * FROM access_tokens",
        "SELECT * FROM sources",
        "SELECT * FROM audit_log",
        "SELECT date_of_birth FROM people",
        "SELECT nomis_id, pnc_id FROM people",
        "SELECT * FROM raw_batches",
        "SELECT * FROM dead_letters",
        "SELECT * FROM outbox",
        "UPDATE audit_log SET subject = 'x'",
        "DELETE FROM audit_log",
        "UPDATE people SET practitioner = 'the.practitioner'",
        "DELETE FROM alerts",
        "UPDATE alerts SET state = 'ended'",
        "UPDATE zone_versions SET geometry = '{}'",
        "DELETE FROM zones",
        "INSERT INTO access_tokens (token_hash, subject, role, expires_at) VALUES ('x', 'x', 'manager', 'infinity')",
        "SET ROLE cordon_worker",
        "SET row_security = off; SELECT person_id FROM people",
    ],
)
def test_even_who_sees_everyone_reaches_no_further(shared_database: DatabaseUrls, statement: str) -> None:
    with as_api(shared_database, "service") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)


@pytest.mark.usefixtures("wearers")
@pytest.mark.parametrize("role", ["practitioner", "manager", "duty_officer", "service", *NOBODYS])
def test_only_an_administrator_writes_zones(shared_database: DatabaseUrls, role: str) -> None:
    with as_api(shared_database, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("INSERT INTO zones (reference) VALUES ('NEW')")
    with as_api(shared_database, role) as cursor:
        cursor.execute("UPDATE zone_versions SET valid_to = '2027-01-01Z'")
        assert cursor.rowcount == 0


@pytest.mark.usefixtures("wearers")
def test_an_identity_ends_with_its_transaction(shared_database: DatabaseUrls) -> None:
    with closing(connect(shared_database.api, "test")) as connection, connection.cursor() as cursor:
        with connection:
            set_identity(cursor, Identity("m", "manager", "test", "test"))
        with connection:
            assert counts(cursor) == dict.fromkeys(GUARDED, 0)


def test_the_rule_is_asked_once_a_statement(migrated_database: DatabaseUrls) -> None:
    """A function asked for each of 10,000 alerts would be seen by every reader."""
    _, other = seed_two(migrated_database)
    with as_owner(migrated_database.owner) as cursor:
        zone = seed_zone(cursor, "BUSY")
        cursor.execute(
            "INSERT INTO visits SELECT gen_random_uuid(), %s, %s, %s, 1, ts, ts, NULL, 1"
            " FROM generate_series('2026-01-01Z'::timestamptz, '2026-01-07 22:39Z', '1 min') AS ts",
            (other.activation_id, other.person_id, zone),
        )
        cursor.execute("ANALYZE visits")
    with as_api(migrated_database, "practitioner") as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(*) FROM visits")
        row = cursor.fetchone()
        assert row is not None
        plan = row[0][0]
    assert plan["Execution Time"] < 100, plan
    assert all(part["Actual Loops"] == 1 for part in plan["Plan"]["Plans"][0].get("Plans", []))
