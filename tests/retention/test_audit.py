"""The audit is let go by its own rule, from the beginning of its chain; what is left of it verifies."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from access.audit_verification import verify_audit
from model.retention import Kind, RetentionRules, Rule
from store.database import fetch_one
from tests.support.database import DatabaseUrls
from tests.support.retention import AFTER_THE_END, run
from tests.support.sealing import seal_all
from tests.support.seed import as_owner, seed_wearer

OLD_AUDIT: RetentionRules = {kind: Rule(30 if kind is Kind.AUDIT else None, None) for kind in Kind}


def look(database: DatabaseUrls, *days_ago: int) -> None:
    """A record of each, then a seal over them."""
    with as_owner(database.owner) as cursor:
        for days in days_ago:
            cursor.execute(
                "INSERT INTO audit_log (happened_at, subject, role, action, outcome, purpose, request_id)"
                " VALUES (%s, 'x', 'manager', 'people.list', 'allowed', '', '')",
                (datetime.now(UTC) - timedelta(days=days),),
            )
    seal_all(database)


def test_old_seals_go_with_their_records_and_the_rest_verifies(migrated_database: DatabaseUrls) -> None:
    for days_ago in ((50, 45), (40,), (35, 1), (33,), (0,)):
        look(migrated_database, *days_ago)
    gone = Counter({(Kind.AUDIT, "audit_log"): 3})  # what is behind a record that stays, stays with it
    assert run(migrated_database, OLD_AUDIT, dry=True) == gone
    assert run(migrated_database, OLD_AUDIT) == gone
    assert run(migrated_database, OLD_AUDIT) == Counter()
    seal_all(migrated_database)
    with as_owner(migrated_database.owner) as cursor:
        found = verify_audit(cursor, (), [])
        cursor.execute("SELECT array_agg(action ORDER BY audit_id) FROM audit_log WHERE subject <> 'x'")
        assert fetch_one(cursor)[0] == ["audit.prune", "retention.run", "retention.run"]
    assert (found.problems, found.rows) == ([], 7)


def test_who_was_not_monitored_when_a_crime_was_matched_is_forgotten_with_the_person(
    migrated_database: DatabaseUrls,
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        ended, other = (seed_wearer(cursor, crn).person_id for crn in ("ENDED", "OTHER"))
        cursor.execute("UPDATE people SET ended_at = now() - interval '40 days' WHERE person_id = %s", (ended,))
        cursor.execute("UPDATE activation_records SET during = tstzrange(lower(during), now() - interval '41 days')")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "INSERT INTO not_monitored VALUES (1, set_bit(set_bit(%s, %s, 1), %s, 1))", (bytes(2), ended, other)
        )
        cursor.execute("INSERT INTO not_monitored VALUES (2, '\\x')")
    assert run(migrated_database, AFTER_THE_END)[Kind.PEOPLE, "people"] == 1
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute(
            "SELECT get_bit(people, %s), get_bit(people, %s) FROM not_monitored WHERE crime_version_id = 1",
            (ended, other),
        )
        assert fetch_one(cursor) == (0, 1)
