"""Whose crimes the database lets the API's role see and write, whatever the API forgets."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2.errors
import pytest

from store.database import Cursor, Identity, connect, fetch_one, set_identity
from tests.crimes.files.police_files import police_csv
from tests.support.crime_imports import Importer, value
from tests.support.database import DatabaseUrls

TABLES = ("crime_batches", "crime_batch_errors", "crimes", "crime_versions", "matching_wanted")
WRONG = {"crime_reference": "BAD", "crime_type_id": "XX"}
OTHER_ROLES = ("practitioner", "manager", "duty_officer", "administrator", "auditor", "service", "unknown", "")
BATCH = (
    "INSERT INTO crime_batches (force, reference, content_hash, format, received_by, imported_by, state, row_count,"
    " new_count, changed_count, unchanged_count, error_count)"
    " VALUES (%s, 'B', 'another', 'csv', %s, %s, 'accepted', 0, 0, 0, 0, 0)"
)
VERSION = (
    "INSERT INTO crime_versions (crime_id, version, crime_batch_id, row_number, crime_type, description, lat, lon,"
    " place_uncertainty_m, from_time, to_time, windows, given, changed_fields, revision)"
    " VALUES (%s, 2, %s, 1, 'RB', 'x', 51, 0, 0, now(), now(), '[]', '{}', '{}', 1)"
)


@contextmanager
def as_police(urls: DatabaseUrls, force: str, role: str = "police_analyst", subject: str = "me") -> Iterator[Cursor]:
    with closing(connect(urls.api, "test")) as connection, connection, connection.cursor() as cursor:
        set_identity(cursor, Identity(subject, role, "test", "test", force))
        yield cursor


@pytest.fixture(scope="module")
def urls(shared_database: DatabaseUrls) -> DatabaseUrls:
    """With one batch of the Metropolitan police: one crime, one error."""
    Importer(shared_database).send(police_csv({}, WRONG))
    return shared_database


@pytest.fixture
def fresh_urls(migrated_database: DatabaseUrls) -> DatabaseUrls:
    """The same, for a test that adds to it."""
    Importer(migrated_database).send(police_csv({}, WRONG))
    return migrated_database


def counts(cursor: Cursor) -> set[int]:
    found = set()
    for table in TABLES:
        cursor.execute(f"SELECT count(*) FROM {table}")
        found.add(fetch_one(cursor)[0])
    return found


def test_a_force_sees_its_own(urls: DatabaseUrls) -> None:
    with as_police(urls, "Metropolitan") as cursor:
        assert counts(cursor) == {1}


@pytest.mark.parametrize("force", ["Kent", "metropolitan", "", "%"])
def test_another_force_sees_nothing(urls: DatabaseUrls, force: str) -> None:
    with as_police(urls, force) as cursor:
        assert counts(cursor) == {0}


@pytest.mark.parametrize("role", OTHER_ROLES)
def test_nobody_else_sees_or_writes_anything_whatever_force_is_claimed(urls: DatabaseUrls, role: str) -> None:
    with as_police(urls, "Metropolitan", role) as cursor:
        assert counts(cursor) == {0}
    with as_police(urls, "Metropolitan", role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(BATCH, ("Metropolitan", "api", "me"))


def test_a_force_writes_for_itself_and_in_its_sender_s_own_name(fresh_urls: DatabaseUrls) -> None:
    with as_police(fresh_urls, "Metropolitan") as cursor:
        cursor.execute(BATCH, ("Metropolitan", "api", "me"))
    for wrong in (("Kent", "api", "me"), ("Metropolitan", "folder", "me"), ("Metropolitan", "api", "somebody.else")):
        with as_police(fresh_urls, "Metropolitan") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(BATCH, wrong)


def test_another_force_adds_nothing_to_it(fresh_urls: DatabaseUrls) -> None:
    crime, batch, version = (
        value(fresh_urls, f"SELECT max({column}) FROM {table}")
        for column, table in (
            ("crime_id", "crimes"),
            ("crime_batch_id", "crime_batches"),
            ("crime_version_id", "crime_versions"),
        )
    )
    with as_police(fresh_urls, "Kent") as cursor:
        cursor.execute(BATCH + " RETURNING crime_batch_id", ("Kent", "api", "me"))
        own_batch = fetch_one(cursor)[0]
        cursor.execute("INSERT INTO crimes (force, reference) VALUES ('Kent', 'K') RETURNING crime_id")
        own_crime = fetch_one(cursor)[0]
    forbidden: list[tuple[str, tuple[object, ...]]] = [
        ("INSERT INTO crimes (force, reference) VALUES ('Metropolitan', 'K')", ()),
        (VERSION, (crime, own_batch)),
        (VERSION, (own_crime, batch)),
        ("INSERT INTO crime_batch_errors VALUES (%s, 9, 1, 'f', 'v', 'p', 'r')", (batch,)),
        (
            "INSERT INTO matching_wanted (crime_version_id, cause, requested_by) VALUES (%s, 'requested', 'me')",
            (version,),
        ),
    ]
    for statement, values in forbidden:
        with as_police(fresh_urls, "Kent") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement, values)
    with as_police(fresh_urls, "Kent") as cursor:
        cursor.execute("UPDATE crime_versions SET is_current = false")
        assert cursor.rowcount == 0
        cursor.execute(VERSION, (own_crime, own_batch))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM crimes",
        "DELETE FROM crime_versions",
        "DELETE FROM crime_batches",
        "DELETE FROM crime_batch_errors",
        "DELETE FROM matching_wanted",
        "UPDATE crimes SET reference = 'x'",
        "UPDATE crime_versions SET lat = 0",
        "UPDATE crime_batches SET state = 'accepted'",
        "UPDATE matching_wanted SET due_at = 'infinity'",
        "SELECT * FROM matching_results",
        "SELECT * FROM rematches_wanted",
    ],
)
def test_what_came_in_is_not_rewritten(urls: DatabaseUrls, statement: str) -> None:
    with as_police(urls, "Metropolitan") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)
