"""Is a person ruled out? Asked by police through the database's functions, answered by the matcher."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from crimes.scenes import Scene
from model.crimes import MatchVerdict, Window
from model.review import DistanceBand, IdentifierKind, RequestState
from store.database import Cursor, fetch_one
from store.pages import Page
from store.police_matches import refusals


@dataclass(frozen=True, slots=True)
class StoredElimination:
    """An elimination as police see it: of whoever is not ruled out nothing more is told."""

    elimination_id: int
    crime_id: int
    crime_version: int
    is_current_version: bool
    identifier_kind: IdentifierKind
    identifier: str
    reason: str
    requested_by: str
    requested_at: datetime
    state: RequestState
    answered_at: datetime | None
    ruled_out: bool | None
    is_withdrawn: bool
    reasons: list[str]
    nearest: DistanceBand | None
    confirmed_result_id: int | None


@dataclass(frozen=True, slots=True)
class WaitingElimination:
    """One to answer. ``person_id`` is None where nobody, or more than one, has the identifier."""

    elimination_id: int
    person_id: int | None
    scene: Scene


def request_elimination(cursor: Cursor, crime_id: int, kind: IdentifierKind, identifier: str, reason: str) -> int:
    """Raises UnseenError where there is no such crime of the caller's force."""
    with refusals():
        cursor.execute("SELECT request_elimination(%s, %s, %s, %s)", (crime_id, kind, identifier, reason))
    return int(fetch_one(cursor)[0])


def find_elimination(cursor: Cursor, elimination_id: int) -> StoredElimination | None:
    cursor.execute("SELECT * FROM police_eliminations(NULL, %s, NULL, 1)", (elimination_id,))
    row = cursor.fetchone()
    return _elimination(row) if row else None


def list_eliminations(cursor: Cursor, crime_id: int, before: int | None, limit: int) -> Page[StoredElimination]:
    """Of one crime, the newest first, from behind the one with the id ``before``."""
    cursor.execute("SELECT * FROM police_eliminations(%s, NULL, %s, %s)", (crime_id, before, limit))
    rows = cursor.fetchall()
    return Page([_elimination(row) for row in rows], any(row[-1] for row in rows))


def waiting_eliminations(cursor: Cursor, limit: int) -> list[WaitingElimination]:
    """Those that wait, the oldest first."""
    cursor.execute(
        "SELECT asked.elimination_id,"
        " (SELECT CASE WHEN count(*) = 1 THEN min(person.person_id) END FROM people person"
        "  WHERE CASE asked.identifier_kind WHEN 'crn' THEN person.crn ELSE person.pnc_id END = asked.identifier),"
        " version.crime_version_id, version.lat, version.lon, version.place_uncertainty_m, version.windows"
        " FROM eliminations asked JOIN crime_versions version USING (crime_version_id)"
        " WHERE asked.state = 'requested' ORDER BY asked.elimination_id LIMIT %s",
        (limit,),
    )
    return [WaitingElimination(row[0], row[1], _scene(*row[2:])) for row in cursor.fetchall()]


def write_elimination_answer(
    cursor: Cursor,
    asked: WaitingElimination,
    verdict: MatchVerdict | None,
    document: dict[str, Any] | None,
    algorithm_version: int,
    settings: dict[str, Any],
) -> None:
    """``verdict`` and ``document`` are those of the match; None for whoever wore no tag then."""
    cursor.execute(
        "UPDATE eliminations SET state = 'answered', answered_at = service_clock(), algorithm_version = %s,"
        " settings = %s, person_id = %s, verdict = %s, document = %s WHERE elimination_id = %s",
        (
            algorithm_version,
            Json(settings),
            asked.person_id,
            verdict,
            None if document is None else Json(document),
            asked.elimination_id,
        ),
    )


def set_elimination_aside(cursor: Cursor, elimination_id: int) -> None:
    """It could not be answered: whoever asked is told so."""
    cursor.execute("UPDATE eliminations SET state = 'failed' WHERE elimination_id = %s", (elimination_id,))


def _scene(
    crime_version_id: int, lat: float, lon: float, place_uncertainty_m: float, windows: list[tuple[int, int]]
) -> Scene:
    return Scene(crime_version_id, lat, lon, place_uncertainty_m, tuple(Window(*stretch) for stretch in windows))


def _elimination(row: tuple[Any, ...]) -> StoredElimination:
    values = list(row[:-1])
    values[4] = IdentifierKind(values[4])
    values[9] = RequestState(values[9])
    values[13] = values[13] or []
    values[14] = DistanceBand(values[14]) if values[14] else None
    return StoredElimination(*values)
