"""Who was here then: asked by police for one place and window, answered by the matcher."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from crimes.scenes import Scene
from model.crimes import MatchVerdict, Window
from model.review import DistanceBand, RequestState
from model.times import to_microseconds
from store.database import Cursor, fetch_one
from store.file_staging import UNSTORABLE
from store.matching import Counts
from store.pages import Page
from store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Where, how far about it, when, and by what right: a crime of the own force, or an authority."""

    lat: float
    lon: float
    radius_m: float
    from_time: datetime
    to_time: datetime
    crime_id: int | None
    authority: str | None
    authorised_by: str | None


@dataclass(frozen=True, slots=True)
class StoredSearch:
    scene_search_id: int
    crime_id: int | None
    authority: str | None
    authorised_by: str | None
    lat: float
    lon: float
    radius_m: float
    from_time: datetime
    to_time: datetime
    requested_by: str
    requested_at: datetime
    state: RequestState
    answered_at: datetime | None
    algorithm_version: int | None
    settings: dict[str, Any] | None
    counts: dict[str, int] | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    number: int
    label: str
    verdict: MatchVerdict
    reasons: list[str]
    positions: list[dict[str, Any]]
    nearest: DistanceBand | None
    position_count: int


@dataclass(frozen=True, slots=True)
class WaitingSearch:
    scene_search_id: int
    radius_m: float
    scene: Scene


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One who was there, or possibly there; ``document`` is that of the match."""

    person_id: int
    verdict: MatchVerdict
    document: dict[str, Any]


def find_crime_by_reference(cursor: Cursor, reference: str) -> int | None:
    """The id of a crime that the caller may see."""
    if UNSTORABLE in reference:
        return None
    cursor.execute("SELECT crime_id FROM crimes WHERE reference = %s", (reference,))
    row = cursor.fetchone()
    return int(row[0]) if row else None


def insert_search(cursor: Cursor, wanted: SearchRequest, force: str, requested_by: str) -> int:
    cursor.execute(
        "INSERT INTO scene_searches (force, crime_id, authority, authorised_by, lat, lon, radius_m, from_time, to_time,"
        " requested_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING scene_search_id",
        (
            force,
            wanted.crime_id,
            wanted.authority,
            wanted.authorised_by,
            wanted.lat,
            wanted.lon,
            wanted.radius_m,
            wanted.from_time,
            wanted.to_time,
            requested_by,
        ),
    )
    return int(fetch_one(cursor)[0])


def find_search(cursor: Cursor, scene_search_id: int) -> StoredSearch | None:
    cursor.execute(
        "SELECT scene_search_id, crime_id, authority, authorised_by, lat, lon, radius_m, from_time, to_time,"
        " requested_by, requested_at, state, answered_at, algorithm_version, settings,"
        " CASE WHEN state = 'answered' THEN jsonb_build_object('present', present, 'possible', possible,"
        "   'absent', absent, 'cannot_say', cannot_say) END"
        " FROM scene_searches WHERE scene_search_id = %s",
        (scene_search_id,),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    values[11] = RequestState(values[11])
    return StoredSearch(*values)


def list_search_results(cursor: Cursor, scene_search_id: int, after: int, limit: int) -> Page[SearchResult]:
    """From behind the number ``after``; the database records whose data they are."""
    cursor.execute("SELECT * FROM police_search_results(%s, %s, %s)", (scene_search_id, after, limit))
    rows = cursor.fetchall()
    return Page([_result(row) for row in rows], any(row[-1] for row in rows))


def waiting_searches(cursor: Cursor, limit: int) -> list[WaitingSearch]:
    """Those that wait, the oldest first."""
    cursor.execute(
        "SELECT scene_search_id, radius_m, lat, lon, from_time, to_time FROM scene_searches"
        " WHERE state = 'requested' ORDER BY scene_search_id LIMIT %s",
        (limit,),
    )
    return [
        WaitingSearch(number, radius_m, Scene(0, lat, lon, 0.0, (_window(from_time, to_time),)))
        for number, radius_m, lat, lon, from_time, to_time in cursor.fetchall()
    ]


def write_search_answer(
    cursor: Cursor,
    scene_search_id: int,
    found: Sequence[FoundPerson],
    counts: Counts,
    algorithm_version: int,
    settings: dict[str, Any],
) -> None:
    """``found`` is numbered in its order, which therefore should say nothing of who they are."""
    insert_rows(
        cursor,
        "INSERT INTO scene_search_results (scene_search_id, number, person_id, verdict, document) VALUES %s",
        (
            (scene_search_id, number, one.person_id, one.verdict, Json(one.document))
            for number, one in enumerate(found, start=1)
        ),
    )
    cursor.execute(
        "UPDATE scene_searches SET state = 'answered', answered_at = service_clock(), algorithm_version = %s,"
        " settings = %s, present = %s, possible = %s, absent = %s, cannot_say = %s WHERE scene_search_id = %s",
        (
            algorithm_version,
            Json(settings),
            counts.present,
            counts.possible,
            counts.absent,
            counts.cannot_say,
            scene_search_id,
        ),
    )


def set_search_aside(cursor: Cursor, scene_search_id: int) -> None:
    """It could not be answered: whoever asked is told so."""
    cursor.execute("UPDATE scene_searches SET state = 'failed' WHERE scene_search_id = %s", (scene_search_id,))


def _result(row: tuple[Any, ...]) -> SearchResult:
    values = list(row[:-1])
    values[2] = MatchVerdict(values[2])
    values[5] = DistanceBand(values[5]) if values[5] else None
    return SearchResult(*values)


def _window(from_time: datetime, to_time: datetime) -> Window:
    return Window(to_microseconds(from_time), to_microseconds(to_time))
