"""What the engine makes of tracks about a zone: each rule of presence by an example, up to the alert that staff see.

The zone is a square of 400 m about the centre. Places are metres east and north of it, times are minutes.
"""

from dataclasses import replace
from datetime import time

import numpy as np
import pytest

from model import policies
from model.authorisations import Authorisation
from model.enums import AlertKind, Aspect, EndReason, Mechanism, PositionFlag, Regime, VisitState, ZoneKind
from model.policies import CURFEW, PresencePolicy
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.zones import ZoneVersion
from tests.support.engine_walks import MINUTE_US, PERSON_ID
from tests.support.pings import START_US
from tests.support.policies import BUFFERED
from tests.support.small_walks import ZONE_ID, Fix, at_zone, fix, minutes, raised, states, visits, zone

FAST, STEADY = (replace(one, for_probability=0.75) for one in (BUFFERED, policies.STEADY))
"""What is tested are the rules, whatever numbers were last tuned for the presets."""


def test_one_position_deep_inside_is_enough_where_the_policy_says_so() -> None:
    (visit,) = at_zone(visits(zone(FAST), fix(0, 0)))
    assert (visit.state, visit.confirmed_us) == (VisitState.CONFIRMED, START_US)
    assert states(at_zone(visits(zone(STEADY), fix(0, 0)))) == [VisitState.POSSIBLE]


@pytest.mark.parametrize("not_deep", [fix(0, 160), fix(0, 100, accuracy_m=140)])
def test_one_position_near_the_edge_or_vague_is_not(not_deep: Fix) -> None:
    assert states(at_zone(visits(zone(FAST), not_deep))) == [VisitState.POSSIBLE]


def test_company_confirms_and_the_alert_names_the_first_of_them() -> None:
    (visit,) = found = visits(zone(STEADY), fix(0, 150), fix(5, 140))
    assert minutes(visit.entered_us, visit.confirmed_us) == [0, 5]
    assert raised(found) == [AlertKind.EXCLUSION_ZONE_BREACH]


def test_company_has_to_last_as_long_as_the_policy_says() -> None:
    patient = zone(replace(STEADY, confirm_dwell_s=300.0))
    assert states(visits(patient, *(fix(n, 0) for n in range(5)))) == [VisitState.POSSIBLE]
    assert states(visits(patient, *(fix(n, 0) for n in range(6)))) == [VisitState.CONFIRMED]


def test_two_positions_too_far_apart_are_no_company() -> None:
    found = visits(zone(STEADY), fix(0, 0), fix(15.1, 0))
    assert states(found) == [VisitState.LAPSED, VisitState.POSSIBLE]
    assert raised(found) == []


@pytest.mark.parametrize(("mechanism", "accuracy_m"), [(Mechanism.LBS, 60.0), (Mechanism.WIFI, 20.0)])
@pytest.mark.parametrize("policy", [FAST, STEADY])
def test_towers_and_wifi_alone_never_confirm(mechanism: Mechanism, accuracy_m: float, policy: PresencePolicy) -> None:
    found = visits(zone(policy), *(fix(n, 0, 0, accuracy_m, mechanism) for n in range(30)))
    assert set(states(found)) == {VisitState.POSSIBLE}
    assert raised(found) == []


def test_nor_do_they_end_a_stay() -> None:
    wifi = [fix(n, 1500, 0, 30.0, Mechanism.WIFI) for n in range(2, 9)]
    (visit,) = visits(zone(STEADY), fix(0, 0), fix(1, 0), *wifi)
    assert visit.state is VisitState.ENDING
    (visit,) = visits(zone(STEADY), fix(0, 0), fix(1, 0), *wifi, fix(9, 0))
    assert (visit.state, visit.left_us) == (VisitState.CONFIRMED, None)


def test_a_position_at_the_beacon_never_speaks_for_an_exclusion() -> None:
    assert visits(zone(FAST), *(fix(n, 0, 0, None, Mechanism.RF) for n in range(9))) == []


def test_accuracy_0_is_not_perfect() -> None:
    near_edge = zone(replace(FAST, alone_depth_m=10.0, buffer_m=0.0))
    assert states(visits(near_edge, fix(0, 180, accuracy_m=6.0))) == [VisitState.CONFIRMED]
    for not_stated in (0.0, None):
        (visit,) = visits(near_edge, fix(0, 180, accuracy_m=not_stated))
        assert visit.state is VisitState.POSSIBLE
        assert visit.evidence.entry.p_inside < 0.99


