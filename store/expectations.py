"""The routine of a batch's wearers at the crimes at which nothing placed them: what its sheet expects of chance."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json

from crimes.chance.routine_stretches import LOOK_HOURS, RoutineSettings, Stretch, looks_before
from crimes.scenes import Scene
from geofence.confidence import METRES_PER_DEGREE
from model.crimes import USABLE_ACCURACY_M, MatchingSettings, Window
from model.enums import Mechanism, PositionFlag
from model.times import DAY_US, from_microseconds
from store.database import Cursor
from store.routines import PLAIN_CHUNKS, TRAILS, Pair, weigh_pairs
from store.rows import insert_rows

MOST_CRIMES = 200
"""That are weighed for one wearer: those where the wearer is most often. The others are reckoned with their mean."""

MOST_DAYS = 92
"""Before the last crime of a batch, in which a wearer's places are looked for."""

_PLACES = f"""
  WITH {TRAILS}
  SELECT DISTINCT ON (wanted.from_time) wanted.day, floor(first.lat * %(north_m)s / %(cell_m)s)::integer,
         floor(first.lon * %(east_m)s / %(cell_m)s)::integer
  FROM unnest(%(day)s::integer[], %(from_time)s::timestamptz[], %(until_time)s::timestamptz[])
       AS wanted (day, from_time, until_time)
  JOIN trails activation ON activation.person_id = %(person_id)s
    AND activation.during && tstzrange(wanted.from_time, wanted.until_time)
  CROSS JOIN LATERAL (
    SELECT p.lat, p.lon FROM positions p
    WHERE p.device_id = activation.device_id
      AND p.fix_time >= greatest(wanted.from_time, lower(activation.during))
      AND p.fix_time < least(wanted.until_time, coalesce(upper(activation.during), 'infinity'))
      AND p.fix_time >= %(earliest)s AND p.fix_time < %(latest)s
      AND p.mechanism <> %(lbs)s AND coalesce(p.accuracy_m, 0) <= %(usable_m)s AND p.flags & %(jump)s = 0
    ORDER BY p.fix_time, p.fix_key LIMIT 1) first
"""  # noqa: S608  names of this package

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BatchPerson:
    """A wearer of a batch's sheet."""

    crime_batch_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class _Grid:
    """Squares of ``cell_m`` metres, the same for crimes and positions; true to a few percent about its latitude."""

    cell_m: float
    east_m: float  # metres in a degree of longitude

    def cell(self, lat: float, lon: float) -> Cell:
        return math.floor(lat * METRES_PER_DEGREE / self.cell_m), math.floor(lon * self.east_m / self.cell_m)


def want_routines(cursor: Cursor, crime_version_ids: Collection[int]) -> None:
    """Ask for the routines of those who are present or possible at these crimes, in the crimes' batches: once each."""
    cursor.execute(
        "INSERT INTO batch_routines (crime_batch_id, person_id)"
        " SELECT DISTINCT version.crime_batch_id, result.person_id"
        " FROM crime_versions version JOIN matching_results result USING (crime_version_id)"
        " WHERE version.crime_version_id = ANY (%s) AND result.superseded_by IS NULL"
        " AND result.verdict IN ('present', 'possible') ORDER BY 1, 2 ON CONFLICT DO NOTHING",
        (list(crime_version_ids),),
    )


def want_batch(cursor: Cursor, crime_batch_id: int) -> None:
    """The same for all crimes of a batch, those that were set aside among them."""
    cursor.execute("SELECT crime_version_id FROM crime_versions WHERE crime_batch_id = %s", (crime_batch_id,))
    want_routines(cursor, [crime_version_id for (crime_version_id,) in cursor.fetchall()])
    cursor.execute("UPDATE batch_routines SET error = NULL WHERE crime_batch_id = %s", (crime_batch_id,))


def retry_routines(cursor: Cursor) -> None:
    """What was set aside is tried again by each new matcher: it may be of a later release."""
    cursor.execute("UPDATE batch_routines SET error = NULL WHERE error IS NOT NULL")


def waiting_wearers(cursor: Cursor, limit: int, crime_batch_id: int | None = None) -> list[BatchPerson]:
    """Whose routines wait to be weighed, longest first; of one batch or of all."""
    cursor.execute(
        "SELECT crime_batch_id, person_id FROM batch_routines WHERE days_compared IS NULL AND error IS NULL"
        " AND (%(batch)s::bigint IS NULL OR crime_batch_id = %(batch)s) ORDER BY wanted_at, person_id LIMIT %(limit)s",
        {"batch": crime_batch_id, "limit": limit},
    )
    return [BatchPerson(*row) for row in cursor.fetchall()]


def set_wearer_aside(cursor: Cursor, failed: BatchPerson, error: str) -> None:
    """Their routine could not be weighed: it stays there to be seen, and holds up nobody else's."""
    cursor.execute(
        "UPDATE batch_routines SET error = %s WHERE crime_batch_id = %s AND person_id = %s",
        (error, failed.crime_batch_id, failed.person_id),
    )


