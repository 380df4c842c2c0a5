"""An alert in the database as detection, decision and store leave it."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from psycopg2.extras import Json

from geofence.geojson import to_geojson
from model.enums import AlertKind
from model.policies import STEADY, PresencePolicy, changes_of
from model.times import from_microseconds
from store.alert_writes import write_alerts
from store.database import Cursor, fetch_one
from store.visit_writes import write_visits
from tests.support.explained import Ping, alert_changes, detected, zone
from tests.support.seed import Wearer

REFERENCE = "EZ / 7"


def store_breach(cursor: Cursor, wearer: Wearer, pings: Sequence[Ping], policy: PresencePolicy = STEADY) -> UUID:
    """The exclusion zone breach that the pings raise, with its zone, its visits and its events."""
    stood = zone(policy, zone_id=_seed_zone(cursor, wearer, policy), person_id=wearer.person_id)
    write_visits(cursor, [one.after for one in detected(pings, stood, wearer.activation_id)])
    changes = alert_changes(pings, stood, wearer.activation_id)
    write_alerts(cursor, changes, [])
    (breach,) = {one.alert.alert_id for one in changes if one.alert.kind is AlertKind.EXCLUSION_ZONE_BREACH}
    return breach


def store_change(cursor: Cursor, alert_id: UUID, change: str, payload: dict[str, object]) -> None:
    """One more event of the alert, as later data would write it."""
    cursor.execute(
        "INSERT INTO alert_events (event_id, alert_id, person_id, change, happened_at, payload)"
        " SELECT nextval('alert_event_sequence'), alert_id, person_id, %s, updated_at, %s FROM alerts"
        " WHERE alert_id = %s",
        (change, Json(payload), str(alert_id)),
    )


def _seed_zone(cursor: Cursor, wearer: Wearer, policy: PresencePolicy) -> int:
    stood = replace(zone(policy), reference=REFERENCE)
    cursor.execute(
        "INSERT INTO zones (reference, person_id) VALUES (%s, %s) RETURNING zone_id", (REFERENCE, wearer.person_id)
    )
    zone_id: int = fetch_one(cursor)[0]
    cursor.execute(
        "INSERT INTO zone_versions (zone_id, version, name, kind, geometry, preset, policy, valid_from,"
        " created_at, revision, created_by) VALUES (%s, 1, %s, 'exclusion', %s, 'steady', %s, %s, %s, 1, 'seed')",
        (
            zone_id,
            stood.name,
            Json(to_geojson(stood.geometry)),
            Json(changes_of("steady", policy)),
            *[from_microseconds(stood.valid_from_us)] * 2,
        ),
    )
    return zone_id
