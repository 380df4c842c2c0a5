"""What holds of every track: columns and plain rules agree, and nobody who was there is ruled out."""

from dataclasses import replace
from math import hypot

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crimes.matching import match_candidates, verdict
from model.crimes import GapReason, Match, MatchingSettings, MatchVerdict
from tests.crimes.matching.examples import EXACT, PROJECTION, SETTINGS, At, every, matched, scene, tracks_of, us
from tests.crimes.matching.oracle import plain_match
from tests.crimes.matching.ways import Corner, observed, scattered, ways, where

WINDOWS = st.sampled_from(
    [((0.5, 300.5),), ((0.5, 0.5),), ((-100.5, 60.5), (500.5, 640.5)), ((-9.5, 400.5), (90.5, 700.5))]
)
KINDS = st.sampled_from(
    [
        EXACT,
        SETTINGS,
        MatchingSettings(padding_s=30, least_positions=1),
        MatchingSettings(least_overlap=0.9, radius_m=300),
    ]
)


@settings(max_examples=250)
@given(track=scattered(), windows=WINDOWS, uncertainty_m=st.sampled_from([0.0, 60.0, 130.0]), kind=KINDS)
def test_columns_say_what_the_plain_rules_say(
    track: list[At], windows: tuple[tuple[float, float], ...], uncertainty_m: float, kind: MatchingSettings
) -> None:
    match = matched(scene(*windows, uncertainty_m=uncertainty_m), track, kind)
    plain = plain_match(track, windows, uncertainty_m, kind)
    assert match.verdict is plain.verdict
    assert sum(one.label is not None for one in match.positions) == plain.counting
    if match.verdict is not MatchVerdict.ABSENT:
        assert_same_rooms(match, plain.rooms)


def assert_same_rooms(match: Match, rooms: list[tuple[float | None, float | None]]) -> None:
    """Short gaps that follow upon each other are told as one."""
    expected = [(None if a is None else us(a), None if b is None else us(b)) for a, b in rooms]
    found = [(one.from_us, one.to_us) for one in match.gaps]
    for gap in match.gaps:
        if (gap.from_us, gap.to_us) not in expected:
            assert gap.reason is GapReason.SHORT_GAP
            assert gap.from_us in {a for a, _ in expected}
            assert gap.to_us in {b for _, b in expected}
    for room in expected:
        assert room in found or any(_within(room, one) for one in found)


def _within(room: tuple[int | None, int | None], gap: tuple[int | None, int | None]) -> bool:
    (since, until), (from_us, to_us) = room, gap
    if since is None or until is None or from_us is None or to_us is None:
        return False
    return from_us <= since and until <= to_us


@st.composite
def visits(draw: st.DrawFn) -> tuple[list[Corner], list[At], float]:
    """A way, what a tag made of it, and a moment of the crime's: the scene is where the wearer was then, or nearly."""
    way, there_s = draw(ways()), draw(st.floats(-2000, 2000))
    return way, draw(observed(lambda moment_s: where(way, moment_s), there_s)), there_s


@settings(max_examples=250)
@given(
    visit=visits(),
    bearing=st.tuples(st.floats(-70, 70), st.floats(-70, 70)),
    spare_s=st.sampled_from([0.0, 0.3, 5.0, 600.0]),
    kind=KINDS,
)
def test_whoever_was_at_the_scene_is_never_ruled_out(
    visit: tuple[list[Corner], list[At], float], bearing: tuple[float, float], spare_s: float, kind: MatchingSettings
) -> None:
    way, track, there_s = visit
    x, y = where(way, there_s)
    place = scene((there_s - spare_s, there_s + spare_s / 3), x=x + bearing[0], y=y + bearing[1])
    assert hypot(*bearing) < kind.radius_m
    assert matched(place, track, kind).verdict is not MatchVerdict.ABSENT


@settings(max_examples=200)
@given(visit=visits(), window=st.tuples(st.floats(-500, 0), st.floats(0, 500)), drop=st.integers(0, 39))
def test_what_few_positions_of_a_way_rule_out_more_of_them_rule_out_too(
    visit: tuple[list[Corner], list[At], float], window: tuple[float, float], drop: int
) -> None:
    way, track, _ = visit
    exact = [replace(one, x=x, y=y, accuracy_m=10.0) for one in track for x, y in [where(way, one.time_s)]]
    place = scene(window)
    few = matched(place, exact[:drop] + exact[drop + 1 :])
    assume(few.verdict is MatchVerdict.ABSENT)
    assert matched(place, exact).verdict is MatchVerdict.ABSENT


@settings(max_examples=50)
@given(far_m=st.floats(1600, 4000), interval_s=st.sampled_from([5, 30, 60]), more=scattered(), kind=KINDS)
def test_one_more_position_never_makes_present_who_was_ruled_out(
    far_m: float, interval_s: int, more: list[At], kind: MatchingSettings
) -> None:
    place, track = scene((0.5, 300.5)), every(interval_s, -660, 960, x=far_m)
    assert matched(place, track, kind).verdict is MatchVerdict.ABSENT
    for one in more:
        assert matched(place, [*track, one], kind).verdict is not MatchVerdict.PRESENT


@given(
    track=scattered(), later_s=st.integers(-(10**7), 10**7), east=st.floats(-9000, 9000), north=st.floats(-9000, 9000)
)
def test_the_same_elsewhere_and_at_another_time_is_judged_alike(
    track: list[At], later_s: int, east: float, north: float
) -> None:
    moved = [
        replace(
            one,
            time_s=one.time_s + later_s,
            received_s=None if one.received_s is None else one.received_s + later_s,
            x=one.x + east,
            y=one.y + north,
        )
        for one in track
    ]
    here = matched(scene((0.5, 300.5)), track)
    there = matched(scene((0.5 + later_s, 300.5 + later_s), x=east, y=north), moved)
    assert there.verdict is here.verdict
    assert [one.label for one in there.positions] == [one.label for one in here.positions]
    assert [one.reason for one in there.gaps] == [one.reason for one in here.gaps]
    assert there.nearest_m == pytest.approx(here.nearest_m, abs=1e-3)


@settings(max_examples=40)
@given(many=st.lists(scattered(), min_size=1, max_size=12), at_once=st.sampled_from([1, 20, 10**6]))
def test_many_at_once_are_judged_as_each_by_itself(many: list[list[At]], at_once: int) -> None:
    place = scene((0.5, 300.5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict, "POSITIONS_AT_ONCE", at_once)
        together = match_candidates([place], tracks_of(many), {}, SETTINGS, PROJECTION)
    assert together == [replace(matched(place, one, SETTINGS), person_id=number) for number, one in enumerate(many)]
