"""A simulated receiver errs as a real one does: slowly, by what it states, and more between buildings."""

from functools import cache

import numpy as np
import pytest

from geofence.columns import NOT_GIVEN, Booleans, Floats
from model.enums import Mechanism
from sim.cohort import CohortWearer
from sim.correlated import chosen, gauss_markov
from sim.phenomena import Phenomenon
from sim.realism import AS_IN_LIFE
from sim.surroundings import surroundings_of
from tests.sim.cohort_oracle import week_of, weeks

TROUBLED = Phenomenon.MULTIPATH | Phenomenon.COLD_START | Phenomenon.OUTLIER | Phenomenon.NOT_STATED
RECEIVER = AS_IN_LIFE.receiver


@cache
def errors_m(index: int) -> Floats:
    """East and north of the true place, (n, 2), in the order of arrival."""
    wearer = week_of(index)
    moments_s = (wearer.true_time_us - wearer.path.start_us) / 1e6
    found = wearer.path.plane.metres(np.column_stack([wearer.fixes.lon, wearer.fixes.lat]))
    return np.asarray(found - wearer.path.places(moments_s))


def is_a(wearer: CohortWearer, phenomena: Phenomenon) -> Booleans:
    return np.asarray((wearer.phenomena & phenomena) != 0)


def pooled(mechanism: Mechanism, wanted: Phenomenon, unwanted: Phenomenon) -> tuple[Floats, Floats]:
    """Error and stated accuracy of every fix of a mechanism that has the one and not the other, both (n,)."""
    error, stated = [], []
    for wearer in weeks():
        picked = (wearer.fixes.mechanism == mechanism) & ~is_a(wearer, unwanted)
        if wanted:
            picked &= is_a(wearer, wanted)
        error.append(np.hypot(*errors_m(wearer.index)[picked].T))
        stated.append(wearer.fixes.accuracy_m[picked])
    return np.concatenate(error), np.concatenate(stated)


def test_stated_accuracy_holds_95_percent_outside_multipath() -> None:
    for mechanism in (Mechanism.GPS, Mechanism.WIFI, Mechanism.LBS):
        error_m, stated_m = pooled(mechanism, Phenomenon.NONE, TROUBLED)
        assert len(error_m) > 10_000
        assert 0.935 < np.mean(error_m <= stated_m) < 0.965, mechanism.word


def test_accuracy_is_understated_two_to_three_times_in_multipath() -> None:
    others = TROUBLED & ~Phenomenon.MULTIPATH
    error_m, stated_m = pooled(Mechanism.GPS, Phenomenon.MULTIPATH, others)
    assert np.mean(error_m <= stated_m) < 0.2
    assert np.mean(error_m <= 3 * stated_m) > 0.95
    assert 15 < np.median(error_m) < 60
    assert np.quantile(error_m, 0.99) < 160


def test_first_fixes_after_a_gap_are_worse_than_they_state() -> None:
    error_m, stated_m = pooled(Mechanism.GPS, Phenomenon.COLD_START, TROUBLED & ~Phenomenon.COLD_START)
    assert np.mean(error_m <= stated_m) < 0.5
    for wearer in weeks()[:5]:
        by_time = np.argsort(wearer.true_time_us, kind="stable")
        gps = by_time[wearer.fixes.mechanism[by_time] == Mechanism.GPS]
        gap_min = np.diff(wearer.true_time_us[gps]) / 60e6
        after_a_gap = gps[1:][gap_min > RECEIVER.cold_after_min]
        assert is_a(wearer, Phenomenon.COLD_START)[after_a_gap].all()


def test_gauss_markov_noise_has_unit_variance_and_forgets_at_the_rate_given() -> None:
    rng = np.random.default_rng(1)
    times_s = np.cumsum(rng.uniform(20, 40, size=200_000))
    noise = gauss_markov(rng, times_s, 300.0, axes=2)
    assert np.var(noise, axis=0) == pytest.approx([1, 1], abs=0.05)
    for lag in (1, 5, 20):
        told = np.mean(noise[lag:] * noise[:-lag])
        assert told == pytest.approx(np.mean(np.exp(-(times_s[lag:] - times_s[:-lag]) / 300)), abs=0.05)
    assert np.mean(noise[:, 0] * noise[:, 1]) == pytest.approx(0, abs=0.05)


def test_gauss_markov_is_the_recursion_of_the_books() -> None:
    times_s = np.cumsum(np.random.default_rng(2).exponential(60, size=500))
    draws = np.random.default_rng(3).normal(size=(500, 1))
    expected = [draws[0, 0]]
    for elapsed_s, draw in zip(np.diff(times_s), draws[1:, 0], strict=True):
        keeps = np.exp(-elapsed_s / 90)
        expected.append(keeps * expected[-1] + np.sqrt(1 - keeps**2) * draw)
    np.testing.assert_allclose(gauss_markov(np.random.default_rng(3), times_s, 90.0)[:, 0], expected, atol=1e-6)


