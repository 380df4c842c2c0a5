"""Accuracy as it is believed, Φ, and what follows from depth and accuracy alone."""

from math import erf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence.columns import Booleans, Floats, Integers, Points
from geofence.confidence import (
    DEFAULT_ACCURACY_M,
    LEAST_ACCURACY_M,
    PAIRS_AT_ONCE,
    effective_accuracy_m,
    normal_cdf,
    p_inside,
    p_inside_integral,
    probability_inside,
)
from model.enums import Mechanism
from tests.geofence.examples import points_on_plane

CDF_ERROR = 7.5e-8
QUADRATURE_ERROR = 0.06
DEPTHS = st.floats(-1e6, 1e6)
ACCURACIES = st.floats(5, 1e5)


class WestOfTheCentre:
    """A zone with one edge, straight and without end, which knows how many positions it was asked about."""

    def __init__(self) -> None:
        self.asked = 0

    def covers(self, rows: Integers, points: Points) -> Booleans:
        assert len(rows) == len(points)
        self.asked += len(rows)
        return points.x <= 0


def columns(*values: float) -> Floats:
    return np.array(values, np.float64)


def at_depths(*depth_m: float) -> Points:
    return points_on_plane(-columns(*depth_m), np.zeros(len(depth_m)))


@pytest.mark.parametrize("mechanism", Mechanism)
@pytest.mark.parametrize("unstated", [np.nan, 0.0, -0.0, -3.0, np.inf])
def test_where_no_accuracy_is_stated_that_of_the_mechanism_counts(mechanism: Mechanism, unstated: float) -> None:
    accuracy_m = effective_accuracy_m(columns(unstated), np.array([mechanism]))
    assert accuracy_m.tolist() == [DEFAULT_ACCURACY_M[mechanism]]


def test_defaults_are_the_coarser_the_coarser_the_mechanism() -> None:
    coarseness = [DEFAULT_ACCURACY_M[one] for one in (Mechanism.GPS, Mechanism.RF, Mechanism.WIFI, Mechanism.LBS)]
    assert coarseness == sorted(set(coarseness))


@pytest.mark.parametrize("mechanism", Mechanism)
def test_a_stated_accuracy_counts_unless_it_is_too_good_to_be_true(mechanism: Mechanism) -> None:
    stated = columns(12.5, 800.0, 1.0, 2**-140)
    believed = effective_accuracy_m(stated, np.full(4, mechanism))
    assert believed.tolist() == [12.5, 800.0, LEAST_ACCURACY_M, LEAST_ACCURACY_M]
    assert stated.tolist() == [12.5, 800.0, 1.0, 2**-140]


def test_the_normal_distribution_to_its_stated_error() -> None:
    z = np.linspace(-45, 45, 200_001)
    exact = np.array([(1 + erf(one / sqrt(2))) / 2 for one in z.tolist()])
    assert np.abs(normal_cdf(z) - exact).max() <= CDF_ERROR


def test_the_normal_distribution_at_its_ends() -> None:
    assert normal_cdf(columns(-np.inf, -1e300, 1e300, np.inf)) == pytest.approx([0, 0, 1, 1], abs=1e-299)
    assert np.isnan(normal_cdf(columns(np.nan))).all()


@given(st.floats(allow_nan=False))
def test_what_is_not_below_is_above(z: float) -> None:
    below, above = normal_cdf(columns(z, -z))
    assert 0 <= below <= 1
    assert below + above == pytest.approx(1, abs=2 * CDF_ERROR)


def test_on_an_edge_it_is_one_half_and_at_the_circle_one_fortieth_and_the_rest() -> None:
    """A 95 % circle that touches an edge leaves ``Φ(-2.4477)``, 0.7 %, beyond it."""
    assert p_inside(columns(0, 30, -30), columns(30, 30, 30)) == pytest.approx([0.5, 0.99281, 0.00719], abs=1e-5)


