"""A wearer's weeks and the crimes in them, written by the owner as intake, import and matcher would leave them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg2.extras import Json, execute_values

from crimes.chance.weight import ChanceWeight
from crimes.scenes import Scene
from model.crimes import MATCHING_VERSION, MatchVerdict, Window
from model.enums import Mechanism
from model.times import to_microseconds
from store.database import Cursor, fetch_one
from tests.support.seed import seed_basis

FORCE = "Metropolitan"
PLACE = (51.5, -0.1)
AWAY = (51.55, -0.2)
CRIME_AT = datetime(2026, 2, 19, 14, 0, tzinfo=UTC)  # a Thursday in winter, when the wall clock shows UTC
CRIME_LASTS = timedelta(minutes=30)
EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Fix:
    """Of what kind positions are."""

    accuracy_m: float | None = 8.0
    mechanism: int = Mechanism.GPS.value
    flags: int = 0


GOOD_FIX = Fix()


@dataclass(frozen=True, slots=True)
class StoredCrime:
    crime_version_id: int
    scene: Scene


def seed_person(cursor: Cursor, crn: str, worn_since: datetime = CRIME_AT - timedelta(days=60)) -> tuple[int, int]:
    """The ids of a person and their device."""
    cursor.execute(
        "INSERT INTO people (crn, name, date_of_birth) VALUES (%s, 'Sam Example', '1980-01-01') RETURNING person_id",
        (crn,),
    )
    person_id: int = fetch_one(cursor)[0]
    cursor.execute("INSERT INTO devices (serial) VALUES (%s) RETURNING device_id", (f"TAG-{crn}",))
    device_id: int = fetch_one(cursor)[0]
    cursor.execute(
        "INSERT INTO device_activations (device_id, person_id, during, revision)"
        " VALUES (%s, %s, tstzrange(%s, NULL), 1)",
        (device_id, person_id, worn_since),
    )
    seed_basis(cursor, person_id)
    return person_id, device_id


def seed_stay(
    cursor: Cursor,
    device_id: int,
    since: datetime,
    until: datetime,
    place: tuple[float, float],
    fix: Fix = GOOD_FIX,
) -> None:
    """A position every five minutes at one place from ``since`` to before ``until``."""
    moments = (since + number * EVERY for number in range(-((since - until) // EVERY)))
    execute_values(
        cursor,
        "INSERT INTO positions (device_id, fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism, flags,"
        " partition, message_offset) VALUES %s",
        [(device_id, moment, 1, moment, *place, fix.accuracy_m, fix.mechanism, fix.flags, 0, 0) for moment in moments],
        page_size=1000,
    )


def seed_weeks(cursor: Cursor, device_id: int, there: Iterable[tuple[int, int, int]], days: int = 28) -> None:
    """The days before the crime, a position every five minutes: away, but at the scene from hour to hour on ``there``'s
    days before it.
    """
    midnight = CRIME_AT.replace(hour=0)
    hours = [
        midnight - timedelta(days=back) + timedelta(hours=hour)
        for back, since, until in there
        for hour in range(since, until)
    ]
    cursor.execute(
        "INSERT INTO positions (device_id, fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism, flags,"
        " partition, message_offset)"
        " SELECT %(device)s, moment, 1, moment, CASE WHEN is_there THEN %(lat)s ELSE %(away_lat)s END,"
        "  CASE WHEN is_there THEN %(lon)s ELSE %(away_lon)s END, 8, 1, 0, 0, 0"
        " FROM generate_series(%(since)s, %(until)s, %(every)s) moment"
        " CROSS JOIN LATERAL (SELECT date_trunc('hour', moment) = ANY (%(hours)s::timestamptz[]) AS is_there) place",
        {
            "device": device_id,
            "since": midnight - timedelta(days=days),
            "until": midnight - EVERY,
            "every": EVERY,
            "hours": hours,
            "lat": PLACE[0],
            "lon": PLACE[1],
            "away_lat": AWAY[0],
            "away_lon": AWAY[1],
        },
    )


def seed_batch(cursor: Cursor, force: str = FORCE) -> int:
    cursor.execute(
        "INSERT INTO crime_batches (force, reference, content_hash, format, received_by, imported_by, state, row_count,"
        " new_count, changed_count, unchanged_count, error_count) VALUES (%s, 'B1', gen_random_uuid()::text::bytea,"
        " 'police_csv', 'api', 'the.importer', 'accepted', 1, 1, 0, 0, 0) RETURNING crime_batch_id",
        (force,),
    )
    return int(fetch_one(cursor)[0])


def seed_crime(
    cursor: Cursor,
    batch: int,
    reference: str,
    place: tuple[float, float] = PLACE,
    at: datetime = CRIME_AT,
    force: str = FORCE,
) -> StoredCrime:
    cursor.execute("INSERT INTO crimes (force, reference) VALUES (%s, %s) RETURNING crime_id", (force, reference))
    crime_id = fetch_one(cursor)[0]
    window = Window(to_microseconds(at), to_microseconds(at + CRIME_LASTS))
    cursor.execute(
        "INSERT INTO crime_versions (crime_id, version, crime_batch_id, row_number, crime_type, description, lat, lon,"
        " place_uncertainty_m, from_time, to_time, windows, given, changed_fields, revision)"
        " VALUES (%s, 1, %s, %s, 'RB', 'Robbery', %s, %s, 0, %s, %s, %s, '{}', '{}', 1) RETURNING crime_version_id",
        (crime_id, batch, crime_id, *place, at, at + CRIME_LASTS, Json([[window.from_us, window.to_us]])),
    )
    version: int = fetch_one(cursor)[0]
    return StoredCrime(version, Scene(version, *place, 0.0, (window,)))


def seed_run(cursor: Cursor, crime: StoredCrime, *, algorithm_version: int = MATCHING_VERSION) -> int:
    cursor.execute(
        "INSERT INTO matching_runs (crime_version_id, cause, requested_by, algorithm_version, software_version,"
        " settings, present, possible, absent, cannot_say)"
        " VALUES (%s, 'imported', 'the.importer', %s, 'test', '{}', 1, 2, 30, 4) RETURNING run_id",
        (crime.crime_version_id, algorithm_version),
    )
    return int(fetch_one(cursor)[0])


def seed_result(
    cursor: Cursor,
    run: int,
    crime: StoredCrime,
    person_id: int,
    *,
    verdict: MatchVerdict = MatchVerdict.PRESENT,
    weight: ChanceWeight | None = None,
) -> int:
    cursor.execute(
        "INSERT INTO matching_results (run_id, crime_version_id, person_id, verdict, document, weight)"
        " VALUES (%s, %s, %s, %s, '{}', %s) RETURNING result_id",
        (run, crime.crime_version_id, person_id, verdict, None if weight is None else Json(weight.document())),
    )
    return int(fetch_one(cursor)[0])
