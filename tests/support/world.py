"""A small world for end-to-end tests: people with devices and zones, and what the database holds of them after."""

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from psycopg2.extras import execute_values

from store.database import Cursor, connect

LONG_AGO = "2000-01-01T00:00:00Z"
BORN = "1980-01-01"


def enrol(owner_url: str, serials: Sequence[str]) -> None:
    """One person for each device, wearing it since long ago; CRNs are the serials."""
    with closing(connect(owner_url, "test")) as connection, connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO people (crn, name, date_of_birth) VALUES %s",
            [(serial, "A Person", BORN) for serial in serials],
        )
        execute_values(cursor, "INSERT INTO devices (serial) VALUES %s", [(serial,) for serial in serials])
        cursor.execute(
            "INSERT INTO device_activations (device_id, person_id, during, revision)"
            " SELECT device_id, person_id, tstzrange(%s, NULL), 0 FROM devices JOIN people ON crn = serial"
            " WHERE serial = ANY(%s)",
            (LONG_AGO, list(serials)),
        )
        cursor.execute("SELECT to_regclass('legal_bases') IS NOT NULL")  # tests of upgrades begin before it
        if cursor.fetchone() == (True,):
            monitor_trails(cursor)


def monitor_trails(cursor: Cursor) -> None:
    """A legal basis by which the trail of everybody may be looked at who has none."""
    cursor.execute(
        "INSERT INTO legal_bases (person_id, kind, reference, wording, during, status, drafted_by, decided_by,"
        " decided_at) SELECT person_id, 'court_order', 'ORDER-1', 'The trail is monitored.',"
        " '[2000-01-01Z, 2100-01-01Z)', 'live', 'seed', 'seed.second', service_clock() FROM people"
        " WHERE NOT EXISTS (SELECT FROM legal_bases known WHERE known.person_id = people.person_id)"
    )


def add_zone(owner_url: str, reference: str, geometry: dict[str, Any], crn: str | None = None) -> None:
    """An exclusion zone in force since long ago; shared by all where no ``crn`` is given."""
    with closing(connect(owner_url, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "WITH made AS (INSERT INTO zones (reference, person_id)"
            " VALUES (%s, (SELECT person_id FROM people WHERE crn = %s)) RETURNING zone_id)"
            " INSERT INTO zone_versions"
            "  (zone_id, version, name, kind, geometry, valid_from, created_at, revision, created_by)"
            " SELECT zone_id, 1, %s, 'exclusion', %s, %s, %s, 0, 'test' FROM made",
            (reference, crn, reference, json.dumps(geometry), LONG_AGO, LONG_AGO),
        )


def rows(owner_url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(connect(owner_url, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


POSITIONS = "SELECT serial, fix_time, fix_key, lat, lon FROM positions JOIN devices USING (device_id) ORDER BY 1, 2, 3"
VISITS = (
    "SELECT crn, reference, state, entered_at, confirmed_at, last_inside_at, left_at, positions_inside, visit_id"
    " FROM visits JOIN people ON people.person_id = visits.person_id JOIN zones USING (zone_id) ORDER BY 1, 2, 4, 9"
)
ALERTS = (
    "SELECT crn, reference, state, began_at, last_evidence_at, alerts.ended_at, alert_id"
    " FROM alerts JOIN people ON people.person_id = alerts.person_id JOIN zones USING (zone_id) ORDER BY 1, 2, 4"
)
# what goes on is brought up to date, and found to be urgent, batch by batch: that depends on how the stream is cut
EVENTS = (
    "SELECT crn, reference, change, count(*) FROM alert_events"
    " JOIN alerts USING (alert_id) JOIN people ON people.person_id = alerts.person_id JOIN zones USING (zone_id)"
    " WHERE change NOT IN ('updated', 'upgraded') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
