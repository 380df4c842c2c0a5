"""What counts as false, missed, late and flapping, on stays made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from model.times import SECOND_US
from sim.cohort_zones import Meaning
from sim.evaluation import JudgedTold, JudgedTruth, Made, Method, Told, Truth, judge_told, judge_truth
from sim.evaluation_figures import visit_figures
from sim.phenomena import Phenomenon

MINUTE_US = 60 * SECOND_US
STAY = Truth(entered_us=100 * MINUTE_US, left_us=110 * MINUTE_US, depth_m=80.0)
FOUND = Told(101 * MINUTE_US, 102 * MINUTE_US, 103 * MINUTE_US, 112 * MINUTE_US, inferred=False)


def made(*minutes: float, gps: bool = True, phenomena: int = 0) -> Made:
    """Positions at these minutes, by clocks that are right."""
    times = (np.array(minutes) * MINUTE_US).astype(np.int64)
    return Made(times, times, np.full(len(times), gps), np.full(len(times), phenomena))


def judged_told(told: Told, *truths: Truth) -> JudgedTold:
    positions = made(*range(130), phenomena=Phenomenon.MULTIPATH)
    return judge_told(told, truths, positions, Method.OWN, Meaning.VICTIM_HOME)


def judged(told: tuple[Told, ...], positions: Made, truth: Truth = STAY) -> JudgedTruth:
    return judge_truth(truth, told, positions, Method.OWN, Meaning.VICTIM_HOME)


@pytest.mark.parametrize(
    ("entered_min", "told_min", "false"),
    [(101, 102, False), (98, 99, False), (97, 98, True), (111, 112, False), (112, 113, True), (90, 120, False)],
)
def test_an_alert_is_false_when_the_wearer_was_not_inside_when_it_was_told(
    entered_min: int, told_min: int, false: bool
) -> None:
    """A minute either way: the interval between positions."""
    told = replace(FOUND, entered_us=entered_min * MINUTE_US, told_us=told_min * MINUTE_US)
    assert judged_told(told, STAY).false is false


def test_a_true_stay_that_comes_later_does_not_excuse_it() -> None:
    early = Told(50 * MINUTE_US, 51 * MINUTE_US, 51 * MINUTE_US, 112 * MINUTE_US, inferred=False)
    assert judged_told(early, STAY).false
    assert judged((early,), made(*range(130))).found


def test_without_any_true_stay_it_is_false_and_has_the_troubles_of_its_positions() -> None:
    told = judged_told(FOUND)
    assert told.false
    assert told.phenomena == Phenomenon.MULTIPATH


def test_delays_are_counted_from_the_true_entry() -> None:
    truth = judged((FOUND,), made(*range(130)))
    assert (truth.delay_s, truth.delay_received_s) == (120.0, 180.0)
    assert truth.is_long


@pytest.mark.parametrize(("told_min", "within"), [(102, True), (103, False)])
def test_within_two_is_the_second_position_after_the_first_inside(told_min: int, within: bool) -> None:
    told = replace(FOUND, told_us=told_min * MINUTE_US)
    truth = judged((told,), made(*range(130)))
    assert (truth.within_two, truth.within_two_gps) == (within, within)


def test_positions_of_the_network_count_among_the_two_but_for_the_second_share() -> None:
    positions = made(*range(130))
    positions.is_gps[101] = False
    truth = judged((replace(FOUND, told_us=103 * MINUTE_US),), positions)
    assert (truth.within_two, truth.within_two_gps) == (False, True)


def test_a_stay_without_a_gps_position_is_blind_and_counted_apart() -> None:
    seen, blind = judged((), made(*range(130))), judged((), made(*range(130), gps=False))
    assert (seen.blind, blind.blind) == (False, True)
    figures = visit_figures([seen, blind, judged((FOUND,), made(*range(130)))])
    assert figures["long_visits"] == 3
    assert figures["missed_long_visits"] == 1
    assert figures["long_visits_without_gps"] == figures["missed_long_visits_without_gps"] == 1
    assert figures["confirmed_within_two"] == 0.5
    assert figures["visits_by_length"]["50_m_or_deeper"]["10_to_60_min"]["missed"] == 2


def test_a_crossing_that_was_inferred_confirms_nothing() -> None:
    truth = judged((replace(FOUND, inferred=True),), made(*range(130)))
    assert (truth.found, truth.inferred, truth.told) == (False, True, 0)


def test_two_alerts_for_one_stay_are_flapping() -> None:
    again = replace(FOUND, entered_us=105 * MINUTE_US, told_us=106 * MINUTE_US)
    figures = visit_figures([judged((replace(FOUND, left_us=103 * MINUTE_US), again), made(*range(130)))])
    assert figures["flapping"] == 1.0


@pytest.mark.parametrize(("minutes", "depth_m", "long"), [(3, 50, True), (2.9, 50, False), (3, 49, False)])
def test_a_stay_is_long_from_3_minutes_and_50_m_on(minutes: float, depth_m: float, long: bool) -> None:
    truth = Truth(STAY.entered_us, STAY.entered_us + round(minutes * MINUTE_US), depth_m)
    assert judged((), made(*range(130)), truth).is_long is long
