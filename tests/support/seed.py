"""Rows for tests, written by the owner as the worker and the registry would leave them."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg2
from psycopg2.extras import Json, execute_values

from access.roles import POLICE_ROLES, Role
from access.tokens import DEFAULT_LIFETIME, create_token
from model.staff import StaffRole
from store.database import Cursor, fetch_one
from store.locks import Lock, hold_until_commit

FORCE = "Metropolitan"
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TRIANGLE = {"type": "Polygon", "coordinates": [[[-0.1, 51.5], [-0.09, 51.5], [-0.09, 51.51], [-0.1, 51.5]]]}


@dataclass(frozen=True, slots=True)
class Wearer:
    person_id: int
    device_id: int
    activation_id: int


@contextmanager
def as_owner(owner_url: str) -> Iterator[Cursor]:
    """A cursor in one transaction of the owner."""
    options = "-c search_path=cordon,public -c timezone=UTC"
    with (
        closing(psycopg2.connect(owner_url, options=options)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def seed_token(
    cursor: Cursor, role: Role, subject: str, lifetime: timedelta = DEFAULT_LIFETIME, force: str = FORCE
) -> str:
    """Of the police force, where the role is one of police."""
    named = force if role in POLICE_ROLES else None
    return create_token(cursor, role, subject, datetime.now(UTC), lifetime, named).token


def seed_basis(
    cursor: Cursor,
    person_id: int,
    since: datetime = datetime(2000, 1, 1, tzinfo=UTC),
    until: datetime = datetime(2100, 1, 1, tzinfo=UTC),
) -> int:
    """A court's order by which the person's trail may be looked at, approved."""
    cursor.execute(
        "INSERT INTO legal_bases (person_id, kind, reference, wording, during, status, drafted_by, decided_by,"
        " decided_at) VALUES (%s, 'court_order', 'ORDER-1', 'The trail is monitored.', tstzrange(%s, %s), 'live',"
        " 'seed', 'seed.second', service_clock()) RETURNING legal_basis_id",
        (person_id, since, until),
    )
    basis_id: int = fetch_one(cursor)[0]
    return basis_id


def seed_wearer(
    cursor: Cursor,
    crn: str,
    practitioner: str | None = None,
    name: str = "Sam Example",
    *,
    trail_is_monitored: bool = True,
) -> Wearer:
    """A person with a device since a day before the morning of the tests."""
    cursor.execute(
        "INSERT INTO people (crn, name, practitioner, date_of_birth) VALUES (%s, %s, %s, '1990-05-17')"
        " RETURNING person_id",
        (crn, name, practitioner),
    )
    person_id: int = fetch_one(cursor)[0]
    cursor.execute("INSERT INTO devices (serial) VALUES (%s) RETURNING device_id", (f"TAG-{crn}",))
    device_id: int = fetch_one(cursor)[0]
    cursor.execute(
        "INSERT INTO device_activations (device_id, person_id, during, revision)"
        " VALUES (%s, %s, tstzrange(%s, NULL), 1) RETURNING activation_id",
        (device_id, person_id, MORNING - timedelta(days=1)),
    )
    activation_id: int = fetch_one(cursor)[0]
    if trail_is_monitored:
        seed_basis(cursor, person_id)
    return Wearer(person_id, device_id, activation_id)


def seed_shift(
    cursor: Cursor, subject: str, role: StaffRole = StaffRole.DUTY_OFFICER, teams: Sequence[int] = ()
) -> None:
    """On duty for as long as any test's clock goes, in the whole service without teams; on the staff if new."""
    cursor.execute(
        "INSERT INTO staff (subject, name, role) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (subject, f"Name of {subject}", role.value),
    )
    cursor.execute(
        "INSERT INTO rota_shifts (role, subject, during, added_by, teams)"
        " VALUES (%s, %s, tstzrange(%s, '2100-01-01Z'), 'seed', %s::bigint[])",
        (role.value, subject, MORNING - timedelta(days=1), list(teams)),
    )


