"""Visits and presence, as a batch or a replay writes them, and as workers load them again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from geofence.detection import PresenceKey
from model.enums import Aspect, EndReason, Regime, VisitState, ZoneKind
from model.times import from_microseconds, microseconds_or_none, moment_or_none, to_microseconds
from model.visits import Evidence, EvidencePosition, Tally, Verdict, Visit
from store.database import Cursor
from store.rows import insert_rows


def write_visits(cursor: Cursor, visits: Iterable[Visit]) -> None:
    insert_rows(
        cursor,
        "INSERT INTO visits (visit_id, activation_id, person_id, zone_id, zone_version, aspect, regime, state,"
        " inferred, entered_at, confirmed_at, last_inside_at, left_at, closed_at, end_reason, positions_inside,"
        " evidence) VALUES %s ON CONFLICT (visit_id) DO UPDATE SET zone_version = excluded.zone_version,"
        " regime = excluded.regime, state = excluded.state, inferred = excluded.inferred,"
        " entered_at = excluded.entered_at, confirmed_at = excluded.confirmed_at,"
        " last_inside_at = excluded.last_inside_at, left_at = excluded.left_at, closed_at = excluded.closed_at,"
        " end_reason = excluded.end_reason, positions_inside = excluded.positions_inside,"
        " evidence = excluded.evidence, merged_into = NULL",
        (
            (
                str(visit.visit_id),
                visit.activation_id,
                visit.person_id,
                visit.zone_id,
                visit.zone_version,
                visit.aspect.value,
                visit.regime.value,
                visit.state.value,
                visit.inferred,
                from_microseconds(visit.entered_us),
                moment_or_none(visit.confirmed_us),
                from_microseconds(visit.last_inside_us),
                moment_or_none(visit.left_us),
                moment_or_none(visit.closed_us),
                None if visit.end_reason is None else visit.end_reason.value,
                visit.positions_inside,
                Json(asdict(visit.evidence)),
            )
            for visit in visits
        ),
    )


def write_presence(cursor: Cursor, presence: Mapping[PresenceKey, Visit | None]) -> None:
    """The open visit of each place; the row of a place that is clear goes."""
    clear = [key for key, visit in presence.items() if visit is None]
    insert_rows(
        cursor,
        "DELETE FROM presence USING (VALUES %s) AS clear (activation_id, zone_id, aspect)"
        " WHERE presence.activation_id = clear.activation_id AND presence.zone_id = clear.zone_id"
        " AND presence.aspect = clear.aspect",
        clear,
    )
    insert_rows(
        cursor,
        "INSERT INTO presence (activation_id, zone_id, aspect, visit) VALUES %s"
        " ON CONFLICT (activation_id, zone_id, aspect) DO UPDATE SET visit = excluded.visit",
        (
            (activation_id, zone_id, aspect.value, Json(_document(visit)))
            for (activation_id, zone_id, aspect), visit in presence.items()
            if visit is not None
        ),
    )


def load_presence(cursor: Cursor, activation_ids: Collection[int]) -> list[Visit]:
    """The open visits of these activations."""
    cursor.execute("SELECT visit FROM presence WHERE activation_id = ANY(%s)", (list(activation_ids),))
    return [_visit_of(document) for (document,) in cursor.fetchall()]


def load_visits_since(cursor: Cursor, activation_id: int, since_us: int) -> list[Visit]:
    """The visits of an activation that a position at ``since_us`` or later may still change; not the retracted ones."""
    cursor.execute(
        "SELECT visit_id, activation_id, person_id, zone_id, zone_version, kind, aspect, regime, state, inferred,"
        " entered_at, confirmed_at, last_inside_at, left_at, closed_at, end_reason, positions_inside, evidence"
        " FROM visits JOIN zone_versions USING (zone_id) WHERE zone_versions.version = visits.zone_version"
        " AND activation_id = %s AND state <> 'retracted' AND coalesce(closed_at, 'infinity') >= %s",
        (activation_id, from_microseconds(since_us)),
    )
    return [_stored_visit(row) for row in cursor.fetchall()]


def _document(visit: Visit) -> dict[str, Any]:
    return {**asdict(visit), "visit_id": str(visit.visit_id)}


def _visit_of(document: dict[str, Any]) -> Visit:
    evidence, end_reason = document["evidence"], document["end_reason"]
    return Visit(
        **{
            **document,
            "visit_id": UUID(document["visit_id"]),
            "zone_kind": ZoneKind(document["zone_kind"]),
            "aspect": Aspect(document["aspect"]),
            "regime": Regime(document["regime"]),
            "state": VisitState(document["state"]),
            "end_reason": None if end_reason is None else EndReason(end_reason),
            "tally": Tally(**document["tally"]),
            "evidence": _evidence_of(evidence),
        }
    )


def _stored_visit(row: Sequence[Any]) -> Visit:
    """A visit as its row keeps it. Its tally is not kept: only an open visit has need of one, and that is presence."""
    visit_id, activation_id, person_id, zone_id, zone_version, kind, aspect, regime, state, inferred, *rest = row
    entered_at, confirmed_at, last_inside_at, left_at, closed_at, end_reason, positions_inside, evidence = rest
    entered_us = to_microseconds(entered_at)
    return Visit(
        UUID(visit_id),
        activation_id,
        person_id,
        zone_id,
        zone_version,
        ZoneKind(kind),
        Aspect(aspect),
        Regime(regime),
        VisitState(state),
        inferred,
        entered_us,
        microseconds_or_none(confirmed_at),
        to_microseconds(last_inside_at),
        microseconds_or_none(left_at),
        microseconds_or_none(closed_at),
        None if end_reason is None else EndReason(end_reason),
        positions_inside,
        Tally(0, entered_us, 0, None),
        _evidence_of(evidence),
    )


def _evidence_of(document: dict[str, Any]) -> Evidence:
    confirming = document["confirming"]
    return Evidence(
        entry=_position_of(document["entry"]),
        confirming=None if confirming is None else _position_of(confirming),
        deepest=_position_of(document["deepest"]),
        latest=_position_of(document["latest"]),
        trail=tuple(map(_position_of, document["trail"])),
    )


def _position_of(document: dict[str, Any]) -> EvidencePosition:
    return EvidencePosition(**{**document, "verdict": Verdict(document["verdict"])})
