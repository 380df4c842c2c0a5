"""No table is forgotten: each is exported, or left out with a reason; likewise of what a person is given."""

import re

from store.exports import court, subject
from store.exports.copying import Table, read_tables
from store.exports.supplied import LEFT_OUT, PROTECTED, SEEDED, SUPPLIED
from store.exports.withheld import NOT_GIVEN, WITHHELD
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

SHOWN_BY = {
    "activation_records": "device_activations",
    "audit_log": "person_looks",
    "staff": "role_of_staff",
    "licence_conditions": "licence_conditions",
}
"""Views and functions by which a section reads a table."""
SECRET = re.compile(r"key_hash|token_hash|secret|password")


def tables_of(database: DatabaseUrls) -> dict[str, Table]:
    with as_owner(database.owner) as cursor:
        return read_tables(cursor)


def test_each_table_is_supplied_or_left_out_with_a_reason(migrated_database: DatabaseUrls) -> None:
    tables = tables_of(migrated_database)
    assert set(SUPPLIED) | set(LEFT_OUT) == set(tables), "add the new table to store/exports/supplied.py"
    assert not set(SUPPLIED) & set(LEFT_OUT)
    assert set(SUPPLIED) >= PROTECTED | SEEDED
    assert all(len(one.reason) > 10 for one in LEFT_OUT.values())


def test_no_secret_is_among_what_is_supplied(migrated_database: DatabaseUrls) -> None:
    columns = {
        f"{name}.{column.name}"
        for name, table in tables_of(migrated_database).items()
        if name in SUPPLIED
        for column in table.columns
        if SECRET.search(column.name)
    }
    assert columns == set()


def test_whoever_is_protected_brings_along_all_that_refers_to_them(migrated_database: DatabaseUrls) -> None:
    """Without the addresses, what refers to them could not be taken in."""
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute(
            "SELECT own.relnamespace::regnamespace || '.' || own.relname FROM pg_constraint"
            " JOIN pg_class own ON own.oid = conrelid JOIN pg_class other ON other.oid = confrelid"
            " WHERE contype = 'f' AND other.relnamespace::regnamespace || '.' || other.relname = ANY (%s)",
            (sorted(PROTECTED),),
        )
        assert {name for (name,) in cursor.fetchall()} <= PROTECTED
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'cordon_protected'")
        assert {f"cordon_protected.{name}" for (name,) in cursor.fetchall()} <= PROTECTED


def test_each_table_is_given_to_a_person_who_asks_or_left_out_with_a_reason(migrated_database: DatabaseUrls) -> None:
    texts = subject.COMMON + " ".join(section.query for section in subject.SECTIONS)
    words = set(re.findall(r"\w+", texts))
    given = {
        name
        for name in tables_of(migrated_database)
        if name.startswith("cordon.") and {(short := name.removeprefix("cordon.")), SHOWN_BY.get(short)} & words
    }
    known = given | set(NOT_GIVEN)
    assert known >= set(tables_of(migrated_database)), "add the new table to a section, or to NOT_GIVEN with a reason"
    assert set(NOT_GIVEN) <= set(tables_of(migrated_database))
    assert given & set(NOT_GIVEN) == {"cordon.audit_log"}, "it is given through a function"


def test_each_file_has_one_section() -> None:
    for sections in (subject.SECTIONS, court.SECTIONS):
        assert len({section.name for section in sections}) == len(sections)
    assert len({one.what for one in WITHHELD}) == len(WITHHELD)
