"""Ways that wearers truly go, and what tags make of them: for Hypothesis."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import cos, pi, sin

from hypothesis import strategies as st

from model.enums import Mechanism
from tests.crimes.matching.examples import At

Corner = tuple[float, float, float]
"""Seconds, metres east, metres north."""
NEAR_S = (-60.0, -20.0, -2.0, -0.5, 0.5, 2.0, 20.0, 60.0)
ACCURACIES = (6.0, 12.0, 40.0, 99.0, 140.0)


def where(way: Sequence[Corner], time_s: float) -> tuple[float, float]:
    """Straight between the corners at an even pace."""
    place = min(max(bisect_right([one[0] for one in way], time_s), 1), len(way) - 1)
    (since, x, y), (until, to_x, to_y) = way[place - 1], way[place]
    part = min(max((time_s - since) / (until - since), 0.0), 1.0)
    return x + part * (to_x - x), y + part * (to_y - y)


@st.composite
def ways(draw: st.DrawFn, fastest_mps: float = 35.0) -> list[Corner]:
    """From 3,000 s before noon until after 3,000 s past it, no faster than ``fastest_mps``."""
    time_s, x, y = -3000.0, draw(st.floats(-9000, 9000)), draw(st.floats(-9000, 9000))
    way = [(time_s, x, y)]
    while time_s < 3000:
        lasts, pace = 900 - draw(st.floats(0, 890)), fastest_mps * draw(st.sampled_from([0, 0.05, 0.5, 1, 1]))
        heading = draw(st.floats(0, 2 * pi))
        time_s, x, y = time_s + lasts, x + lasts * pace * cos(heading), y + lasts * pace * sin(heading)
        way.append((time_s, x, y))
    return way


@st.composite
def observed(draw: st.DrawFn, where_at: Callable[[float], tuple[float, float]], about_s: float) -> list[At]:
    """Positions at any times, many just before and after one, often at the edge of what their circles allow.

    Cell towers are among them.
    """
    times = draw(st.lists(st.floats(-2900, 2900), max_size=20, unique=True))
    times += [about_s + one for one in draw(st.lists(st.sampled_from(NEAR_S), max_size=6, unique=True))]
    track = []
    for time_s in sorted(set(times)):
        x, y = where_at(time_s)
        is_tower = draw(st.integers(0, 9)) == 0
        accuracy_m = 900.0 if is_tower else draw(st.sampled_from(ACCURACIES))
        away_m, heading = accuracy_m * draw(st.sampled_from([0, 0.5, 0.999, 0.999])), draw(st.floats(0, 2 * pi))
        mechanism = Mechanism.LBS if is_tower else draw(st.sampled_from([Mechanism.GPS, Mechanism.WIFI]))
        track.append(At(time_s, x + away_m * cos(heading), y + away_m * sin(heading), accuracy_m, mechanism))
    return track


@st.composite
def scattered(draw: st.DrawFn) -> list[At]:
    """Positions anywhere and at any time, plausible or not; never at a place or a time where a limit is just met."""
    track = []
    for number in range(draw(st.integers(0, 14))):
        far_m = draw(st.sampled_from([90.0, 400.0, 2500.0, 9000.0]))
        x, y = (draw(st.integers(-20, 20)) / 20 * far_m + 0.137 * (number + 1) for _ in range(2))
        mechanism = draw(st.sampled_from([Mechanism.GPS] * 5 + [Mechanism.WIFI, Mechanism.LBS, Mechanism.RF]))
        accuracy_m = draw(st.sampled_from([8.0, 8.0, 60.0, 145.0, 400.0, 0.0, float("nan")]))
        late_s = draw(st.sampled_from([0.0, 0.0, 0.0, -600.0]))
        time_s = draw(st.integers(-20, 40)) * 31.0 + draw(st.integers(0, 3)) * 0.25
        track.append(At(time_s, x, y, accuracy_m, mechanism, received_s=time_s + late_s))
    return sorted(track, key=lambda one: one.time_s)
