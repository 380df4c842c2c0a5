"""What is noted of tracks: gaps between usable positions, fast ways, coarse positions, and cells by the hour."""

import numpy as np

from crimes.track_notes import HOUR_US, TrackCells, TrackGaps
from geofence.columns import Fixes
from ingest.pipeline import Outcome
from model.devices import FOREVER_US, NEVER_US, Activation
from model.enums import Mechanism
from model.times import SECOND_US
from tests.support.memory_world import MemoryWorld
from tests.support.pings import START_US
from tests.support.pings import fixes as plain_fixes

MINUTE_US = 60 * SECOND_US
FIRST = (NEVER_US, START_US)
"""Nothing is known of the time before the first usable position."""


def fixes(
    *minutes: float, coarse: tuple[int, ...] = (), lat: list[float] | None = None, accuracy_m: float = 600
) -> Fixes:
    """At these minutes; those whose places are in ``coarse`` come from a cell tower."""
    made = plain_fixes([START_US + round(minute * MINUTE_US) for minute in minutes], lat=lat)
    made.accuracy_m[list(coarse)] = accuracy_m
    made.mechanism[list(coarse)] = Mechanism.LBS
    return made


def taken(world: MemoryWorld, some: Fixes) -> Outcome:
    return world.take(some, [1] * len(some))


def new_world() -> MemoryWorld:
    return MemoryWorld({1: (Activation(1, 1, NEVER_US, FOREVER_US),)}, [])


def gaps(found: TrackGaps) -> list[tuple[int, int]]:
    return list(zip(found.from_us.tolist(), found.until_us.tolist(), strict=True))


def between(*minutes: float) -> tuple[int, int]:
    first, last = (START_US + round(minute * MINUTE_US) for minute in minutes)
    return first, last


def test_positions_as_often_as_usual_leave_no_gap_but_the_time_before_them() -> None:
    assert gaps(taken(new_world(), fixes(0, 1, 2, 4)).gaps) == [FIRST]


def test_a_longer_time_between_usable_positions_is_a_gap_with_both_its_ends() -> None:
    found = taken(new_world(), fixes(0, 1, 3.5, lat=[51.5, 51.51, 51.52])).gaps
    assert gaps(found) == [FIRST, between(1, 3.5)]
    assert (found.from_lat[1], found.until_lat[1], found.from_accuracy_m[1]) == (51.51, 51.52, 8.0)
    assert np.isnan(found.from_lat[0])


def test_a_gap_is_the_same_over_batches_and_after_a_crash() -> None:
    world = new_world()
    assert gaps(taken(world, fixes(0, 1)).gaps) == [FIRST]
    assert gaps(taken(world, fixes(4)).gaps) == [between(1, 4)]
    world.start_again()
    assert gaps(taken(world, fixes(10)).gaps) == [between(4, 10)]


def test_a_lone_position_by_a_cell_tower_makes_no_gap() -> None:
    assert gaps(taken(new_world(), fixes(0, 1, 2, coarse=(1,))).gaps) == [FIRST]


def test_positions_that_cannot_be_used_fill_no_gap_and_tell_of_it_while_it_goes_on() -> None:
    world = new_world()
    went_on = taken(world, fixes(0, 1, 2, 3, coarse=(1, 2, 3))).gaps
    assert gaps(went_on) == [FIRST, between(0, 3)]
    assert np.isnan(went_on.until_lat[1])
    ended = taken(world, fixes(4, 5, coarse=(0,))).gaps
    assert gaps(ended) == [between(0, 5)]
    assert ended.until_lat[0] == 51.5


def test_a_way_that_is_fast_is_noted_however_short() -> None:
    slow, fast = 51.5 + 0.009, 51.5 + 0.018  # 1,000 m and 2,000 m
    assert gaps(taken(new_world(), fixes(0, 1, lat=[51.5, slow])).gaps) == [FIRST]
    assert gaps(taken(new_world(), fixes(0, 1, lat=[51.5, fast])).gaps) == [FIRST, between(0, 1)]


def test_late_positions_make_no_gap() -> None:
    world = new_world()
    taken(world, fixes(0, 10))
    assert gaps(taken(world, fixes(5)).gaps) == []


def test_a_very_coarse_position_is_noted_by_itself_late_or_not() -> None:
    world = new_world()
    taken(world, fixes(0, 1, 2))
    found = taken(world, fixes(1.5, coarse=(0,), accuracy_m=5000)).gaps
    late = START_US + 90 * SECOND_US
    assert gaps(found) == [(late - 1, late)]
    assert found.until_accuracy_m[0] == 5000


def noted(found: TrackCells) -> set[tuple[int, int]]:
    return set(zip(found.cell.tolist(), (found.hour - START_US // HOUR_US).tolist(), strict=True))


def test_a_cell_is_noted_once_an_hour_and_once_a_move() -> None:
    world = new_world()
    assert len(noted(taken(world, fixes(0, 1, 2)).cells)) == 1
    assert noted(taken(world, fixes(3, 4)).cells) == set()
    assert len(noted(taken(world, fixes(5, 6, lat=[51.5, 51.6])).cells)) == 1
    assert {hour for _, hour in noted(taken(world, fixes(66, lat=[51.6])).cells)} == {1}


def test_cells_of_late_positions_are_noted() -> None:
    world = new_world()
    taken(world, fixes(0, 10))
    assert len(noted(taken(world, fixes(5, lat=[51.6])).cells)) == 1
