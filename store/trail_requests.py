"""Police requests for a trail, through the database's functions, which check who asks and record it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2.errors
from psycopg2.extras import Json

from model.trails import TrailBasis, TrailDecision, TrailState
from model.zones import Circle, Ring
from store.database import Cursor, fetch_one
from store.pages import Page
from store.police_matches import refusals


class AreaTooLargeError(Exception):
    """The area is larger than a trail is given in."""


@dataclass(frozen=True, slots=True)
class TrailWanted:
    """Of exactly one of ``crn`` and ``result_id``, a confirmed match; one by ``crn`` is for exactly one of ``crime_id``
    and ``operation``. ``area`` is a circle or the closed outer ring of a polygon; the window is [from_time, to_time).
    """

    crn: str | None
    result_id: int | None
    crime_id: int | None
    operation: str | None
    reason: str
    legal_basis: TrailBasis
    basis_reference: str
    from_time: datetime
    to_time: datetime
    area: Circle | Ring


@dataclass(frozen=True, slots=True)
class StoredTrailRequest:
    """As its reader may see it: ``person_id`` and ``authorised_before`` are managers' alone; ``decisions`` in order."""

    trail_request_id: int
    force: str
    crn: str | None
    person_id: int | None
    result_id: int | None
    crime: str | None
    operation: str | None
    reason: str
    legal_basis: TrailBasis
    basis_reference: str
    from_time: datetime
    to_time: datetime
    lat: float | None
    lon: float | None
    radius_m: float | None
    outline: list[list[float]] | None
    requested_by: str
    requested_at: datetime
    decided_until: datetime
    state: TrailState
    expires_at: datetime | None
    decisions: list[dict[str, Any]]
    authorised_before: int | None


@dataclass(frozen=True, slots=True)
class TrailRequestLine:
    """Of the owner's list: ``of`` is a CRN or a match, ``decided_by`` who decided last."""

    trail_request_id: int
    force: str
    of: str
    legal_basis: str
    from_time: datetime
    to_time: datetime
    requested_by: str
    requested_at: datetime
    state: str
    expires_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class TrailPosition:
    """``flags`` are those of ``model.enums.PositionFlag``; degrees, metres, metres a second."""

    fix_time: datetime
    lat: float
    lon: float
    accuracy_m: float | None
    mechanism: int
    speed_mps: float | None
    heading_deg: float | None
    flags: int


def ask_trail(cursor: Cursor, wanted: TrailWanted) -> int:
    """Raises UnseenError for a match or crime that is not the force's, WrongStateError for a match that nobody
    confirmed, NotAllowedError for who confirmed it, AreaTooLargeError.
    """
    circle = wanted.area if isinstance(wanted.area, Circle) else None
    outline = None if isinstance(wanted.area, Circle) else Json([list(corner) for corner in wanted.area])
    try:
        with refusals():
            cursor.execute(
                "SELECT request_trail(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    wanted.crn,
                    wanted.result_id,
                    wanted.crime_id,
                    wanted.operation,
                    wanted.reason,
                    wanted.legal_basis,
                    wanted.basis_reference,
                    wanted.from_time,
                    wanted.to_time,
                    circle and circle.lat,
                    circle and circle.lon,
                    circle and circle.radius_m,
                    outline,
                ),
            )
    except psycopg2.errors.CheckViolation as error:
        if error.diag.constraint_name == "trail_area_in_bounds":
            raise AreaTooLargeError from None
        raise
    return int(fetch_one(cursor)[0])


def find_trail_request(cursor: Cursor, trail_request_id: int) -> StoredTrailRequest | None:
    cursor.execute("SELECT * FROM read_trail_requests(%s, NULL, false, 1)", (trail_request_id,))
    row = cursor.fetchone()
    return _request(row) if row else None


def list_trail_requests(
    cursor: Cursor, before: int | None, limit: int, *, only_waiting: bool = False
) -> Page[StoredTrailRequest]:
    """An analyst's own, or those for people whom a manager sees; the newest first, from behind the id ``before``."""
    cursor.execute("SELECT * FROM read_trail_requests(NULL, %s, %s, %s)", (before, only_waiting, limit))
    rows = cursor.fetchall()
    return Page([_request(row) for row in rows], any(row[-1] for row in rows))


def decide_trail(
    cursor: Cursor, trail_request_id: int, decision: TrailDecision, reason: str, valid_h: float | None
) -> None:
    """``valid_h`` is for what has an end. Raises UnseenError, NotAllowedError for who asked, WrongStateError."""
    with refusals():
        cursor.execute("SELECT decide_trail_request(%s, %s, %s, %s)", (trail_request_id, decision, reason, valid_h))


def read_police_trail(cursor: Cursor, trail_request_id: int, after: datetime | None, limit: int) -> Page[TrailPosition]:
    """From behind the time ``after``; a page goes on to the last position of its last time, which may be a few more
    than ``limit``. Raises UnseenError, and WrongStateError where the authorisation does not hold (any more).
    """
    with refusals():
        cursor.execute("SELECT * FROM police_trail(%s, %s, %s)", (trail_request_id, after, limit))
    rows = cursor.fetchall()
    return Page([TrailPosition(*row[:-1]) for row in rows], any(row[-1] for row in rows))


def list_all_trail_requests(cursor: Cursor, before: int | None, limit: int) -> list[TrailRequestLine]:
    """Everybody's, for the owner of the database; the newest first, from behind the id ``before``."""
    cursor.execute(
        "SELECT trail_request_id, force, coalesce(crn, 'match ' || result_id), legal_basis, from_time, to_time,"
        " requested_by, requested_at, standing.state, standing.expires_at,"
        " (SELECT decided_by FROM trail_decisions decision WHERE decision.trail_request_id = asked.trail_request_id"
        "  ORDER BY trail_decision_id DESC LIMIT 1)"
        " FROM trail_requests asked CROSS JOIN LATERAL trail_standing(asked) standing"
        " WHERE %(before)s::bigint IS NULL OR trail_request_id < %(before)s"
        " ORDER BY trail_request_id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit},
    )
    return [TrailRequestLine(*row) for row in cursor.fetchall()]


def _request(row: tuple[Any, ...]) -> StoredTrailRequest:
    values = list(row[:-1])
    values[8] = TrailBasis(values[8])
    values[19] = TrailState(values[19])
    return StoredTrailRequest(*values)
