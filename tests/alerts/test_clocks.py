"""The clocks of an alert, and gaps of a rota."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.casework_rules import default_rules
from alerts.clocks import CaseClock, running_clocks
from alerts.rota_cover import gaps
from model.casework import CaseStatus
from model.enums import Severity, Urgency
from tests.support.cases import RAISED_AT, new_case

RULES = default_rules()
HOUR = timedelta(hours=1)
stretches = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 30)).map(lambda one: (one[0], one[0] + one[1])), max_size=12
)


def test_all_three_run_from_when_it_was_raised() -> None:
    clocks = running_clocks(RULES, Severity.BREACH, Urgency.IMMEDIATE, new_case())
    assert clocks == {
        CaseClock.ACKNOWLEDGE: RAISED_AT + timedelta(minutes=5),
        CaseClock.FIRST_ACTION: RAISED_AT + timedelta(minutes=15),
        CaseClock.OUTCOME: RAISED_AT + timedelta(days=1),
    }


def test_acknowledging_stops_only_the_first() -> None:
    case = new_case(status=CaseStatus.ACKNOWLEDGED, acknowledged_at=RAISED_AT)
    clocks = running_clocks(RULES, Severity.BREACH, Urgency.IMMEDIATE, case)
    assert set(clocks) == {CaseClock.FIRST_ACTION, CaseClock.OUTCOME}


def test_of_one_for_the_morning_they_run_from_its_morning() -> None:
    clocks = running_clocks(RULES, Severity.BREACH, Urgency.MORNING, new_case())
    assert clocks[CaseClock.ACKNOWLEDGE] == datetime(2026, 3, 3, 7, tzinfo=UTC) + 3 * HOUR


def test_a_contested_one_is_due_when_somebody_else_is_to_have_decided() -> None:
    case = new_case(
        status=CaseStatus.CONTESTED,
        acknowledged_at=RAISED_AT,
        first_action_at=RAISED_AT,
        review_due_at=RAISED_AT + HOUR,
    )
    clocks = running_clocks(RULES, Severity.BREACH, Urgency.IMMEDIATE, case)
    assert clocks == {CaseClock.REVIEW: RAISED_AT + HOUR}


def test_no_clock_runs_of_one_that_is_over() -> None:
    for status in (CaseStatus.CLOSED, CaseStatus.RETRACTED):
        assert running_clocks(RULES, Severity.BREACH, Urgency.IMMEDIATE, new_case(status=status)) == {}


@given(stretches, st.integers(0, 50), st.integers(1, 80))
def test_gaps_are_the_hours_that_nobody_holds(covered: list[tuple[int, int]], first: int, length: int) -> None:
    since = RAISED_AT + first * HOUR
    until = since + length * HOUR
    found = gaps([(RAISED_AT + begins * HOUR, RAISED_AT + ends * HOUR) for begins, ends in covered], since, until)
    for number in range(first, first + length):
        hour = RAISED_AT + number * HOUR
        is_held = any(begins <= number < ends for begins, ends in covered)
        assert is_held != any(begins <= hour < ends for begins, ends in found)
    assert all(one[1] < two[0] for one, two in itertools.pairwise(found))
