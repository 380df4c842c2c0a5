"""What wearers do at their exclusion zones: go deep inside, over a corner, through, along, or wait beside them."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.random import Generator

from geofence.columns import Floats
from sim.chance import direction, log_uniform
from sim.diary import Diary
from sim.extents import Extent
from sim.places import draw_way
from sim.realism import Range, Routine
from sim.routine import MINUTE_S, Travel
from sim.true_path import Setting

WALK_MPS = (1.1, 1.6)
CAUTION_M = 120.0
"""Where a way to the edge of a zone begins: this far outside."""
RUN_UP_M = 400.0
"""Of a drive through a zone, before and behind it."""
DOOR_MIN = (1.5, 5.0)
"""In the open before a door is opened."""
LOOKED_AT = 200
"""Places among which a deep one is chosen."""


class Straying(Enum):
    DEEP_VISIT = "deep visit"
    SHALLOW_VISIT = "shallow visit"
    LOITERING = "loitering outside"
    CLIP = "clip"
    WALK_THROUGH = "walk through"
    WALK_ALONG = "walk along"
    DRIVE_THROUGH = "drive through"


@dataclass(frozen=True, slots=True)
class Errand:
    """One straying, from leaving for the zone until turning back: what was meant; true stays say what came of it."""

    straying: Straying
    zone_reference: str
    since_s: float
    until_s: float


def rates(routine: Routine) -> dict[Straying, float]:
    """How often each happens, per straying wearer and day."""
    return {
        Straying.DEEP_VISIT: routine.deep_visits,
        Straying.SHALLOW_VISIT: routine.shallow_visits,
        Straying.LOITERING: routine.loitering,
        Straying.CLIP: routine.clips,
        Straying.WALK_THROUGH: routine.walks_through,
        Straying.WALK_ALONG: routine.walks_along,
        Straying.DRIVE_THROUGH: routine.drives_through,
    }


def stray(rng: Generator, diary: Diary, straying: Straying, extent: Extent, routine: Routine) -> None:
    """Write it into the diary, from where the wearer is; the way back is the caller's."""
    match straying:
        case Straying.DEEP_VISIT:
            _visit_deep(rng, diary, extent, routine)
        case Straying.SHALLOW_VISIT:
            _wait_at_edge(rng, diary, extent, float(rng.uniform(*routine.shallow_depth_m)), routine.deep_visit_min)
        case Straying.LOITERING:
            away_m = float(rng.uniform(*routine.loitering_distance_m))
            _wait_at_edge(rng, diary, extent, -away_m, routine.loitering_min)
        case Straying.CLIP:
            _along_edge(rng, diary, extent, float(rng.uniform(*routine.clip_depth_m)), CAUTION_M / 2)
        case Straying.WALK_ALONG:
            _along_edge(rng, diary, extent, -float(rng.uniform(*routine.loitering_distance_m)), CAUTION_M)
        case Straying.WALK_THROUGH:
            _cross(rng, diary, extent, CAUTION_M, float(rng.uniform(*WALK_MPS)), Setting.OUTDOORS)
        case Straying.DRIVE_THROUGH:
            _cross(rng, diary, extent, RUN_UP_M, float(rng.uniform(*routine.drive_mps)), Setting.CAR)


def reach(rng: Generator, diary: Diary, place: Floats, travel: Travel) -> None:
    """Go there from here by a way of its own."""
    diary.travel(draw_way(rng, diary.here, place), travel)


def _visit_deep(rng: Generator, diary: Diary, extent: Extent, routine: Routine) -> None:
    """To a place among the deepest: outside its door first, then for one half inside."""
    reach(rng, diary, _deep_place(rng, extent), _means(rng))
    minutes = log_uniform(rng, routine.deep_visit_min)
    in_the_open = min(float(rng.uniform(*DOOR_MIN)), minutes)
    diary.stay(in_the_open * MINUTE_S, Setting.OUTDOORS)
    indoors = rng.random() < routine.deep_visit_indoors_share
    diary.stay((minutes - in_the_open) * MINUTE_S, Setting.INDOORS if indoors else Setting.OUTDOORS)


def _wait_at_edge(rng: Generator, diary: Diary, extent: Extent, depth_m: float, minutes: Range) -> None:
    edge, inward = extent.boundary_at(rng.random())
    reach(rng, diary, edge - CAUTION_M * inward, _means(rng))
    diary.go((edge + depth_m * inward)[np.newaxis], float(rng.uniform(*WALK_MPS)), Setting.OUTDOORS)
    diary.stay(log_uniform(rng, minutes) * MINUTE_S, Setting.OUTDOORS)
    diary.go((edge - CAUTION_M * inward)[np.newaxis], float(rng.uniform(*WALK_MPS)), Setting.OUTDOORS)


def _along_edge(rng: Generator, diary: Diary, extent: Extent, depth_m: float, half_m: float) -> None:
    """Towards the edge, as near as ``depth_m`` (negative outside), and away again on the other side."""
    edge, inward = extent.boundary_at(rng.random())
    sideways = half_m * np.array([-inward[1], inward[0]])
    before = edge - half_m / 2 * inward
    reach(rng, diary, before - sideways, _means(rng))
    nearest = edge + depth_m * inward
    diary.go(np.stack([nearest, before + sideways]), float(rng.uniform(*WALK_MPS)), Setting.OUTDOORS)


def _cross(rng: Generator, diary: Diary, extent: Extent, run_up_m: float, speed_mps: float, setting: Setting) -> None:
    """Straight through a place deep inside, from one side to the other."""
    half_way = (extent.reach_m + run_up_m) * direction(rng)
    middle = _deep_place(rng, extent)
    reach(rng, diary, middle - half_way, Travel.CAR if setting is Setting.CAR else _means(rng))
    diary.go(np.stack([middle, middle + half_way]), speed_mps, setting)


def _deep_place(rng: Generator, extent: Extent) -> Floats:
    """One of the deeper tenth of the places inside."""
    looked_at = extent.centre + rng.uniform(-extent.reach_m, extent.reach_m, size=(LOOKED_AT, 2))
    deepest_first = np.argsort(-extent.depth_m(looked_at))
    return np.asarray(looked_at[deepest_first[rng.integers(LOOKED_AT // 10)]])


def _means(rng: Generator) -> Travel:
    return (Travel.WALK, Travel.BUS, Travel.CAR)[int(rng.integers(3))]