@given(DEPTHS, DEPTHS, ACCURACIES)
def test_deeper_is_never_less_probable(one_m: float, other_m: float, accuracy_m: float) -> None:
    shallow, deep = p_inside(np.sort(columns(one_m, other_m)), columns(accuracy_m, accuracy_m))
    assert 0 <= shallow <= deep + 2 * CDF_ERROR
    assert deep <= 1


@given(DEPTHS, ACCURACIES, ACCURACIES)
def test_a_less_accurate_position_says_less(depth_m: float, one_m: float, other_m: float) -> None:
    accurate, vague = np.abs(p_inside(columns(depth_m, depth_m), np.sort(columns(one_m, other_m))) - 0.5)
    assert vague <= accurate + 2 * CDF_ERROR


def test_depth_of_nowhere_has_no_probability() -> None:
    zone = WestOfTheCentre()
    nowhere = at_depths(np.nan)
    probability = probability_inside(zone, np.array([0]), nowhere, columns(np.nan), columns(9), np.array([1]))
    assert np.isnan(probability).all()


@pytest.mark.parametrize("accuracy_m", [5.0, 30.0, 1250.0])
def test_at_a_straight_edge_the_integral_agrees_with_the_formula(accuracy_m: float) -> None:
    depth_m = np.linspace(-1.5, 1.5, 301) * accuracy_m
    rows, accuracies = np.zeros(301, np.int64), np.full(301, accuracy_m)
    integral = p_inside_integral(WestOfTheCentre(), rows, at_depths(*depth_m), accuracies)
    error = integral - p_inside(depth_m, accuracies)
    assert np.abs(error).max() <= QUADRATURE_ERROR
    assert np.sqrt(np.mean(error**2)) <= 0.015
    assert (np.diff(integral) >= 0).all()


def test_only_positions_near_an_edge_are_worth_the_integral() -> None:
    zone = WestOfTheCentre()
    depth_m = columns(-40, -36, 0, 36, 40)
    probability = probability_inside(
        zone, np.zeros(5, np.int64), at_depths(*depth_m), depth_m, np.full(5, 30.0), np.ones(5, np.int64)
    )
    assert zone.asked == 3 * 64  # 3 sigma are 36.8 m
    far = [0, 4]
    assert probability[far].tolist() == p_inside(depth_m[far], np.full(2, 30.0)).tolist()
    assert probability == pytest.approx(p_inside(depth_m, np.full(5, 30.0)), abs=QUADRATURE_ERROR)


def test_an_unstated_accuracy_widens_what_is_uncertain() -> None:
    zone = WestOfTheCentre()
    stated, unstated = probability_inside(
        zone, np.zeros(2, np.int64), at_depths(20, 20), columns(20, 20), columns(10, 0), np.array([1, 1])
    )
    assert zone.asked == 64
    assert stated > 0.9999
    assert 0.85 < unstated < 0.99


def test_no_pairs_and_more_pairs_than_are_taken_at_once() -> None:
    for count in (0, 1, PAIRS_AT_ONCE, 2 * PAIRS_AT_ONCE + 1):
        depth_m = np.linspace(-20, 20, count)
        together = p_inside_integral(
            WestOfTheCentre(), np.zeros(count, np.int64), at_depths(*depth_m), np.full(count, 30.0)
        )
        assert together.shape == (count,)
        assert together == pytest.approx(p_inside(depth_m, np.full(count, 30.0)), abs=QUADRATURE_ERROR)


@pytest.mark.parametrize("stated", [100.000001, 99.9, 8.123456789, 5e-324])
def test_an_accuracy_says_the_same_before_and_after_it_was_stored_in_single_precision(stated: float) -> None:
    gps = np.array([Mechanism.GPS])
    stored = float(str(np.float32(stated)))  # as PostgreSQL gives a real: the shortest decimal that is the same
    assert effective_accuracy_m(columns(stated), gps) == effective_accuracy_m(columns(stored), gps)
