"""A person who is in every table is in none after the end of the order; a hold keeps the whole of another."""

from collections import Counter
from datetime import timedelta

import pytest

from ingest.archive import messages
from model.retention import BY_AGE_ALONE, Kind, RetentionRules, Rule
from store.database import Cursor
from store.retention_tables import KEPT, STEPS, kind_of_tables
from tests.support.database import DatabaseUrls
from tests.support.planted import ALEX, AUDIT, PLANTED_AT, SAM, plant, tables, where_found
from tests.support.retention import AFTER_THE_END, run
from tests.support.seed import as_owner

BY_AGE: RetentionRules = {kind: Rule(None if kind in {Kind.PEOPLE, Kind.VICTIMS} else 30, None) for kind in Kind}
GO_WITH_THE_ALERT = {"outbox", "delivery_attempts", "notices"}
OF_NOBODY = {step.table for step in STEPS if step.kind in BY_AGE_ALONE} - GO_WITH_THE_ALERT
OF_A_VICTIM = {table for table, kind in kind_of_tables().items() if kind is Kind.VICTIMS} | {"victim_zones"}
OF_THE_PERSON = {table for table, kind in kind_of_tables().items() if kind in {Kind.PEOPLE, Kind.VICTIMS}}


@pytest.fixture(params=["migrated_database", "migrated_timescale_database"])
def database(request: pytest.FixtureRequest) -> DatabaseUrls:
    """On the plain table of positions, and on the hypertable."""
    found: DatabaseUrls = request.getfixturevalue(request.param)
    with as_owner(found.owner) as cursor:
        plant(cursor, [SAM, ALEX], set(KEPT) | AUDIT)
        cursor.execute(
            "UPDATE legal_holds SET released_at = NULL, released_by = NULL, from_time = %s, to_time = %s"
            " WHERE person_id = %s",
            (PLANTED_AT - timedelta(hours=1), PLANTED_AT + timedelta(hours=1), ALEX.number),
        )
    return found


def archived(cursor: Cursor) -> list[bytes | None]:
    cursor.execute("SELECT body FROM raw_batches")
    return [message.key for (body,) in cursor.fetchall() for message in messages(bytes(body))]


def test_every_table_has_a_rule_or_a_reason_to_stay(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        assert set(tables(cursor)) == kind_of_tables().keys() | KEPT.keys()
    assert not kind_of_tables().keys() & KEPT.keys()


def test_a_planted_person_leaves_none_behind(database: DatabaseUrls) -> None:
    with as_owner(database.owner) as cursor:
        everywhere = set(kind_of_tables()) - {"raw_batches", "device_heard", "track_cells"} - AUDIT
        sam, alex = where_found(cursor, SAM), where_found(cursor, ALEX)
        assert everywhere <= sam.keys(), everywhere - sam.keys()

    expected = run(database, AFTER_THE_END, dry=True)
    with as_owner(database.owner) as cursor:
        assert (where_found(cursor, SAM), where_found(cursor, ALEX)) == (sam, alex)  # it only counted
    assert run(database, AFTER_THE_END) == expected

    with as_owner(database.owner) as cursor:
        assert where_found(cursor, SAM).keys() - OF_NOBODY == {"audit_log"}
        cursor.execute("SELECT action, detail FROM audit_log WHERE person_id = %s", (SAM.number,))
        assert cursor.fetchall() == [("retention.run", {"erased": True})]
        still = where_found(cursor, ALEX)
        assert {table for table in alex if still.get(table) != alex[table]} == OF_A_VICTIM
        assert archived(cursor) == [None, ALEX.serial.encode()]
    assert run(database, AFTER_THE_END) == Counter()


def test_what_is_old_goes_by_its_age(database: DatabaseUrls) -> None:
    with as_owner(database.owner) as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE people SET ended_at = NULL")
        cursor.execute("UPDATE condition_versions SET status = 'live', ended_at = NULL, ends_at = NULL")
    expected = run(database, BY_AGE, dry=True)
    assert run(database, BY_AGE) == expected
    with as_owner(database.owner) as cursor:
        assert where_found(cursor, SAM).keys() - OF_THE_PERSON == {"presence"}  # a visit that goes on has no age
        assert archived(cursor) == [None, ALEX.serial.encode()]


def test_a_stub_that_says_nothing_stays_while_another_s_record_refers_to_the_person(
    migrated_database: DatabaseUrls,
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        plant(cursor, [SAM], set(KEPT) | AUDIT | {"legal_holds"})
        cursor.execute("CREATE TABLE of_another AS SELECT person_id FROM people")
        cursor.execute("ALTER TABLE of_another ADD FOREIGN KEY (person_id) REFERENCES people")
    expected = run(migrated_database, AFTER_THE_END, dry=True)
    assert run(migrated_database, AFTER_THE_END) == expected
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("SELECT to_jsonb(people) - 'person_id' - 'created_at' - 'ended_at' FROM people")
        nothing = dict.fromkeys(("nomis_id", "pnc_id", "date_of_birth", "practitioner", "team_id"))
        assert cursor.fetchall() == [({"crn": f"erased-{SAM.number}", "name": "erased", **nothing},)]
        assert "activation_records" not in where_found(cursor, SAM)
        assert run(migrated_database, AFTER_THE_END) == Counter()
        cursor.execute("DROP TABLE of_another")
    assert run(migrated_database, AFTER_THE_END) == Counter()
    with as_owner(migrated_database.owner) as cursor:
        assert "people" not in where_found(cursor, SAM)
