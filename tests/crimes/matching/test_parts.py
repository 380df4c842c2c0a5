"""Circles, journeys, labels and documents: what a verdict is made of."""

import json
from datetime import UTC, datetime
from math import inf, isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from crimes.matching.documents import (
    match_document,
    read_match,
    read_settings,
    read_windows,
    settings_document,
    windows_document,
)
from crimes.matching.journeys import have_common_moment, needed_speed_mps
from crimes.matching.labels import sequence_labels, visit_letters
from crimes.matching.overlap import overlap_share
from crimes.matching.reasons import clock
from model.crimes import CoverageGap, GapReason, Match, MatchedPosition, MatchingSettings, MatchVerdict, Window
from model.enums import Mechanism
from model.times import to_microseconds

POLYGON_ERROR = 2e-4
"""Of a circle of 4 x 64 corners."""

distances = st.integers(0, 5000).map(lambda tenths: tenths / 10)
radii = st.floats(1, 400)


def share(distance_m: float, accuracy_m: float, radius_m: float) -> float:
    return float(overlap_share(np.array([distance_m]), np.array([accuracy_m]), radius_m)[0])


@given(distance_m=distances, accuracy_m=radii, radius_m=radii)
def test_the_overlap_is_that_of_the_drawn_circles(distance_m: float, accuracy_m: float, radius_m: float) -> None:
    circle = Point(distance_m, 0).buffer(accuracy_m, quad_segs=64)
    drawn = circle.intersection(Point(0, 0).buffer(radius_m, quad_segs=64)).area / circle.area
    assert share(distance_m, accuracy_m, radius_m) == pytest.approx(
        drawn, abs=POLYGON_ERROR * (1 + radius_m / accuracy_m)
    )


@given(distance_m=distances, farther_m=distances, accuracy_m=radii, radius_m=radii)
def test_the_overlap_is_a_share_and_falls_with_the_distance(
    distance_m: float, farther_m: float, accuracy_m: float, radius_m: float
) -> None:
    near, far = (share(one, accuracy_m, radius_m) for one in (distance_m, distance_m + farther_m))
    assert 0 <= far <= near + 1e-9 <= 1 + 1e-9


@pytest.mark.parametrize(
    ("distance_m", "accuracy_m", "expected"),
    [(0, 10, 1), (90, 10, 1), (110, 10, 0), (300, 10, 0), (0, 200, 0.25), (float("nan"), 10, 0)],
)
def test_the_overlap_within_apart_and_at_the_edge(distance_m: float, accuracy_m: float, expected: float) -> None:
    assert share(distance_m, accuracy_m, 100) == pytest.approx(expected, abs=1e-4)


def test_circles_without_a_radius_are_refused() -> None:
    with pytest.raises(ValueError, match="radii above 0"):
        share(10, 0, 100)
    with pytest.raises(ValueError, match="radii above 0"):
        share(10, 10, 0)


moments = st.integers(-50, 150).map(float)


@given(times=st.tuples(moments, moments), window=st.tuples(moments, moments), ways=st.tuples(distances, distances))
def test_the_needed_speed_is_the_least_at_which_there_is_time(
    times: tuple[float, float], window: tuple[float, float], ways: tuple[float, float]
) -> None:
    (start, end), (since, until) = sorted(times), sorted(window)
    start_s, end_s, start_m, end_m = (np.array([one]) for one in (start, end, *ways))
    window_s = np.array([since]), np.array([until])
    if not have_common_moment(start_s, end_s, window_s)[0]:
        assert end < since or start > until
        return
    needed = float(needed_speed_mps(start_s, end_s, start_m, end_m, window_s)[0])

    def has_time(speed: float) -> bool:
        return max(start + ways[0] / speed, since) <= min(end - ways[1] / speed, until)

    assert has_time(needed * 1.0001 + 1e-6) if isfinite(needed) else not has_time(1e9)
    if 1e-3 < needed < inf:
        assert not has_time(needed * 0.9999)


def test_visits_are_lettered_like_columns_of_a_sheet() -> None:
    assert [visit_letters(one) for one in (0, 1, 25, 26, 27, 51, 52, 701, 702)] == [
        "A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip
    assert sequence_labels([True, False, False, True, True, False]) == ["A1", "A2", "A3", "B1", "C1", "C2"]
    assert sequence_labels([]) == []


moments_us = st.integers(0, 4_000_000_000_000_000)
numbers = st.floats(allow_nan=False, allow_infinity=False)
positions = st.builds(
    MatchedPosition,
    device_id=st.integers(0, 2**31),
    fix_time_us=moments_us,
    fix_key=st.integers(-(2**63), 2**63 - 1),
    lat=numbers,
    lon=numbers,
    accuracy_m=numbers,
    accuracy_stated=st.booleans(),
    mechanism=st.sampled_from(Mechanism),
    speed_mps=st.none() | numbers,
    heading_deg=st.none() | numbers,
    flags=st.integers(0, 255),
    distance_m=numbers,
    overlap=numbers,
    label=st.none() | st.just("AB12"),
)
gaps = st.builds(
    CoverageGap,
    from_us=st.none() | moments_us,
    to_us=st.none() | moments_us,
    reason=st.sampled_from(GapReason),
    needed_speed_mps=st.none() | numbers,
)
matches = st.builds(
    Match,
    person_id=st.integers(0, 2**62),
    verdict=st.sampled_from(MatchVerdict),
    reasons=st.lists(st.text(), max_size=3).map(tuple),
    positions=st.lists(positions, max_size=3).map(tuple),
    gaps=st.lists(gaps, max_size=3).map(tuple),
    nearest_m=st.none() | numbers,
    nearest_us=st.none() | moments_us,
    position_count=st.integers(0, 1000),
    covered_from_us=st.none() | moments_us,
    covered_to_us=st.none() | moments_us,
)


@given(match=matches)
def test_a_match_is_read_as_it_was_written(match: Match) -> None:
    assert read_match(json.loads(json.dumps(match_document(match)))) == match


def test_a_match_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="stored in format 99 and this version reads 1"):
        read_match({"format": 99})


def test_windows_and_settings_are_read_as_they_were_written() -> None:
    windows = (Window(1, 2), Window(3_600_000_001, 3_600_000_002))
    assert read_windows(json.loads(json.dumps(windows_document(windows)))) == windows
    settings = MatchingSettings(radius_m=123.4, least_positions=5)
    assert read_settings(json.loads(json.dumps(settings_document(settings)))) == settings


def test_settings_of_another_version_are_refused() -> None:
    with pytest.raises(ValueError, match="run the version that recorded them"):
        read_settings({"radius_m": 100.0})


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 3, 16, 14, 2, 10, 900_000, tzinfo=UTC), "2026-03-16 14:02:10 UTC"),
        (datetime(2026, 7, 16, 14, 2, 10, tzinfo=UTC), "2026-07-16 14:02:10 UTC (15:02:10+01:00)"),
        (datetime(2026, 7, 16, 23, 30, tzinfo=UTC), "2026-07-16 23:30:00 UTC (2026-07-17 00:30:00+01:00)"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25 00:30:00 UTC (01:30:00+01:00)"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25 01:30:00 UTC"),
    ],
)
def test_a_time_in_words_has_that_of_london_where_it_differs(moment: datetime, words: str) -> None:
    assert clock(to_microseconds(moment)) == words