def test_a_position_that_nobody_can_have_got_to_cannot_confirm() -> None:
    (visit,) = at_zone(visits(zone(FAST), fix(0, 12_000), fix(1, 0)))
    assert visit.state is VisitState.POSSIBLE


def test_an_outlier_does_not_taint_its_successor() -> None:
    three = zone(replace(STEADY, confirm_count=3))
    (visit,) = visits(three, fix(0, 0), fix(1, 30_000), fix(2, 0), fix(3, 0))
    assert minutes(visit.entered_us, visit.confirmed_us) == [0, 3]
    assert visit.positions_inside == 3


def test_an_outlier_crosses_nothing_on_its_way_back() -> None:
    assert visits(zone(FAST), fix(0, -1000), fix(1, -1000), fix(2, 30_000), fix(3, -1000)) == []


def test_one_position_outside_does_not_end_a_stay() -> None:
    (visit,) = visits(zone(STEADY), fix(0, 0), fix(1, 0), fix(2, 260), fix(3, 0))
    assert (visit.state, visit.left_us, visit.positions_inside) == (VisitState.CONFIRMED, None, 3)


def test_two_do_and_it_was_left_at_the_first() -> None:
    (visit,) = visits(zone(STEADY), fix(0, 0), fix(1, 0), fix(2, 260), fix(2.5, 270), fix(3, 280))
    assert (visit.state, visit.end_reason) == (VisitState.ENDED, EndReason.LEFT)
    assert minutes(visit.left_us, visit.closed_us) == [2, 3]


def test_one_far_away_does() -> None:
    (visit,) = visits(zone(STEADY), fix(0, 0), fix(1, 0), fix(2, 460))
    assert (visit.state, *minutes(visit.left_us)) == (VisitState.ENDED, 2)


def test_a_fast_crossing_is_inferred_and_labelled() -> None:
    (visit,) = found = at_zone(visits(zone(FAST), fix(0, -600), fix(0.6, 600)))
    assert (visit.inferred, visit.state, visit.end_reason) == (True, VisitState.ENDED, EndReason.CROSSED)
    assert minutes(visit.entered_us, visit.last_inside_us, visit.left_us) == [0, 0.3, 0.6]
    assert (visit.positions_inside, visit.confirmed_us) == (0, None)
    assert visit.evidence.deepest.depth_m == pytest.approx(200, abs=0.1)
    assert PositionFlag(visit.evidence.deepest.flags) & PositionFlag.INFERRED
    assert raised(found) == [AlertKind.INFERRED_CROSSING]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (fix(0, -600), fix(3.1, 600)),
        (fix(0, -600, 180), fix(0.6, 600, 180)),
        (fix(0, -600, accuracy_m=160), fix(0.6, 600)),
        (fix(0, -600), fix(0.6, 600, accuracy_m=160)),
        (fix(0, -600), fix(0.6, 600, mechanism=Mechanism.WIFI)),
        (fix(0, -600, mechanism=Mechanism.LBS), fix(0.6, 600)),
        (fix(0, -6000), fix(0.6, 600)),
        (fix(0, -600, 600), fix(0.6, 600, 600)),
    ],
    ids=["too slow", "a corner", "vague start", "vague end", "to wifi", "from a tower", "too fast", "past it"],
)
def test_a_crossing_is_not_inferred(start: Fix, end: Fix) -> None:
    assert at_zone(visits(zone(FAST), start, end)) == []


@pytest.mark.parametrize("kind", [ZoneKind.INCLUSION, ZoneKind.CURFEW])
def test_the_way_through_home_is_no_crossing(kind: ZoneKind) -> None:
    absent = visits(zone(replace(STEADY, for_probability=1.1), kind), fix(0, -600), fix(0.6, 600))
    assert absent == []


QUARTER_PAST = (
    "Europe/London",
    (WeeklyWindow(frozenset(Weekday), DailyWindow(time(16, 10), time(16, 20))),),
)  # minutes 3⅓ to 13⅓: the tests begin at 16:06:40 in London


def test_a_stay_begins_and_ends_with_the_hours() -> None:
    (visit,) = visits(zone(STEADY, schedule=Schedule(*QUARTER_PAST)), *(fix(n, 0) for n in range(20)))
    assert minutes(visit.entered_us, visit.confirmed_us, visit.left_us) == [4, 5, 14]
    assert (visit.state, visit.end_reason) == (VisitState.ENDED, EndReason.REGIME_CHANGED)


