"""`cordon duty` as a process: in time beside many open alerts, and killed at any moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.staff import StaffRole
from tests.support.database import DatabaseUrls
from tests.support.duty import DutyWorld
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess
from tests.support.world import rows

OPEN_ALERTS = 1000
RAISE = """
    INSERT INTO alerts (alert_id, sequence, kind, severity, urgency, state, person_id, began_at, last_evidence_at,
                        received_at, raised_at, updated_at, evidence)
    SELECT gen_random_uuid(), nextval('alert_sequence'), 'strap_tamper', 'breach', 'immediate', 'open', %s,
           now, now, now, now, now, '{}'
    FROM service_clock() AS now, generate_series(1, %s)
"""
TOLD = "SELECT count(*), count(DISTINCT alert_id) FROM notices WHERE template = 'alert'"
LATENESS = """
    SELECT extract(epoch FROM notice.created_at - alert.raised_at)::float
    FROM notices notice JOIN alerts alert USING (alert_id) ORDER BY alert.sequence DESC, notice_id LIMIT 1
"""


@contextmanager
def duty_process(database: DatabaseUrls, folder: Path) -> Iterator[WorkerProcess]:
    environment = {"CORDON_DATABASE_WORKER_URL": database.worker}
    process = WorkerProcess(environment, folder / "duty.log", "duty")
    process.start()
    try:
        yield process
    finally:
        process.kill()


def office(database: DatabaseUrls) -> int:
    """A practitioner and one person; nobody else, so that an alert is told once in a minute. By the real clock."""
    world = DutyWorld(database)
    world.add_staff("jones", StaffRole.PRACTITIONER, email=False)
    world.add_staff("mina", StaffRole.MANAGER, email=False)
    return world.add_person("jones")


def raise_alerts(database: DatabaseUrls, person_id: int, count: int) -> None:
    with as_owner(database.owner) as cursor:
        cursor.execute(RAISE, (person_id, count))


def test_a_new_breach_is_told_within_two_seconds_beside_1_000_open_alerts(
    migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    person_id = office(migrated_database)
    raise_alerts(migrated_database, person_id, OPEN_ALERTS)
    with duty_process(migrated_database, tmp_path):
        wait_until(lambda: rows(migrated_database.owner, TOLD)[0][1] == OPEN_ALERTS, 30)
        raise_alerts(migrated_database, person_id, 1)
        wait_until(lambda: rows(migrated_database.owner, TOLD)[0][1] == OPEN_ALERTS + 1)
    assert rows(migrated_database.owner, LATENESS)[0][0] < 2


def test_killed_again_and_again_it_neither_loses_nor_doubles_a_notice(
    migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    raise_alerts(migrated_database, office(migrated_database), OPEN_ALERTS)
    for so_many in (1, 300):
        with duty_process(migrated_database, tmp_path):
            wait_until(lambda so_many=so_many: rows(migrated_database.owner, TOLD)[0][0] >= so_many, 30)  # type: ignore[misc]
    with duty_process(migrated_database, tmp_path), duty_process(migrated_database, tmp_path):
        wait_until(lambda: rows(migrated_database.owner, TOLD)[0][1] == OPEN_ALERTS, 30)
    twice = "SELECT count(*) FROM (SELECT FROM notices GROUP BY alert_id, recipient, channel HAVING count(*) > 1) twice"
    assert rows(migrated_database.owner, twice) == [(0,)]
