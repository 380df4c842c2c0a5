"""Scenes in space and time: the index answers as a plain scan of every box does, whatever is put and dropped."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.columns import Floats
from geofence.scene_index import BULK_FROM, Boxes, SceneIndex
from model.times import SECOND_US

METRES = st.integers(-20, 20).map(float)
HALF_SECONDS = st.integers(0, 40)
IDS = st.integers(1, 12)
T0_US = 1_760_000_000 * SECOND_US
"""Doubles hold a moment of our days in microseconds and seconds, but not the square of it."""


@dataclass(frozen=True)
class Box:
    west: float
    south: float
    east: float
    north: float
    from_us: int
    to_us: int

    def meets(self, other: "Box") -> bool:
        """In whole seconds, rounded outwards."""
        return (
            self.west <= other.east
            and other.west <= self.east
            and self.south <= other.north
            and other.south <= self.north
            and self.in_time(other)
        )

    def in_time(self, other: "Box") -> bool:
        latest_from_s = max(self.from_us, other.from_us) // SECOND_US
        return latest_from_s <= -(-min(self.to_us, other.to_us) // SECOND_US)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    (west, east), (south, north) = (sorted((draw(METRES), draw(METRES))) for _ in range(2))
    from_half, to_half = sorted((draw(HALF_SECONDS), draw(HALF_SECONDS)))
    half_us = SECOND_US // 2
    return Box(west, south, east, north, T0_US + from_half * half_us, T0_US + to_half * half_us)


def columns(given_boxes: list[Box]) -> Boxes:
    def floats(name: str) -> Floats:
        return np.array([getattr(one, name) for one in given_boxes], np.float64)

    return Boxes(
        floats("west"),
        floats("south"),
        floats("east"),
        floats("north"),
        np.array([one.from_us for one in given_boxes], np.int64),
        np.array([one.to_us for one in given_boxes], np.int64),
    )


CHANGES = st.lists(
    st.one_of(st.dictionaries(IDS, boxes(), max_size=6), st.sets(IDS), st.integers(0, 25)), min_size=1, max_size=6
)


@settings(max_examples=200, deadline=None)
@given(CHANGES, st.lists(boxes(), max_size=6))
def test_answers_as_a_scan_of_every_box_after_every_change(
    changes: list[dict[int, Box] | set[int] | int], asked: list[Box]
) -> None:
    index, held = SceneIndex(), dict[int, Box]()
    for change in changes:
        if isinstance(change, dict):
            index.put(change, columns(list(change.values())))
            held |= change
        elif isinstance(change, set):
            index.drop(change)
            held = {one: box for one, box in held.items() if one not in change}
        else:
            index.drop_before(T0_US + change * SECOND_US)
            held = {one: box for one, box in held.items() if -(-box.to_us // SECOND_US) >= T0_US // SECOND_US + change}
        place, ids = index.pairs(columns(asked))
        expected = {(at, one) for at, box in enumerate(asked) for one, other in held.items() if box.meets(other)}
        assert sorted(zip(place.tolist(), ids.tolist(), strict=True)) == sorted(expected)
        assert index.meets(columns(asked)).tolist() == [any(box.meets(one) for one in held.values()) for box in asked]
        in_time = index.in_time(columns(asked).from_us, columns(asked).to_us)
        assert in_time.tolist() == [any(box.in_time(one) for one in held.values()) for box in asked]
        assert len(index) == len(held)


@pytest.mark.parametrize("count", [BULK_FROM - 1, BULK_FROM, 10 * BULK_FROM])
def test_loaded_in_bulk_or_one_by_one_it_is_the_same_and_stays_editable(count: int) -> None:
    random = np.random.default_rng(1)
    west, south = random.uniform(-1000, 1000, (2, count))
    from_us = T0_US + random.integers(0, 3600, count) * SECOND_US
    scenes = Boxes(west, south, west + 100, south + 100, from_us, from_us + 600 * SECOND_US)
    at_once, one_by_one = SceneIndex(), SceneIndex()
    at_once.put(range(count), scenes)
    for one in range(count):
        one_by_one.put([one], scenes.take(np.array([one])))
    for dropped in ((), range(0, count, 2)):
        at_once.drop(dropped)
        one_by_one.drop(dropped)
        expected, found = (
            sorted(zip(*(part.tolist() for part in index.pairs(scenes)), strict=True))
            for index in (one_by_one, at_once)
        )
        assert found == expected
        assert {one for _, one in found} == set(range(count)) - set(dropped)


def test_pitfall_nan_asks_the_rtree_for_everything() -> None:
    index = SceneIndex()
    box = Box(0, 0, 1, 1, T0_US, T0_US + SECOND_US)
    index.put([1], columns([box]))
    nowhere = Box(np.nan, np.nan, np.nan, np.nan, box.from_us, box.to_us)
    assert index.meets(columns([nowhere, box])).tolist() == [False, True]


def test_an_empty_index_meets_nothing_however_long_the_stretch() -> None:
    index = SceneIndex()
    always = columns([Box(-1e9, -1e9, 1e9, 1e9, -(2**62), 2**62)])
    assert not index.meets(always).any()
    assert not index.in_time(always.from_us, always.to_us).any()