def test_an_authorised_entry_is_information_and_overstaying_alerts() -> None:
    window = Authorisation(1, PERSON_ID, ZONE_ID, START_US + 2 * MINUTE_US, START_US + 6 * MINUTE_US)
    found = visits(zone(FAST), *(fix(n, 0) for n in range(3, 9)), authorised=(window,))
    entry, overstay = at_zone(found)
    assert (entry.regime, overstay.regime) == (Regime.AUTHORISED, Regime.IN_FORCE)
    assert minutes(entry.entered_us, entry.left_us, overstay.entered_us) == [3, 6, 6]
    assert raised([entry, overstay]) == [AlertKind.AUTHORISED_ENTRY, AlertKind.EXCLUSION_ZONE_BREACH]


def test_who_leaves_in_time_is_in_breach_of_nothing() -> None:
    window = Authorisation(1, PERSON_ID, ZONE_ID, START_US, START_US + 6 * MINUTE_US)
    found = visits(zone(FAST), *(fix(n, 0) for n in range(5)), fix(5, 500), fix(9, 900), authorised=(window,))
    assert raised(found) == [AlertKind.AUTHORISED_ENTRY]


def test_an_approach_is_a_warning() -> None:
    (visit,) = found = visits(zone(FAST), fix(0, 240))
    assert (visit.aspect, visit.state) == (Aspect.BUFFER, VisitState.CONFIRMED)
    assert raised(found) == [AlertKind.APPROACH_WARNING]
    assert visits(zone(FAST), fix(0, 320)) == []
    assert visits(zone(STEADY), fix(0, 240)) == []


def test_an_approach_that_becomes_a_breach_tells_both() -> None:
    found = visits(zone(FAST), fix(0, 280), fix(1, 0))
    assert set(raised(found)) == {AlertKind.APPROACH_WARNING, AlertKind.EXCLUSION_ZONE_BREACH}


def home() -> ZoneVersion:
    """A curfew from 16:10, minute 3⅓, on."""
    nights = Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), DailyWindow(time(16, 10), time(7, 0))),))
    return zone(CURFEW, ZoneKind.CURFEW, schedule=nights)


def test_who_comes_home_four_minutes_late_is_let_off() -> None:
    found = visits(home(), *(fix(n, 900) for n in range(8)), *(fix(n, 0) for n in range(8, 60)))
    assert states(found) == [VisitState.LAPSED]
    assert raised(found) == []


def test_who_comes_home_fifteen_minutes_late_is_not() -> None:
    (visit,) = found = visits(home(), *(fix(n, 900) for n in range(19)), *(fix(n, 0) for n in range(19, 60)))
    assert minutes(visit.entered_us, visit.confirmed_us, visit.left_us) == [4, 14, 19]
    assert raised(found) == [AlertKind.CURFEW_ABSENCE]


def test_who_is_at_home_all_night_raises_nothing() -> None:
    assert visits(home(), *(fix(n, 0) for n in range(0, 600, 10))) == []


def test_the_beacon_ends_an_absence_wherever_its_position_is_said_to_be() -> None:
    away = [fix(n, 900) for n in range(19)]
    (visit,) = visits(home(), *away, fix(19, 900, 0, None, Mechanism.RF))
    assert (visit.state, *minutes(visit.left_us)) == (VisitState.ENDED, 19)
    (visit,) = visits(home(), *away, fix(19, 0, 0, 60.0, Mechanism.WIFI))
    assert visit.state is VisitState.ENDING, "a hint is not enough"


def test_an_authorised_absence_is_information() -> None:
    window = Authorisation(1, PERSON_ID, ZONE_ID, START_US, START_US + 60 * MINUTE_US)
    found = visits(home(), *(fix(n, 900) for n in range(40)), authorised=(window,))
    assert raised(found) == [AlertKind.AUTHORISED_ABSENCE]


def test_two_positions_at_one_instant_end_nothing() -> None:
    both = [fix(2, 0), fix(2, 5), fix(2, 600), fix(2, -600)]
    (visit,) = visits(zone(STEADY), fix(0, 0), fix(1, 0), *both)
    assert (visit.entered_us, visit.left_us) == (START_US, None)


@pytest.mark.parametrize("accuracy_m", [5.0, 20.0, 60.0, 149.0])
@pytest.mark.parametrize("policy", [STEADY, replace(FAST, buffer_m=0.0)])
def test_who_stands_as_far_outside_as_the_accuracy_raises_nothing(accuracy_m: float, policy: PresencePolicy) -> None:
    scatter = np.random.default_rng(5).normal(0, accuracy_m / 2.45, (600, 2))
    still = [fix(n, 200 + accuracy_m + east, north, accuracy_m) for n, (east, north) in enumerate(scatter.tolist())]
    assert raised(visits(zone(policy), *still)) == []
