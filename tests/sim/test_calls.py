"""Calls besides the usual life: the wearer is there, gets there no faster than a car, and goes on as before."""

import numpy as np
import pytest

from model.times import SECOND_US
from sim.calls import Call, nearest_m, with_calls
from sim.cohort import draw
from sim.true_path import Setting, TruePath

MONDAY_US = 1_773_619_200 * SECOND_US
HOUR_US = 3600 * SECOND_US


@pytest.fixture(scope="module")
def usual() -> TruePath:
    return draw(5, 0, 3, MONDAY_US).path


def call_at(path: TruePath, east_m: float, from_h: float) -> Call:
    lon, lat = path.plane.degrees(path.corners[:1] + np.array([east_m, 500.0]))[0].tolist()
    since_us = path.start_us + round(from_h * HOUR_US)
    return Call((lon, lat), since_us, since_us + HOUR_US // 2, Setting.INDOORS)


def test_the_wearer_is_there_for_the_time_of_the_call(usual: TruePath) -> None:
    call = call_at(usual, 4000, 30)
    path = with_calls(usual, [call])
    moments_s = np.linspace(30 * 3600, 30.5 * 3600, 50)
    assert np.allclose(path.places(moments_s), path.plane.metres(np.array([call.place])), atol=1e-6)
    assert set(path.settings[path.stretches(moments_s[1:-1])].tolist()) == {Setting.INDOORS}
    assert np.all(np.diff(path.times_s) > 0)
    assert len(path.settings) == len(path.times_s) - 1
    assert np.hypot(*path.velocities().T).max() < 35
    early_s = np.linspace(0, 27 * 3600, 500)
    late_s = np.linspace(34 * 3600, usual.end_s, 500)
    for moments in (early_s, late_s):
        assert np.allclose(path.places(moments), usual.places(moments))


def test_a_call_that_there_is_no_time_for_is_not_made(usual: TruePath) -> None:
    assert with_calls(usual, [call_at(usual, 90_000, 30), call_at(usual, 2000, 0.001)]) is usual


def test_without_calls_the_wearer_is_the_same() -> None:
    plain, with_none = draw(5, 1, 2, MONDAY_US), draw(5, 1, 2, MONDAY_US, calls=lambda _path: ())
    assert np.array_equal(plain.fixes.lat, with_none.fixes.lat)


def test_how_near_is_the_least_of_all_moments(usual: TruePath) -> None:
    place = usual.corners[0] + (300.0, 200.0)
    for from_s in (0.0, 20_000.0, 28_000.0, 60_000.0):
        moments_s = np.linspace(from_s, from_s + 4000, 40_000)
        looked_at = np.hypot(*(usual.places(moments_s) - place).T).min()
        assert nearest_m(usual, place, from_s, from_s + 4000) == pytest.approx(looked_at, abs=2)
        assert nearest_m(usual, place, from_s, from_s + 4000) <= looked_at + 1e-9
