"""When a simulated tag's fixes arrive, by which clock, and when there are none."""

import numpy as np

from geofence.columns import Booleans
from model.enums import Mechanism
from model.times import DAY_US, SECOND_US
from sim.cohort import CohortWearer, draw
from sim.phenomena import Phenomenon
from tests.sim.cohort_oracle import DAYS, START_US, weeks

HOUR_US = 3_600 * SECOND_US
CLOCK = Phenomenon.CLOCK_WRONG | Phenomenon.CLOCK_AHEAD | Phenomenon.ABSURD_TIME
WAITED = Phenomenon.OFFLINE | Phenomenon.INTAKE_OUTAGE


def is_a(wearer: CohortWearer, phenomena: Phenomenon) -> Booleans:
    return np.asarray((wearer.phenomena & phenomena) != 0)


def test_fixes_come_in_the_order_of_arrival_and_after_they_were_made() -> None:
    for wearer in weeks():
        assert (np.diff(wearer.fixes.received_us) >= 0).all()
        assert (wearer.fixes.received_us >= wearer.true_time_us).all()
        np.testing.assert_array_equal(wearer.fixes.message_offset, np.arange(len(wearer.fixes)))


def test_live_fixes_arrive_within_seconds_and_buffered_ones_up_to_13_hours_late() -> None:
    live = np.concatenate([wait_us(wearer)[~is_a(wearer, WAITED | Phenomenon.DUPLICATE)] for wearer in weeks()])
    assert np.median(live) < 6 * SECOND_US
    assert np.quantile(live, 0.999) < 600 * SECOND_US
    kept = np.concatenate([wait_us(wearer)[is_a(wearer, Phenomenon.OFFLINE)] for wearer in weeks()])
    assert 3 * HOUR_US < kept.max() < 14 * HOUR_US


def wait_us(wearer: CohortWearer) -> np.ndarray:
    return wearer.fixes.received_us - wearer.true_time_us


def test_newest_first_uploads_arrive_against_the_order_of_fix_times() -> None:
    turned = 0
    for wearer in weeks():
        honest = ~is_a(wearer, CLOCK | Phenomenon.DUPLICATE | Phenomenon.INTAKE_OUTAGE)
        for wanted in (True, False):
            picked = honest & is_a(wearer, Phenomenon.OFFLINE) & (is_a(wearer, Phenomenon.NEWEST_FIRST) == wanted)
            steps = np.diff(wearer.fixes.fix_time_us[picked])
            if not wanted:
                assert (steps[np.diff(wearer.fixes.sequence[picked]) == 1] > 0).all()
            turned += wanted * int((steps < 0).sum())
    assert turned > 100


def test_sequence_numbers_are_those_in_which_fixes_were_made() -> None:
    for wearer in weeks():
        by_sequence = np.argsort(wearer.fixes.sequence, kind="stable")
        assert (np.diff(wearer.true_time_us[by_sequence]) >= 0).all()


def test_a_fix_sent_again_is_the_same_but_for_its_arrival() -> None:
    again = 0
    for wearer in weeks():
        for place in np.flatnonzero(is_a(wearer, Phenomenon.DUPLICATE)).tolist():
            first, second = np.flatnonzero(wearer.fixes.sequence == wearer.fixes.sequence[place]).tolist()
            assert second == place
            for name in ("fix_time_us", "lat", "lon", "mechanism", "battery_pct"):
                column = getattr(wearer.fixes, name)
                assert column[first] == column[second]
            again += 1
    assert again > 50


def test_clocks_are_right_but_for_faults() -> None:
    for wearer in weeks():
        error_us = wearer.fixes.fix_time_us - wearer.true_time_us
        assert (error_us[~is_a(wearer, CLOCK)] == 0).all()
        wrong = np.abs(error_us[is_a(wearer, Phenomenon.CLOCK_WRONG) & ~is_a(wearer, Phenomenon.ABSURD_TIME)])
        assert ((wrong >= 118 * SECOND_US) & (wrong <= 46 * 60 * SECOND_US)).all()
        absurd = error_us[is_a(wearer, Phenomenon.ABSURD_TIME)]
        assert (np.abs(absurd) > 400 * DAY_US).all()


def test_while_the_intake_is_deaf_nothing_arrives_from_anybody() -> None:
    outages = 0
    for seed in range(8):
        wearer, other = (draw(seed, index, 28, START_US) for index in range(2))
        assert wearer.intake_outages == other.intake_outages
        received_us = wearer.fixes.received_us[~is_a(wearer, Phenomenon.DUPLICATE)]
        for since_us, until_us in wearer.intake_outages:
            assert not ((received_us > since_us) & (received_us < until_us)).any()
            outages += 1
    assert outages


def test_a_flat_or_dead_tag_makes_no_fix_and_does_not_count_as_monitored() -> None:
    silent = [wearer for wearer in weeks() if wearer.silences]
    assert len(silent) > 5
    for wearer in silent:
        for since_us, until_us in wearer.silences:
            assert not ((wearer.true_time_us > since_us) & (wearer.true_time_us < until_us)).any()
        assert 0 < wearer.wearer_days < DAYS
    assert all(wearer.wearer_days == DAYS for wearer in weeks() if not wearer.silences)


def test_batteries_fall_but_for_charging() -> None:
    for wearer in weeks():
        by_sequence = np.argsort(wearer.fixes.sequence, kind="stable")
        level = wearer.fixes.battery_pct[by_sequence]
        made_us = wearer.true_time_us[by_sequence]
        assert ((level >= 0) & (level <= 100)).all()
        rises = np.flatnonzero(np.diff(level) > 0)
        plugged = np.zeros(len(rises), np.bool_)
        for since_us, until_us in wearer.charging:
            plugged |= (since_us < made_us[rises + 1]) & (until_us > made_us[rises])
        assert len(rises)
        assert plugged.all()


def test_every_phenomenon_occurs() -> None:
    counts = {
        phenomenon: sum(int(is_a(wearer, phenomenon).sum()) for wearer in weeks())
        for phenomenon in Phenomenon
        if phenomenon
    }
    assert [phenomenon.name for phenomenon, count in counts.items() if count == 0] == []
    for mechanism in Mechanism:
        assert any((wearer.fixes.mechanism == mechanism).any() for wearer in weeks())
    assert any((wearer.fixes.fix_time_us > wearer.fixes.received_us).any() for wearer in weeks())
    assert any((wearer.fixes.battery_pct < 1).any() for wearer in weeks())
