"""Alerts of the release before casework become cases, also those that its workers raise while it is migrated."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from store.database import Cursor
from store.migrate import MIGRATIONS_FOLDER, migrate
from tests.support.seed import MORNING, as_owner
from tests.support.world import enrol, rows


def raise_as_before(cursor: Cursor, number: int) -> None:
    cursor.execute(
        "INSERT INTO alerts (alert_id, sequence, kind, severity, state, person_id, activation_id, began_at,"
        " last_evidence_at, received_at, raised_at, updated_at, evidence)"
        " VALUES (%(alert)s, nextval('alert_sequence'), 'strap_tamper', 'warning', 'open', 1, 1, %(at)s, %(at)s,"
        " %(at)s, clock_timestamp(), clock_timestamp(), '{}')",
        {"alert": str(UUID(int=number)), "at": MORNING},
    )


@pytest.mark.parametrize("applied", ["0023", "0024", "0027", "0028", "0029"])
def test_what_an_old_worker_raises_between_two_migrations_is_a_case_that_is_looked_at(
    empty_embedded_database: str, tmp_path: Path, applied: str
) -> None:
    release = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS_FOLDER, release)
    for file in release.glob("*.sql"):
        if file.name[:4] > applied:
            file.unlink()
    migrate(empty_embedded_database, release)
    enrol(empty_embedded_database, ["TAG-1"])
    with as_owner(empty_embedded_database) as cursor:
        raise_as_before(cursor, 1)
    migrate(empty_embedded_database)
    with as_owner(empty_embedded_database) as cursor:
        raise_as_before(cursor, 2)
    found = rows(
        empty_embedded_database,
        "SELECT status, clocks_from = raised_at, response_plan_id IS NOT NULL, look_at = '-infinity'"
        " FROM alert_cases JOIN escalation_looks USING (alert_id)",
    )
    assert found == [("raised", True, True, True)] * 2
