"""What casework costs: the duty process's rounds, officers' acts, lists, a webhook, a file of people, and the worker's
alerts with and without what casework does at each; TimescaleDB (durable).
"""

import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter

from alerts.casework import act, close_many
from alerts.casework_rules import current_rules
from alerts.duty.run import make_duty
from bench.result import Result
from ingest.registry_files.importing import FileKind, Wanted, import_file
from model.alerts import Alert, AlertChange
from model.casework import CaseAction
from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency
from model.staff import StaffRole
from model.times import to_microseconds
from ops.settings import Settings
from store.alert_writes import write_alerts
from store.alerts import AlertFilter, CaseFilter, list_alerts
from store.clock import service_now
from store.database import SERVICE, Cursor, Identity, connect, set_identity
from store.provision import ensure_database
from store.webhooks import disable_webhook
from tests.servers.timescale import running_timescale
from tests.support.database import DatabaseUrls, prepare_database
from tests.support.delivery import add_webhook, sender_of
from tests.support.duty import DutyWorld
from tests.support.receivers import receiver
from tests.support.seed import seed_shift

OPEN = 10_000
OPEN_ON_THE_LIST = 50_000
REVIEWED = 200
EVENTS = 1000
IMPORTED = 20_000
RUNS = 5
OFFICER = "officer.a"
AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
_HEADER = (
    "crn,name,date_of_birth,device_serial,worn_from,prison,borough,screening_note,"
    "answer.knife_offence,basis.knife_offence,answer.address_can_charge,basis.address_can_charge"
)
_ROW = (
    "B{0},Sam Larkfield,1990-04-30,BTAG-{0},2026-03-02T09:00:00Z,HMP Brixton,Croydon,It is needed,met,PNC,met,visited"
)


def run() -> Iterator[Result]:
    """Seconds where something is waited for, else how many a second."""
    with tempfile.TemporaryDirectory() as scratch, running_timescale(Path(scratch), durable=True) as server:
        ensure_database(server.url(), "bench_casework")
        database = prepare_database(server.url("bench_casework"))
        person_id = _prepare(database)
        yield from _alerts_written(database, person_id)
        _raise_many(database, person_id, OPEN)
        yield from _rounds(database, person_id)
        yield _acts(database)
        yield _bulk_close(database)
        _raise_many(database, person_id, OPEN_ON_THE_LIST - OPEN)
        yield from _list_pages(database)
        yield _webhook(database, person_id)
        yield _import(database)


def _prepare(database: DatabaseUrls) -> int:
    world = DutyWorld(database, AT)  # a clock that stands: nothing falls due by itself meanwhile
    world.add_staff(OFFICER, StaffRole.PRACTITIONER)
    world.add_staff("manager.a", StaffRole.MANAGER)
    return world.add_person(OFFICER)


@contextmanager
def _transaction(url: str) -> Iterator[Cursor]:
    with closing(connect(url, "bench")) as connection, connection, connection.cursor() as cursor:
        yield cursor


def _alert(cursor: Cursor, person_id: int | None) -> Alert:
    now_us = to_microseconds(service_now(cursor))
    return Alert(
        alert_id=uuid.uuid4(),
        kind=AlertKind.STRAP_TAMPER,
        severity=Severity.BREACH,
        urgency=Urgency.IMMEDIATE,
        state=AlertState.OPEN,
        person_id=person_id,
        activation_id=None,
        zone_id=None,
        zone_version=None,
        visit_id=None,
        began_us=now_us,
        last_evidence_us=now_us,
        ended_us=None,
        received_us=now_us,
        evidence={},
    )


def _raise(cursor: Cursor, person_id: int, count: int) -> None:
    write_alerts(cursor, [AlertChange(AlertChangeKind.RAISED, _alert(cursor, person_id)) for _ in range(count)], [])


def _raise_many(database: DatabaseUrls, person_id: int, count: int) -> None:
    with _transaction(database.worker) as cursor:
        for _ in range(0, count, EVENTS):
            _raise(cursor, person_id, EVENTS)
    with _transaction(database.owner) as cursor:
        cursor.execute("ANALYZE alerts, alert_cases, alert_actions, alert_events")


def _alerts_written(database: DatabaseUrls, person_id: int) -> Iterator[Result]:
    """As a batch of the worker writes alerts: all of it, without a webhook, and without what casework does."""
    bare = _rates(database, person_id)
    with _transaction(database.owner) as cursor:
        cursor.execute("ALTER TABLE alerts DISABLE TRIGGER USER")
    without = _rates(database, person_id)
    with _transaction(database.owner) as cursor:
        cursor.execute("ALTER TABLE alerts ENABLE TRIGGER USER")
    with receiver() as one:
        webhook_id, _ = add_webhook(database.owner, one.url)
        queued = _rates(database, person_id)
    with _transaction(database.owner) as cursor:
        disable_webhook(cursor, webhook_id, "measured")
        cursor.execute("DELETE FROM outbox")
    yield _result("casework: alerts written, each a case", bare, "alerts/s", without, "without the case")
    yield _result("casework: the same, queued for a webhook", queued, "alerts/s", bare, "without a webhook")


