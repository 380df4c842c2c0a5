"""What says whether victims' zones are watched, for all of them at once; and what is shown of each."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from geofence import schedule_documents
from model.enums import AlertKind
from model.victims import LiveVersion, Reason, ShownWatch, Trouble, Watch, WatchReason, ZoneFacts, ZoneWatch
from store.database import Cursor
from store.rows import insert_rows

ZoneOfVictim = tuple[int, int]
"""Zone and victim."""

_FACTS = """
  SELECT link.zone_id, link.victim_id, zone.reference, victim.liaison, link.linked_at,
    live.version, live.active_from, live.active_to, live.schedule, live.created_at,
    CASE WHEN live.version IS NULL THEN (
      SELECT min(valid_from) FROM zone_versions coming
      WHERE coming.zone_id = link.zone_id AND coming.valid_from > %(now)s) END,
    CASE WHEN live.version IS NULL THEN (
      SELECT max(valid_to) FROM zone_versions past
      WHERE past.zone_id = link.zone_id AND past.valid_to <= %(now)s) END,
    worn.since, came_off.at, worn.heard_at, worn.troubles,
    intake.deaf_since, intake.alive_through,
    (SELECT max(lower(lifting.during)) FROM authorisations lifting
     WHERE lifting.zone_id = link.zone_id AND lifting.person_id = zone.person_id
       AND lower(lifting.during) <= %(now)s AND lifting.lifts_until > %(now)s),
    gone.ended_at
  FROM victim_zones link
  JOIN victims victim USING (victim_id)
  JOIN zones zone USING (zone_id)
  CROSS JOIN intake_state intake
  LEFT JOIN victim_addresses_ended() gone ON gone.zone_id = link.zone_id AND gone.victim_id = link.victim_id
  LEFT JOIN LATERAL (
    SELECT * FROM zone_versions version
    WHERE version.zone_id = link.zone_id AND version.valid_from <= %(now)s
      AND (version.valid_to IS NULL OR version.valid_to > %(now)s)
    ORDER BY version.version DESC LIMIT 1
  ) live ON true
  CROSS JOIN LATERAL (
    SELECT min(lower(activation.during)) AS since, max(heard.last_received_at) AS heard_at,
      (SELECT jsonb_agg(jsonb_build_array(alert.kind, alert.began_at)) FROM alerts alert
       WHERE alert.activation_id = ANY (array_agg(activation.activation_id))
         AND alert.state = 'open' AND alert.zone_id IS NULL) AS troubles
    FROM device_activations activation LEFT JOIN device_heard heard USING (device_id)
    WHERE activation.person_id = zone.person_id AND activation.during @> %(now)s::timestamptz
  ) worn
  CROSS JOIN LATERAL (
    SELECT max(upper(activation.during)) AS at FROM device_activations activation
    WHERE activation.person_id = zone.person_id AND upper(activation.during) <= %(now)s
  ) came_off
  WHERE victim.ended_at IS NULL
"""
_ORDER = " ORDER BY link.zone_id, link.victim_id"
# No version that is still to be watched, no tag, or a task of that: where the end of the monitoring may be a fact.
_MAY_HAVE_ENDED = """
    AND (NOT EXISTS (
        SELECT FROM zone_versions version WHERE version.zone_id = link.zone_id AND version.valid_from <= %(now)s
          AND (version.valid_to IS NULL OR version.valid_to > %(now)s))
      OR EXISTS (
        SELECT FROM zone_versions version WHERE version.zone_id = link.zone_id AND version.active_to <= %(now)s)
      OR NOT EXISTS (
        SELECT FROM device_activations activation
        WHERE activation.person_id = zone.person_id AND activation.during @> %(now)s::timestamptz)
      OR EXISTS (
        SELECT FROM victim_tasks task
        WHERE task.fact = 'monitoring_ended:' || link.zone_id AND task.victim_id = link.victim_id
          AND task.status <> 'withdrawn'))
