"""Crimes, runs and results for tests, written by the owner as the import and the matcher would leave them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from psycopg2.extras import Json

from crimes.matching.documents import match_document, settings_document
from model.crimes import (
    MATCHING_VERSION,
    CoverageGap,
    GapReason,
    Match,
    MatchedPosition,
    MatchingSettings,
    MatchVerdict,
)
from model.enums import Mechanism
from model.times import to_microseconds
from store.database import Cursor, fetch_one
from tests.support.seed import FORCE, MORNING

OTHER_FORCE = "Kent"
SCENE_LAT, SCENE_LON = 51.5, -0.1
WINDOW_FROM, WINDOW_TO = MORNING, MORNING + timedelta(minutes=30)
IMPORTER = "the.importer"


def seed_batch(cursor: Cursor, force: str = FORCE, imported_by: str = IMPORTER) -> int:
    cursor.execute(
        "INSERT INTO crime_batches (force, reference, content_hash, format, received_by, imported_by, state, row_count,"
        " new_count, changed_count, unchanged_count, error_count)"
        " VALUES (%s, 'MPS20260302', gen_random_uuid()::text::bytea, 'police_csv', 'api', %s, 'accepted',"
        " 1, 1, 0, 0, 0)"
        " RETURNING crime_batch_id",
        (force, imported_by),
    )
    return int(fetch_one(cursor)[0])


def seed_crime(cursor: Cursor, batch: int, reference: str, *, force: str = FORCE) -> tuple[int, int]:
    """The ids of a crime and of its next version, which becomes the current one."""
    cursor.execute(
        "INSERT INTO crimes (force, reference) VALUES (%s, %s)"
        " ON CONFLICT (force, reference) DO UPDATE SET reference = excluded.reference RETURNING crime_id",
        (force, reference),
    )
    crime_id: int = fetch_one(cursor)[0]
    cursor.execute("UPDATE crime_versions SET is_current = false WHERE crime_id = %s", (crime_id,))
    windows = [[to_microseconds(WINDOW_FROM), to_microseconds(WINDOW_TO)]]
    cursor.execute(
        "INSERT INTO crime_versions (crime_id, version, crime_batch_id, row_number, crime_type, description, lat, lon,"
        " place_uncertainty_m, from_time, to_time, windows, given, changed_fields, revision)"
        " SELECT %s, coalesce(max(version), 0) + 1, %s, 1, 'RB', 'Robbery', %s, %s, 0, %s, %s, %s, '{}', '{}', 1"
        " FROM crime_versions WHERE crime_id = %s RETURNING crime_version_id",
        (crime_id, batch, SCENE_LAT, SCENE_LON, WINDOW_FROM, WINDOW_TO, Json(windows), crime_id),
    )
    version: int = fetch_one(cursor)[0]
    cursor.execute(
        "INSERT INTO matching_wanted (crime_version_id, cause, requested_by) VALUES (%s, 'imported', %s)",
        (version, IMPORTER),
    )
    return crime_id, version


def seed_run(cursor: Cursor, version: int, *, cause: str = "imported", requested_by: str = IMPORTER) -> int:
    cursor.execute("DELETE FROM matching_wanted WHERE crime_version_id = %s", (version,))
    cursor.execute(
        "INSERT INTO matching_runs (crime_version_id, cause, requested_by, algorithm_version, software_version,"
        " settings, present, possible, absent, cannot_say)"
        " VALUES (%s, %s, %s, %s, 'test', %s, 1, 1, 7, 2) RETURNING run_id",
        (version, cause, requested_by, MATCHING_VERSION, Json(settings_document(MatchingSettings()))),
    )
    return int(fetch_one(cursor)[0])


def seed_result(cursor: Cursor, run: int, version: int, match: Match) -> int:
    cursor.execute(
        "INSERT INTO matching_results (run_id, crime_version_id, person_id, verdict, document, weight)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING result_id",
        (
            run,
            version,
            match.person_id,
            match.verdict,
            Json(match_document(match)),
            Json({"words": ["Chance is remote."], "yardstick": "remote chance", "nights_there": 3}),
        ),
    )
    return int(fetch_one(cursor)[0])


def supersede(cursor: Cursor, result: int, run: int) -> None:
    cursor.execute("UPDATE matching_results SET superseded_by = %s WHERE result_id = %s", (run, result))


def position(
    fix_time: datetime, *, distance_m: float = 10.0, accuracy_m: float = 8.0, lat: float = SCENE_LAT
) -> MatchedPosition:
    return MatchedPosition(
        device_id=77,
        fix_time_us=to_microseconds(fix_time),
        fix_key=-4611686018427387904,
        lat=lat,
        lon=SCENE_LON,
        accuracy_m=accuracy_m,
        accuracy_stated=True,
        mechanism=Mechanism.GPS,
        speed_mps=1.0,
        heading_deg=90.0,
        flags=0,
        distance_m=distance_m,
        overlap=1.0,
        label="A1",
    )


def a_match(person_id: int, verdict: MatchVerdict, positions: Sequence[MatchedPosition] = ()) -> Match:
    """One with a gap where the verdict is "cannot say"."""
    match = Match(
        person_id=person_id,
        verdict=verdict,
        reasons=(f"This is {verdict}.",),
        positions=tuple(positions),
        gaps=(),
        nearest_m=min((one.distance_m for one in positions), default=640.0),
        nearest_us=to_microseconds(WINDOW_FROM),
        position_count=30,
        covered_from_us=to_microseconds(WINDOW_FROM),
        covered_to_us=to_microseconds(WINDOW_TO),
    )
    if verdict is not MatchVerdict.CANNOT_SAY:
        return match
    gap = CoverageGap(to_microseconds(WINDOW_FROM), None, GapReason.FLAT_BATTERY, None)
    return replace(match, gaps=(gap,), nearest_m=None, nearest_us=None)