def test_errors_of_a_tag_correlate_over_its_time_constant() -> None:
    """Of pairs of GPS fixes about a minute apart, in standard deviations of each."""
    for wearer in weeks()[:8]:
        by_time = np.argsort(wearer.true_time_us, kind="stable")
        good = by_time[(wearer.fixes.mechanism == Mechanism.GPS)[by_time] & ~is_a(wearer, TROUBLED)[by_time]]
        error = errors_m(wearer.index)[good] / (wearer.fixes.accuracy_m[good] / 2.4477)[:, np.newaxis]
        elapsed_s = np.diff(wearer.true_time_us[good]) / 1e6
        near = (elapsed_s > 5) & (elapsed_s < 130)
        told = np.mean((error[1:] * error[:-1])[near])
        expected = np.mean(np.exp(-elapsed_s[near] / wearer.error_correlation_s))
        assert told == pytest.approx(expected, abs=0.2)
        assert 60 <= wearer.error_correlation_s <= 600


def test_choices_have_their_shares_and_come_in_spells() -> None:
    rng = np.random.default_rng(4)
    values = gauss_markov(rng, np.linspace(0, 6e6, 100_000), 480.0)[:, 0]
    choice = chosen(values, np.broadcast_to([0.3, 0.45, 0.1], (100_000, 3)))
    assert np.bincount(choice) / 100_000 == pytest.approx([0.3, 0.45, 0.1, 0.15], abs=0.02)
    assert np.mean(choice[1:] == choice[:-1]) > 0.6  # 0.33 if each were drawn for itself


def test_canyons_are_the_share_of_the_map_asked_for_and_always_the_same() -> None:
    places = np.random.default_rng(5).uniform(-8_000, 8_000, size=(50_000, 2))
    one, other = surroundings_of(7, 220.0, 0.08), surroundings_of.__wrapped__(7, 220.0, 0.08)
    np.testing.assert_array_equal(one.canyons(places), other.canyons(places))
    assert np.mean(one.canyons(places)) == pytest.approx(0.08, abs=0.015)
    assert np.mean(one.canyons(places) != surroundings_of(8, 220.0, 0.08).canyons(places)) > 0.1
    beside = one.canyons(places + 5.0)
    assert np.mean(beside[one.canyons(places)]) > 0.85  # five metres on, one is mostly in the same street


def test_multipath_is_in_canyons_only() -> None:
    surroundings = surroundings_of(7, RECEIVER.canyon_grain_m, RECEIVER.canyon_share)
    for wearer in weeks():
        moments_s = (wearer.true_time_us - wearer.path.start_us) / 1e6
        biased = is_a(wearer, Phenomenon.MULTIPATH)
        assert surroundings.canyons(wearer.path.places(moments_s[biased])).all()


def test_gross_outliers_are_kilometres_away() -> None:
    error_m, _ = pooled(Mechanism.GPS, Phenomenon.OUTLIER, Phenomenon.NONE)
    assert len(error_m)
    assert error_m.min() > 1_000
    others, _ = pooled(Mechanism.GPS, Phenomenon.NONE, Phenomenon.OUTLIER)
    assert others.max() < 700


def test_indoors_there_is_less_gps_and_it_is_worse() -> None:
    gps_share, accuracy_m = {}, {}
    for inside in (True, False):
        gps, all_fixes, stated = 0, 0, []
        for wearer in weeks():
            there = (is_a(wearer, Phenomenon.INDOORS) == inside) & (wearer.fixes.mechanism != Mechanism.RF)
            by_gps = there & (wearer.fixes.mechanism == Mechanism.GPS)
            gps, all_fixes = gps + int(by_gps.sum()), all_fixes + int(there.sum())
            stated.append(wearer.fixes.accuracy_m[by_gps])
        gps_share[inside], accuracy_m[inside] = gps / all_fixes, np.nanmedian(np.concatenate(stated))
    assert gps_share[True] < 0.6
    assert gps_share[False] > 0.9
    assert accuracy_m[True] > 1.8 * accuracy_m[False]


def test_wifi_and_lbs_state_what_they_are_and_tell_no_satellites() -> None:
    for wearer in weeks():
        fixes = wearer.fixes
        for mechanism, (least_m, greatest_m) in (
            (Mechanism.WIFI, RECEIVER.wifi_accuracy_m),
            (Mechanism.LBS, RECEIVER.lbs_accuracy_m),
        ):
            stated_m = fixes.accuracy_m[(fixes.mechanism == mechanism) & ~np.isnan(fixes.accuracy_m)]
            assert ((stated_m >= least_m) & (stated_m <= greatest_m)).all()
        gps = fixes.mechanism == Mechanism.GPS
        assert ((fixes.satellites >= 4) == gps).all()
        assert (np.isnan(fixes.speed_mps) == ~gps).all()
        assert (fixes.satellites[~gps] == NOT_GIVEN).all()


def test_the_beacon_answers_at_home_only() -> None:
    for wearer in weeks():
        by_beacon = wearer.fixes.mechanism == Mechanism.RF
        assert by_beacon.any() == wearer.has_beacon
        error_m = np.hypot(*errors_m(wearer.index)[by_beacon].T)
        assert (error_m < 15).all()