"""
LIVE = slice(5, 10)


def load_zone_facts(cursor: Cursor, now: datetime) -> list[ZoneFacts]:
    """Of every zone that a victim has. ``is_loaded`` is true of all: who knows workers corrects it."""
    cursor.execute(_FACTS + _ORDER, {"now": now})
    return [_facts(row) for row in cursor.fetchall()]


def load_facts_of_ended(cursor: Cursor, now: datetime) -> list[ZoneFacts]:
    """The same of those zones alone whose monitoring may have ended, or of whose end a task speaks."""
    cursor.execute(_FACTS + _MAY_HAVE_ENDED + _ORDER, {"now": now})
    return [_facts(row) for row in cursor.fetchall()]


def load_shown(cursor: Cursor) -> dict[ZoneOfVictim, ShownWatch]:
    """As they stand; only the one duty process at work changes them."""
    cursor.execute(
        "SELECT zone_id, victim_id, state, reasons, since, told_state, told_codes, better_since FROM victim_zone_states"
    )
    return {(zone_id, victim_id): _shown(row) for zone_id, victim_id, *row in cursor.fetchall()}


def save_shown(cursor: Cursor, shown: Iterable[tuple[ZoneOfVictim, ShownWatch]]) -> None:
    insert_rows(
        cursor,
        "INSERT INTO victim_zone_states"
        " (zone_id, victim_id, state, reasons, since, told_state, told_codes, better_since) VALUES %s"
        " ON CONFLICT (zone_id, victim_id) DO UPDATE SET state = excluded.state, reasons = excluded.reasons,"
        " since = excluded.since, told_state = excluded.told_state, told_codes = excluded.told_codes,"
        " better_since = excluded.better_since",
        (
            (
                zone_id,
                victim_id,
                one.watch.state.value,
                Json(_reasons_document(one.watch)),
                one.since,
                one.told_state.value,
                sorted(one.told_codes),
                one.better_since,
            )
            for (zone_id, victim_id), one in shown
        ),
    )


def note_round(cursor: Cursor, now: datetime) -> None:
    """The zones were looked at: until then each state was true."""
    cursor.execute("UPDATE victim_zone_rounds SET looked_at = %s", (now,))


def watch_of_row(state: str, reasons: Collection[dict[str, Any]]) -> Watch:
    return Watch(
        ZoneWatch(state),
        tuple(
            Reason(WatchReason(one["code"]), None if one["since"] is None else datetime.fromisoformat(one["since"]))
            for one in reasons
        ),
    )


def _facts(row: tuple[Any, ...]) -> ZoneFacts:
    zone_id, victim_id, reference, liaison, linked_at = row[: LIVE.start]
    begins_at, ended_at, worn_since, taken_off_at, heard_at, troubles, deaf, alive, lifted, address = row[LIVE.stop :]
    return ZoneFacts(
        zone_id=zone_id,
        victim_id=victim_id,
        reference=reference,
        liaison=liaison,
        linked_at=linked_at,
        live=_live(*row[LIVE]),
        begins_at=begins_at,
        ended_at=ended_at,
        worn_since=worn_since,
        taken_off_at=taken_off_at,
        heard_at=heard_at,
        troubles=tuple(Trouble(AlertKind(kind), datetime.fromisoformat(since)) for kind, since in troubles or ()),
        deaf_since=deaf,
        alive_through=alive,
        lifted_since=lifted,
        address_ended_at=address,
    )


def _live(
    version: int | None,
    active_from: datetime | None,
    active_to: datetime | None,
    schedule: dict[str, Any] | None,
    created_at: datetime,
) -> LiveVersion | None:
    if version is None:
        return None
    hours = schedule_documents.from_stored(schedule)
    return LiveVersion(version, active_from, active_to, hours, created_at, is_loaded=True)


def _shown(row: list[Any]) -> ShownWatch:
    state, reasons, since, told_state, told_codes, better_since = row
    return ShownWatch(
        watch_of_row(state, reasons),
        since,
        ZoneWatch(told_state),
        frozenset(map(WatchReason, told_codes)),
        better_since,
    )


def _reasons_document(watch: Watch) -> list[dict[str, str | None]]:
    return [
        {"code": one.code.value, "since": None if one.since is None else one.since.isoformat()} for one in watch.reasons
    ]