def seed_zone(cursor: Cursor, reference: str, person_id: int | None = None) -> int:
    cursor.execute("INSERT INTO zones (reference, person_id) VALUES (%s, %s) RETURNING zone_id", (reference, person_id))
    zone_id: int = fetch_one(cursor)[0]
    cursor.execute(
        "INSERT INTO zone_versions (zone_id, version, name, kind, geometry, valid_from, created_at, revision,"
        " created_by) VALUES (%s, 1, %s, 'exclusion', %s, %s, %s, 1, 'seed')",
        (zone_id, f"Zone {reference}", Json(TRIANGLE), *[MORNING - timedelta(days=1)] * 2),
    )
    return zone_id


def seed_positions(cursor: Cursor, device_id: int, count: int, start: datetime = MORNING) -> None:
    """One position a minute from ``start``."""
    rows = [
        (device_id, start + timedelta(minutes=n), n, start + timedelta(minutes=n, seconds=2), 51.5 + n * 1e-5, -0.1)
        for n in range(count)
    ]
    execute_values(
        cursor,
        "INSERT INTO positions (device_id, fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism, speed_mps,"
        " heading_deg, satellites, hdop, battery_pct, sequence, flags, partition, message_offset) VALUES %s",
        rows,
        template="(%s, %s, %s, %s, %s, %s, 8, 1, 1.5, 90, 9, 0.9, 81, 5, 4, 0, 0)",
        page_size=1000,
    )


def seed_visit(cursor: Cursor, wearer: Wearer, zone_id: int, entered_at: datetime) -> uuid.UUID:
    visit_id = uuid.uuid4()
    cursor.execute(
        "INSERT INTO visits (visit_id, activation_id, person_id, zone_id, zone_version, state, entered_at,"
        " confirmed_at, last_inside_at, positions_inside) VALUES (%s, %s, %s, %s, 1, 'confirmed', %s, %s, %s, 1)",
        (str(visit_id), wearer.activation_id, wearer.person_id, zone_id, *([entered_at] * 3)),
    )
    return visit_id


def seed_alert(cursor: Cursor, wearer: Wearer, zone_id: int, began_at: datetime) -> uuid.UUID:
    """An open alert with its visit and its first event."""
    visit_id = seed_visit(cursor, wearer, zone_id, began_at)
    alert_id = uuid.uuid4()
    hold_until_commit(cursor, Lock.ALERT_EVENTS)
    cursor.execute(
        "INSERT INTO alerts (alert_id, sequence, kind, state, person_id, activation_id, zone_id, zone_version,"
        " visit_id, began_at, last_evidence_at, received_at, raised_at, updated_at, evidence)"
        " VALUES (%s, nextval('alert_sequence'), 'exclusion_zone_breach', 'open', %s, %s, %s, 1, %s,"
        " %s, %s, %s, %s, %s, %s)",
        (
            str(alert_id),
            wearer.person_id,
            wearer.activation_id,
            zone_id,
            str(visit_id),
            *([began_at] * 5),
            Json({"entry": {"lat": 51.5, "lon": -0.1}}),
        ),
    )
    _append_event(cursor, alert_id, wearer.person_id, "raised", began_at)
    return alert_id


def end_alert(cursor: Cursor, alert_id: uuid.UUID, ended_at: datetime) -> None:
    hold_until_commit(cursor, Lock.ALERT_EVENTS)
    cursor.execute(
        "UPDATE alerts SET state = 'ended', ended_at = %s WHERE alert_id = %s RETURNING person_id",
        (ended_at, str(alert_id)),
    )
    _append_event(cursor, alert_id, fetch_one(cursor)[0], "ended", ended_at)


def _append_event(cursor: Cursor, alert_id: uuid.UUID, person_id: int, change: str, happened_at: datetime) -> None:
    cursor.execute(
        "INSERT INTO alert_events (event_id, alert_id, person_id, change, happened_at, payload)"
        " VALUES (nextval('alert_event_sequence'), %s, %s, %s, %s, %s)",
        (
            str(alert_id),
            person_id,
            change,
            happened_at,
            Json({"state": "ended" if change == "ended" else "open"}),
        ),
    )
