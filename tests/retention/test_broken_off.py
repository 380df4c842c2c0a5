"""A run that is broken off is finished by the next; a hold that is placed while one works is kept to."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg2.errors
import pytest

from ingest.retention import Run
from model.retention import Kind
from ops.errors import InputError
from store.activations import activate
from store.database import Cursor, connect
from store.locks import Lock
from store.retention_tables import KEPT
from tests.support.database import DatabaseUrls
from tests.support.matching import IDENTITY
from tests.support.planted import ALEX, AUDIT, PLANTED_AT, SAM, plant, where_found
from tests.support.retention import AFTER_THE_END, run
from tests.support.seed import as_owner

BEFORE_ANYTHING_GOES = 3  # the right to run and the plan came before it


class KilledError(Exception):
    """The process is gone."""


@dataclass(slots=True)
class Interrupted(Run):
    """After so many transactions something happens between one and the next."""

    after: int = 0
    what: Callable[[], None] = lambda: None

    @contextmanager
    def _transaction(self, *, is_planned: bool = True) -> Iterator[Cursor]:
        self.after -= 1
        if self.after == 0:
            self.what()
        with Run._transaction(self, is_planned=is_planned) as cursor:
            yield cursor


def interrupted(database: DatabaseUrls, after: int, what: Callable[[], None]) -> Counter[tuple[Kind, str]]:
    """What had gone by the time it ended."""
    with closing(connect(database.keeper, "test")) as connection:
        work = Interrupted(connection, AFTER_THE_END, IDENTITY, after=after, what=what)
        with suppress(KilledError):
            work.delete()
        return work.counts


def kill() -> None:
    raise KilledError


@pytest.fixture
def database(migrated_database: DatabaseUrls) -> DatabaseUrls:
    with as_owner(migrated_database.owner) as cursor:
        plant(cursor, [SAM, ALEX], set(KEPT) | AUDIT | {"legal_holds"})
    return migrated_database


def test_a_run_that_was_killed_is_finished_by_the_next(database: DatabaseUrls) -> None:
    expected = run(database, AFTER_THE_END, dry=True)
    gone: Counter[tuple[Kind, str]] = Counter()
    for after in range(3, 90, 7):
        gone += interrupted(database, after, kill)
    gone += run(database, AFTER_THE_END)
    assert gone == expected
    with as_owner(database.owner) as cursor:
        assert "people" not in where_found(cursor, SAM)
    assert run(database, AFTER_THE_END) == Counter()


@pytest.mark.parametrize("after", [3, 12, 60])
def test_a_hold_that_is_placed_meanwhile_keeps_what_is_still_there(database: DatabaseUrls, after: int) -> None:
    left: dict[str, int] = {}

    def hold() -> None:
        with as_owner(database.owner) as cursor:
            cursor.execute(
                "INSERT INTO legal_holds (person_id, from_time, to_time, reason, placed_by)"
                " VALUES (%s, %s - interval '1 hour', %s + interval '1 hour', 'complaint', 'manager')",
                (ALEX.number, PLANTED_AT, PLANTED_AT),
            )
            left.update(where_found(cursor, ALEX))

    interrupted(database, after, hold)
    with as_owner(database.owner) as cursor:
        still = where_found(cursor, ALEX)
        of_a_victim = {table for table in left if "victim" in table or "protected" in table}
        assert {table for table in left if still.get(table, 0) < left[table]} == of_a_victim
        assert "people" in still
        assert "people" not in where_found(cursor, SAM)


def test_two_runs_are_never_at_work_at_once(database: DatabaseUrls) -> None:
    with closing(connect(database.keeper, "test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (Lock.RETENTION_RUN,))
        with pytest.raises(InputError, match="another run"):
            run(database, AFTER_THE_END)


@pytest.mark.parametrize("table", ["alert_actions", "evidence_bundles", "condition_versions", "legal_bases"])
def test_what_is_never_changed_goes_in_the_keeper_s_role_alone(database: DatabaseUrls, table: str) -> None:
    for role, statement in (
        ("postgres", f"DELETE FROM {table}"),
        ("postgres", f"UPDATE {table} SET {'detail' if table == 'alert_actions' else 'reason'} = NULL"),
        ("cordon_keeper", f"UPDATE {table} SET {'acted_by' if table == 'alert_actions' else 'reason'} = ''"),
        ("cordon_worker", f"DELETE FROM {table}"),
        ("cordon_api", f"DELETE FROM {table}"),
    ):
        with as_owner(database.owner) as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
            with pytest.raises(psycopg2.Error):
                cursor.execute(statement)
            cursor.connection.rollback()


def without_a_recorded_end(cursor: Cursor) -> None:
    """Nobody recorded the end of Sam's order: it is known by the conditions, the tag and the zones alone."""
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute(
        "UPDATE people SET ended_at = NULL, date_of_birth = '1990-05-17' WHERE person_id = %s", (SAM.number,)
    )
    cursor.execute("SET LOCAL session_replication_role = origin")
    cursor.execute("SELECT FROM orders_ended() WHERE person_id = %s", (SAM.number,))
    assert cursor.rowcount == 1


def test_a_run_that_was_killed_does_not_forget_when_an_order_ended(database: DatabaseUrls) -> None:
    with as_owner(database.owner) as cursor:
        without_a_recorded_end(cursor)
    everything = run(database, AFTER_THE_END, dry=True)
    gone: Counter[tuple[Kind, str]] = Counter()
    for after in range(3, 110, 7):
        gone += interrupted(database, after, kill)
    gone += run(database, AFTER_THE_END)
    assert gone == everything
    with as_owner(database.owner) as cursor:
        assert "people" not in where_found(cursor, SAM)


@pytest.mark.parametrize("after", [BEFORE_ANYTHING_GOES, 60])
def test_who_is_tagged_again_meanwhile_is_kept_or_enrolled_anew(database: DatabaseUrls, after: int) -> None:
    """Before anything has gone they are kept; later no tag is put on who is about to be erased."""
    refused: list[str] = []

    def tag_again() -> None:
        try:
            with as_owner(database.owner) as cursor:
                activate(cursor, "TAG-NEW", SAM.word, datetime.now(UTC))
        except InputError as error:
            refused.append(str(error))

    with as_owner(database.owner) as cursor:
        without_a_recorded_end(cursor)
        cursor.execute("INSERT INTO devices (serial) VALUES ('TAG-NEW')")
    interrupted(database, after, tag_again)
    with as_owner(database.owner) as cursor:
        left = where_found(cursor, SAM)
    if after == BEFORE_ANYTHING_GOES:
        assert not refused
        assert {"people", "zones", "licence_conditions", "activation_records", "presence"} <= left.keys()
    else:
        assert "ended" in refused[0]
        assert "people" not in left
