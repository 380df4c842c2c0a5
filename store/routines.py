"""What a presence is weighed with: where the wearer was on the days before. Read under the worker's role."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crimes.chance.routine_stretches import RoutineSettings, Stretch, is_at_weekend, stretches_before
from crimes.chance.weight import ChanceWeight, Seen, weigh_chance
from crimes.scenes import Scene
from geofence.columns import Floats, Integers
from geofence.confidence import METRES_PER_DEGREE
from model.crimes import USABLE_ACCURACY_M, MatchingSettings, Window
from model.enums import Mechanism, PositionFlag
from model.times import DAY_US, SECOND_US, from_microseconds, to_microseconds
from store.database import Cursor

PAIRS_AT_ONCE = 50
"""Of a scene and a person in one statement: some 18,000 stretches."""

LONGEST_US = DAY_US
"""No window of a crime is longer, with its padding and its second instant."""

PLAIN_CHUNKS = "SELECT set_config('timescaledb.enable_runtime_exclusion', 'off', true)"
"""For hundreds of narrow ranges, TimescaleDB takes longer to rule a chunk out than its index takes to find nothing: 70
against 20 ms of the server's time a result. PostgreSQL without it takes the setting for nothing."""

# A stretch is one narrow range of the primary key for each device that the person wore in it: how much is read depends
# on the stretches' length, not on the history's. Aggregates in a lateral subquery keep the planner to that.
#
# Only times of trail monitoring and other bases: visits would show the days at the place and not those elsewhere.
TRAILS = """
  trails AS MATERIALIZED (
    SELECT device_id, person_id, unnest(tstzmultirange(during) * trail_times(person_id)) AS during
    FROM device_activations WHERE person_id = ANY (%(people)s))
"""
_SEEN = f"""
  WITH {TRAILS}
  SELECT wanted.place, sum(seen.there), bit_count(bit_or(seen.parts)::bit(32))
  FROM unnest(%(pair)s::integer[], %(from_us)s::bigint[], %(until_us)s::bigint[], %(part_s)s::float8[])
       WITH ORDINALITY AS stretch (pair, from_us, until_us, part_s, place)
  JOIN unnest(%(person_id)s::bigint[], %(lat)s::float8[], %(lon)s::float8[], %(east_m)s::float8[],
              %(radius_m)s::float8[])
       WITH ORDINALITY AS pair (person_id, lat, lon, east_m, radius_m, number) ON pair.number = stretch.pair
  CROSS JOIN LATERAL (
    SELECT place, person_id, lat, lon, east_m, radius_m, part_s,
           timestamptz 'epoch' + from_us * interval '1 microsecond' AS from_time,
           timestamptz 'epoch' + until_us * interval '1 microsecond' AS until_time) wanted
  JOIN trails activation ON activation.person_id = wanted.person_id
    AND activation.during && tstzrange(wanted.from_time, wanted.until_time)
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (
             WHERE abs(p.lat - wanted.lat) * %(north_m)s <= wanted.radius_m
               AND ((p.lat - wanted.lat) * %(north_m)s) ^ 2 + ((p.lon - wanted.lon) * wanted.east_m) ^ 2
                   <= wanted.radius_m ^ 2) AS there,
           coalesce(bit_or(1::bigint << floor(date_part('epoch', p.fix_time - wanted.from_time) / wanted.part_s)
                           ::integer), 0) AS parts
    FROM positions p
    WHERE p.device_id = activation.device_id
      AND p.fix_time >= greatest(wanted.from_time, lower(activation.during))
      AND p.fix_time < least(wanted.until_time, coalesce(upper(activation.during), 'infinity'))
      AND p.fix_time >= %(earliest)s AND p.fix_time < %(latest)s
      AND p.mechanism <> %(lbs)s AND coalesce(p.accuracy_m, 0) <= %(usable_m)s AND p.flags & %(jump)s = 0) seen
  GROUP BY wanted.place
"""  # noqa: S608  names of this file


@dataclass(frozen=True, slots=True)
class Pair:
    """A person, and a scene whose routine is asked for."""

    scene: Scene
    person_id: int


def weigh_pairs(
    cursor: Cursor, pairs: Sequence[Pair], settings: MatchingSettings, routine: RoutineSettings
) -> list[ChanceWeight]:
    """How probable it is, by routine alone, that each person is counted present at their scene."""
    if not pairs:
        return []
    padding_us, near_m = settings.padding_us, 2 * settings.radius_m  # so that circles touch
    asked = _asked(cursor, [pair.scene for pair in pairs], near_m, padding_us, routine)
    weights = []
    for first in range(0, len(pairs), PAIRS_AT_ONCE):
        page = pairs[first : first + PAIRS_AT_ONCE]
        stretches = [
            stretches_before(pair.scene, padding_us, asked.about(pair.scene, near_m), routine) for pair in page
        ]
        radii_m = [settings.radius_m + _unsure_m(pair.scene, settings) for pair in page]
        seen = read_stretches(cursor, page, stretches, radii_m)
        weights += [
            weigh_chance(
                one,
                is_weekend=is_at_weekend(pair.scene, padding_us, routine),
                least_positions=settings.least_positions,
                place_unsure_m=_unsure_m(pair.scene, settings),
            )
            for pair, one in zip(page, seen, strict=True)
        ]
    return weights