def expect_wearer(cursor: Cursor, wanted: BatchPerson, settings: MatchingSettings, routine: RoutineSettings) -> None:
    """Weigh a wearer's routine at the crimes of the batch about their places, where no result's weight says it.

    About them: a look of the weeks before found the wearer in the crime's square of ``near_m`` or one beside it. At the
    others the wearer was on none of the days that can be compared.
    """
    scenes = _scenes(cursor, wanted.crime_batch_id)
    latitude = sum(scene.lat for scene in scenes) / len(scenes)
    grid = _Grid(max(settings.near_m, settings.radius_m), METRES_PER_DEGREE * math.cos(math.radians(latitude)))
    days, cells = _places(cursor, wanted.person_id, _looks(scenes, routine), grid)
    often = {scene.scene_id: _visits(cells, grid.cell(scene.lat, scene.lon)) for scene in scenes}
    known = _weighed(cursor, wanted)
    near = [scene for scene in scenes if often[scene.scene_id] and scene.scene_id not in known]
    near.sort(key=lambda scene: (-often[scene.scene_id], scene.scene_id))
    pairs = [Pair(scene, wanted.person_id) for scene in near[:MOST_CRIMES]]
    weights = weigh_pairs(cursor, pairs, settings, routine)
    insert_rows(
        cursor,
        "INSERT INTO routine_expectations (crime_version_id, person_id, weight) VALUES %s"
        " ON CONFLICT (crime_version_id, person_id) DO UPDATE SET weight = excluded.weight",
        [
            (pair.scene.scene_id, pair.person_id, Json(weight.document()))
            for pair, weight in zip(pairs, weights, strict=True)
        ],
    )
    cursor.execute(
        "UPDATE batch_routines SET days_compared = %s, left_out = %s WHERE crime_batch_id = %s AND person_id = %s",
        (min(days, routine.history_days), len(near) - len(pairs), wanted.crime_batch_id, wanted.person_id),
    )


def _scenes(cursor: Cursor, crime_batch_id: int) -> list[Scene]:
    cursor.execute(
        "SELECT crime_version_id, lat, lon, place_uncertainty_m, windows FROM crime_versions"
        " WHERE crime_batch_id = %s ORDER BY crime_version_id",
        (crime_batch_id,),
    )
    return [_scene(row) for row in cursor.fetchall()]


def _scene(row: tuple[Any, ...]) -> Scene:
    crime_version_id, lat, lon, uncertainty_m, windows = row
    return Scene(crime_version_id, lat, lon, uncertainty_m, tuple(Window(start, end) for start, end in windows))


def _weighed(cursor: Cursor, wanted: BatchPerson) -> set[int]:
    """The crimes whose weight stands with the person's result."""
    cursor.execute(
        "SELECT crime_version_id FROM crime_versions version JOIN matching_results result USING (crime_version_id)"
        " WHERE version.crime_batch_id = %s AND result.person_id = %s AND result.superseded_by IS NULL"
        " AND result.weight IS NOT NULL",
        (wanted.crime_batch_id, wanted.person_id),
    )
    return {crime_version_id for (crime_version_id,) in cursor.fetchall()}


def _looks(scenes: Sequence[Scene], routine: RoutineSettings) -> list[Stretch]:
    """From the history of the batch's first crime to its last crime, though of MOST_DAYS at most."""
    first_us = min(scene.hull.from_us for scene in scenes)
    last_us = max(scene.hull.from_us for scene in scenes)
    days = routine.history_days + (last_us - first_us) // DAY_US
    return looks_before(last_us, min(days, MOST_DAYS), routine)


def _places(cursor: Cursor, person_id: int, looks: Sequence[Stretch], grid: _Grid) -> tuple[int, Counter[Cell]]:
    """On how many days at least half of the looks found the wearer, and in which squares how often."""
    cursor.execute(PLAIN_CHUNKS)
    cursor.execute(
        _PLACES,
        {
            "person_id": person_id,
            "people": [person_id],
            "day": [look.day for look in looks],
            "from_time": [from_microseconds(look.from_us) for look in looks],
            "until_time": [from_microseconds(look.until_us) for look in looks],
            "earliest": from_microseconds(looks[0].from_us),
            "latest": from_microseconds(looks[-1].until_us),
            "north_m": METRES_PER_DEGREE,
            "east_m": grid.east_m,
            "cell_m": grid.cell_m,
            "lbs": Mechanism.LBS.value,
            "usable_m": USABLE_ACCURACY_M,
            "jump": PositionFlag.IMPLIED_SPEED.value,
        },
    )
    found = cursor.fetchall()
    days = Counter(day for day, _, _ in found)
    told = sum(2 * count >= len(LOOK_HOURS) for count in days.values())
    return told, Counter((north, east) for _, north, east in found)


def _visits(cells: Counter[Cell], of: Cell) -> int:
    """Looks in the square or one of the eight beside it."""
    return sum(cells[of[0] + north, of[1] + east] for north in (-1, 0, 1) for east in (-1, 0, 1))
