"""The sealer loses no record and makes nobody wait; the database lets nobody rewrite; pruning leaves a chain."""

from contextlib import closing
from itertools import product

import psycopg2.errors
import pytest

from access.audit import Action, Subject, record_allowed
from store.database import connect, fetch_one, set_identity
from tests.audit.conftest import OFFICER, Audited

SEALED = (
    "SELECT array_agg(id) FROM (SELECT unnest(audit_ids) AS id FROM audit_seals WHERE seal_id > 3 ORDER BY seal_id) x"
)


def test_a_record_that_is_committed_late_is_sealed_behind_later_ones(audited: Audited) -> None:
    with closing(connect(audited.urls.api, "slow")) as slow, slow.cursor() as cursor:
        set_identity(cursor, OFFICER)
        record_allowed(cursor, OFFICER, Action.TRACK_READ, Subject(1))
        later = audited.look(2)
        audited.seal()
        assert audited.value("SELECT max(seal_id) FROM audit_seals") == 3, "an earlier one may still come"
        slow.commit()
    audited.seal()
    assert audited.value(SEALED) == [later - 1, later]
    assert audited.verify(with_heads=True, with_key=True).problems == []


def test_readers_and_the_sealer_do_not_wait_for_each_other(audited: Audited) -> None:
    """Each holds a transaction open; nobody has a lock that another one asks for."""
    with closing(connect(audited.urls.api, "one")) as one, one.cursor() as cursor:
        set_identity(cursor, OFFICER)
        record_allowed(cursor, OFFICER, Action.TRACK_READ, Subject(1))
        audited.look(2)
        audited.seal()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        assert audited.value(waiting) == 0
        one.rollback()
    audited.look(3)
    audited.seal()
    found = audited.verify()
    assert (found.problems, found.unsealed, found.rows) == ([], 0, 14), "a number that was taken back is no gap"


def test_one_seals_and_another_takes_over(audited: Audited) -> None:
    standby = audited.new_sealer(audited.private_key)
    audited.look(1)
    standby.round()
    assert audited.value("SELECT max(seal_id) FROM audit_seals") == 3
    audited.sealer._let_go()
    standby.round()
    assert audited.value("SELECT max(seal_id) FROM audit_seals") == 4
    assert audited.verify(with_heads=True, with_key=True).problems == []
    standby._let_go()


def test_records_go_on_being_sealed_in_a_server_that_counts_lower(audited: Audited) -> None:
    """A restored database brings the numbers of another server's transactions."""
    audited.as_owner(
        "INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, written_by)"
        " VALUES ('x', 'manager', 'track.read', 'allowed', 'restored', '', '4000000000000')"
    )
    for _ in range(3):
        audited.look(1, 2)
        audited.seal()
    found = audited.verify(with_heads=True, with_key=True)
    assert (found.problems, found.unsealed) == ([], 0)
    assert audited.value("SELECT count(*) FROM audit_log WHERE action = 'audit.timeline'") == 1
    assert audited.value("SELECT max(timeline) FROM audit_log") == 2


def test_what_came_from_another_server_is_sealed_before_what_is_of_this_one(audited: Audited) -> None:
    """Its transactions may have numbers that are under way here; they are over all the same."""
    audited.as_owner("ALTER TABLE audit_log ALTER COLUMN timeline SET DEFAULT 2")
    audited.look(1)
    with audited.pool.transaction(OFFICER) as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        audited.as_owner(
            "INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, timeline, written_by)"
            f" VALUES ('x', 'manager', 'track.read', 'allowed', 'supplied', '', 1, '{fetch_one(cursor)[0]}')"
        )
        audited.seal()
    audited.seal()
    found = audited.verify()
    assert (found.problems, found.unsealed) == ([], 0)


def test_nobody_rewrites(shared: Audited) -> None:
    for login, table in product(("api", "worker", "sealer", "owner"), ("audit_log", "audit_seals")):
        with closing(connect(getattr(shared.urls, login), "test")) as connection, connection.cursor() as cursor:
            for statement in ("UPDATE {} SET timeline = 7", "DELETE FROM {}", "TRUNCATE {}"):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(statement.format(table))
                connection.rollback()


@pytest.mark.parametrize("login", ["api", "worker", "keeper"])
def test_the_programs_cannot_say_when_or_as_which_row(shared: Audited, login: str) -> None:
    values = {"audit_id": "99", "happened_at": "'2020-01-01'", "timeline": "1", "written_by": "'1'"}
    with closing(connect(getattr(shared.urls, login), "test")) as connection, connection.cursor() as cursor:
        for column, value in values.items():
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(
                    f"INSERT INTO audit_log ({column}, subject, role, action, outcome, purpose, request_id)"
                    f" OVERRIDING SYSTEM VALUE VALUES ({value}, 'x', 'manager', 'x', 'allowed', 'x', '')"
                )
            connection.rollback()


def test_what_is_pruned_leaves_a_sealed_record_and_a_chain(audited: Audited) -> None:
    until = audited.value("SELECT newest_at + interval '1 microsecond' FROM audit_seals WHERE seal_id = 2")
    assert audited.value(f"SELECT prune_audit('{until}')") == 8
    assert audited.value(f"SELECT prune_audit('{until}')") == 0
    assert audited.value("SELECT min(audit_id) FROM audit_log") == 9
    audited.seal()
    found = audited.verify(with_heads=True, with_key=True)
    assert found.problems == []
    assert found.pruning is not None
    assert (found.pruning.through_seal, found.pruning.rows_before, found.seals) == (2, 8, 2)
    audited.as_owner("UPDATE audit_log SET detail = '{}' WHERE action = 'audit.prune'")
    said = audited.verify(with_heads=True).problems
    assert any("is not what was sealed" in one for one in said)
    assert any("the pruning through seal 2 is not on record" in one for one in said)


def test_everything_may_be_pruned_and_the_chain_goes_on(audited: Audited) -> None:
    assert audited.value("SELECT prune_audit('infinity')") == 12
    audited.look(5)
    audited.seal()
    found = audited.verify(with_heads=True, with_key=True)
    assert (found.problems, found.seals, found.rows, found.newest_seal) == ([], 1, 2, 4)


def test_who_looked_at_a_person_is_complete_and_nobody_else_s(audited: Audited) -> None:
    with audited.pool.transaction(OFFICER) as cursor:
        record_allowed(cursor, OFFICER, Action.PEOPLE_LIST, Subject(row_count=3, person_ids=[70, 71, None, 70]))
        record_allowed(cursor, OFFICER, Action.PERSON_READ, Subject(70))
        record_allowed(cursor, OFFICER, Action.PERSON_READ, Subject(71))
    looks = "SELECT array_agg(concat_ws(' ', action, among_others) ORDER BY audit_id) FROM looks_at(70)"
    assert audited.value(looks) == ["people.list t", "person.read f"]
    assert audited.value("SELECT person_ids FROM audit_log WHERE action = 'people.list'") == [70, 71]