def _unsure_m(scene: Scene, settings: MatchingSettings) -> float:
    """By how much the scene may lie elsewhere, where that is so much that nobody is counted present at a point."""
    return scene.place_uncertainty_m if scene.place_uncertainty_m > settings.radius_m else 0.0


def read_stretches(
    cursor: Cursor, pairs: Sequence[Pair], stretches: Sequence[Sequence[Stretch]], radii_m: Sequence[float]
) -> list[list[Seen]]:
    """What the track says of each pair's stretches: usable positions within its radius of the scene, and coverage.

    Usable: no cell tower's, no implausible jump, and no circle larger than USABLE_ACCURACY_M. Distances are those of a
    sphere, on a plane about the scene: within 0.4 % of the ellipsoid's.
    """
    wanted = [(number, stretch) for number, own in enumerate(stretches, 1) for stretch in own]
    if not wanted:
        return [[] for _ in pairs]
    cursor.execute(PLAIN_CHUNKS)
    cursor.execute(
        _SEEN,
        {
            "pair": [number for number, _ in wanted],
            "from_us": [stretch.from_us for _, stretch in wanted],
            "until_us": [stretch.until_us for _, stretch in wanted],
            "part_s": [stretch.part_us / SECOND_US for _, stretch in wanted],
            "person_id": [pair.person_id for pair in pairs],
            "lat": [pair.scene.lat for pair in pairs],
            "lon": [pair.scene.lon for pair in pairs],
            "east_m": [METRES_PER_DEGREE * math.cos(math.radians(pair.scene.lat)) for pair in pairs],
            "north_m": METRES_PER_DEGREE,
            "radius_m": list(radii_m),
            "people": list({pair.person_id for pair in pairs}),
            "earliest": from_microseconds(min(stretch.from_us for _, stretch in wanted)),
            "latest": from_microseconds(max(stretch.until_us for _, stretch in wanted)),
            "lbs": Mechanism.LBS.value,
            "usable_m": USABLE_ACCURACY_M,
            "jump": PositionFlag.IMPLIED_SPEED.value,
        },
    )
    found = {place: (int(there), parts) for place, there, parts in cursor.fetchall()}
    said = (Seen(stretch, *found.get(place, (0, 0))) for place, (_, stretch) in enumerate(wanted, 1))
    return [[next(said) for _ in own] for own in stretches]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The other crimes about some scenes; arrays of the shape ``(n,)``."""

    crime_version_id: Integers
    lat: Floats
    lon: Floats
    windows: Sequence[Window]  # padded

    def about(self, scene: Scene, near_m: float) -> list[Window]:
        """The windows of those within ``near_m`` of the scene, but for its own."""
        north_m = (self.lat - scene.lat) * METRES_PER_DEGREE
        east_m = (self.lon - scene.lon) * METRES_PER_DEGREE * math.cos(math.radians(scene.lat))
        near = (np.hypot(north_m, east_m) <= near_m) & (self.crime_version_id != scene.scene_id)
        return [self.windows[place] for place in np.flatnonzero(near).tolist()]


def _asked(cursor: Cursor, scenes: Sequence[Scene], near_m: float, padding_us: int, routine: RoutineSettings) -> _Asked:
    """The crimes of the scenes' history in the box about all of them."""
    before_us = (routine.history_days + 1) * DAY_US + LONGEST_US
    lat_deg = near_m / METRES_PER_DEGREE
    lon_deg = lat_deg / min(math.cos(math.radians(scene.lat)) for scene in scenes)
    cursor.execute(
        "SELECT crime_version_id, lat, lon, from_time, to_time FROM crime_versions WHERE is_current"
        " AND from_time >= %s AND from_time <= %s AND lat BETWEEN %s AND %s AND lon BETWEEN %s AND %s",
        (
            from_microseconds(min(scene.hull.from_us for scene in scenes) - before_us),
            from_microseconds(max(scene.hull.to_us for scene in scenes)),
            min(scene.lat for scene in scenes) - lat_deg,
            max(scene.lat for scene in scenes) + lat_deg,
            min(scene.lon for scene in scenes) - lon_deg,
            max(scene.lon for scene in scenes) + lon_deg,
        ),
    )
    rows = cursor.fetchall()
    return _Asked(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.float64),
        [Window(to_microseconds(start), to_microseconds(end)).padded(padding_us) for *_, start, end in rows],
    )