def _rates(database: DatabaseUrls, person_id: int) -> list[float]:
    figures = []
    with closing(connect(database.worker, "bench")) as connection:
        for _ in range(RUNS):
            with connection, connection.cursor() as cursor:
                changes = [AlertChange(AlertChangeKind.RAISED, _alert(cursor, person_id)) for _ in range(EVENTS)]
                started = perf_counter()
                write_alerts(cursor, changes, [])
                connection.commit()
            figures.append(EVENTS / (perf_counter() - started))
    return figures


def _rounds(database: DatabaseUrls, person_id: int) -> Iterator[Result]:
    """Of a duty process that has told all that is open."""
    duty = make_duty(Settings.model_validate({"database_worker_url": database.worker}))
    started = perf_counter()
    while duty.round() == 0:
        pass
    yield _result(f"casework: {OPEN:,} new alerts told", [OPEN / (perf_counter() - started)], "alerts/s")
    yield _result(f"casework: a duty round, {OPEN:,} open, idle", _timed(RUNS, duty.round), "ms")
    with_news = []
    for _ in range(RUNS):
        with _transaction(database.worker) as cursor:
            _raise(cursor, person_id, 1)
        with_news += _timed(1, duty.round)
    yield _result("casework: the same with one new breach", with_news, "ms")


def _open_ids(database: DatabaseUrls, count: int) -> list[uuid.UUID]:
    with _transaction(database.owner) as cursor:
        cursor.execute("SELECT alert_id FROM alert_cases WHERE status = 'raised' LIMIT %s", (count,))
        return [uuid.UUID(alert_id) for (alert_id,) in cursor.fetchall()]


def _acts(database: DatabaseUrls) -> Result:
    """Acknowledged, then reviewed, each by the API's role in a transaction of its own."""
    alert_ids = _open_ids(database, REVIEWED)
    with closing(connect(database.api, "bench")) as connection:
        started = perf_counter()
        for alert_id, action in product(alert_ids, (CaseAction.ACKNOWLEDGE, CaseAction.START_REVIEW)):
            with connection, connection.cursor() as cursor:
                set_identity(cursor, Identity(OFFICER, "practitioner", "bench", ""))
                act(cursor, OFFICER, alert_id, None, action)
        rate = 2 * REVIEWED / (perf_counter() - started)
    return _result("casework: actions, one a transaction", [rate], "acts/s")


def _bulk_close(database: DatabaseUrls) -> Result:
    """Of those that were reviewed, by one request."""
    with _transaction(database.owner) as cursor:
        cursor.execute("SELECT alert_id, version FROM alert_cases WHERE status = 'under_review'")
        versions = {uuid.UUID(alert_id): version for alert_id, version in cursor.fetchall()}

    def close_all() -> None:
        with _transaction(database.api) as cursor:
            set_identity(cursor, Identity(OFFICER, "practitioner", "bench", ""))
            close_many(cursor, OFFICER, versions, {"outcome": "device_fault", "text": "a broken strap"})

    return _result(f"casework: {len(versions)} closed at once", _timed(1, close_all), "ms")


def _list_pages(database: DatabaseUrls) -> Iterator[Result]:
    """Under row security, as each of these sees it."""
    with _transaction(database.owner) as cursor:
        seed_shift(cursor, "duty.a")
    for name, role, subject in (
        ("a manager", "manager", "manager.a"),
        ("a practitioner", "practitioner", OFFICER),
        ("on duty", "duty_officer", "duty.a"),
    ):
        with _transaction(database.api) as cursor:
            set_identity(cursor, Identity(subject, role, "bench", ""))
            rules, now = current_rules(cursor), service_now(cursor)
            page = partial(list_alerts, cursor, AlertFilter(), CaseFilter(is_to_do=True), 100, rules, now)
            yield _result(f"casework: a page of {OPEN_ON_THE_LIST:,} to do, {name}", _timed(RUNS, page), "ms")


def _webhook(database: DatabaseUrls, person_id: int) -> Result:
    with receiver() as one:
        webhook_id, _ = add_webhook(database.owner, one.url)
        with _transaction(database.worker) as cursor:
            _raise(cursor, person_id, EVENTS)
        with sender_of(database, webhook_id) as sender:
            started = perf_counter()
            while len(one.received) < EVENTS:
                sender.round()
            rate = EVENTS / (perf_counter() - started)
    return _result("casework: events through one webhook", [rate], "events/s")


def _import(database: DatabaseUrls) -> Result:
    """People with decisions and tags."""
    content = "\r\n".join([_HEADER, *(_ROW.format(number) for number in range(IMPORTED))]).encode()
    started = perf_counter()
    imported = import_file(
        partial(_transaction, database.owner), BytesIO(content), Wanted(FileKind.PEOPLE, SERVICE, 60_000)
    )
    if imported.put_on != IMPORTED:
        raise RuntimeError(f"the file was not taken: {imported.errors[:3]}")
    return _result(
        f"casework: {IMPORTED:,} people of a file, with tags", [IMPORTED / (perf_counter() - started)], "people/s"
    )


def _timed(times: int, do: Callable[[], object]) -> list[float]:
    """Milliseconds."""
    figures = []
    for _ in range(times):
        started = perf_counter()
        do()
        figures.append((perf_counter() - started) * 1000)
    return figures


def _result(
    name: str, figures: list[float], unit: str, peer: list[float] | None = None, peer_name: str | None = None
) -> Result:
    return Result(
        name=name,
        value=median(figures),
        unit=unit,
        spread=(min(figures), max(figures)),
        peer=peer_name,
        peer_value=None if peer is None else median(peer),
    )
