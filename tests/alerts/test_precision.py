"""The measured precision of detection: of what was decided, nothing of a few, never final while one is open."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.precision import FEW_CASES, LEAST_CASES, ROUNDED_TO, MeasuredDetection, MeasuredShare, measure, rounded
from crimes.chance.proportions import wilson_interval
from model.enums import AlertKind
from model.precision import JudgedAlerts

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def judged(
    breach: int, allowed: int, false_alarm: int, still_open: int = 0, kind: AlertKind = AlertKind.EXCLUSION_ZONE_BREACH
) -> JudgedAlerts:
    return JudgedAlerts(
        kind=kind,
        preset="steady",
        raised_month=NOVEMBER,
        alerts=breach + allowed + false_alarm + still_open,
        still_open=still_open,
        retracted=0,
        breach=breach,
        allowed=allowed,
        false_alarm=false_alarm,
        not_counted=0,
        reopened=0,
        contested=0,
        overturned=0,
    )


def test_detection_was_right_wherever_it_was_no_false_alarm_and_that_need_not_be_a_breach() -> None:
    (found,) = measure([judged(breach=12, allowed=4, false_alarm=4)]).kinds
    assert (found.decided, found.right.share, found.breach.share) == (20, 0.8, 0.6)
    interval = wilson_interval(16, 20)
    assert (found.right.least, found.right.most) == (interval.least, interval.most)
    assert found.right.least == pytest.approx(0.584, abs=1e-3)
    assert found.words == "right in 80 % (58 % to 92 %) of 20, few cases"


@pytest.mark.parametrize("decided", range(LEAST_CASES))
def test_of_fewer_than_five_nothing_is_said_of_what_came_of_them(decided: int) -> None:
    (found,) = measure([judged(breach=decided, allowed=0, false_alarm=0)]).kinds
    assert found.right == found.breach == MeasuredShare(None, None, None)
    assert {found.decided, found.outcomes.breach, found.contested, found.overturned, found.reopened} == {None}
    assert found.alerts == decided
    assert found.words == "fewer than 5 decided: too few to say"


def test_small_numbers_are_said_to_be_small() -> None:
    few, enough = (measure([judged(count, 0, 0)]).kinds[0].words for count in (FEW_CASES - 1, FEW_CASES))
    assert "few cases" in few
    assert "few cases" not in enough


def test_an_early_figure_says_that_it_is_not_final() -> None:
    (found,) = measure([judged(40, 0, 0, still_open=9)]).kinds
    assert found.words == "right in 100 % (91 % to 100 %) of 40; not final, 9 of 49 alerts are open"


def test_what_was_retracted_or_not_counted_is_in_no_share() -> None:
    other = replace(judged(10, 0, 10), retracted=50, not_counted=50, alerts=120)
    assert measure([other]).kinds[0].right.share == 0.5


def test_kinds_are_of_all_months_and_presets_and_months_of_each() -> None:
    parts = [judged(5, 0, 0), replace(judged(5, 0, 10), raised_month=DECEMBER), replace(judged(0, 5, 0), preset="fast")]
    found = measure([*parts, judged(0, 0, 6, kind=AlertKind.STRAP_TAMPER)])
    assert [(one.kind, one.decided, one.preset, one.raised_month) for one in found.kinds] == [
        (AlertKind.EXCLUSION_ZONE_BREACH, 25, None, None),
        (AlertKind.STRAP_TAMPER, 6, None, None),
    ]
    assert [(one.preset, one.raised_month, one.right.share) for one in found.months[:3]] == [
        ("fast", NOVEMBER, 1.0),
        ("steady", NOVEMBER, 1.0),
        ("steady", DECEMBER, 5 / 15),
    ]


@given(st.lists(st.builds(judged, *[st.integers(0, 40)] * 4, kind=st.sampled_from(AlertKind)), max_size=20))
def test_no_alert_is_lost_or_counted_twice_in_the_sum_of_its_kind(parts: list[JudgedAlerts]) -> None:
    found = measure(parts)
    for name in ("alerts", "still_open", "retracted"):
        assert sum(getattr(one, name) for one in found.kinds) == sum(getattr(one, name) for one in parts)
    for one in found.kinds:
        if one.right.least is not None and one.right.share is not None and one.right.most is not None:
            assert one.right.least <= one.right.share <= one.right.most


@given(st.lists(st.builds(judged, *[st.integers(0, 6)] * 3), max_size=8))
def test_what_is_told_of_a_kind_and_its_months_does_not_tell_of_a_few_by_their_difference(
    parts: list[JudgedAlerts],
) -> None:
    found = measure(replace(one, raised_month=date(2026, 1 + place, 1)) for place, one in enumerate(parts))
    for kind in found.kinds:
        if kind.decided is not None:
            beside = kind.decided - sum(one.decided or 0 for one in found.months)
            assert beside == 0 or beside >= LEAST_CASES


def test_a_month_that_is_held_back_for_another_says_so() -> None:
    few, many, most = (judged(count, 0, 0) for count in (1, 5, 9))
    months = measure([few, replace(many, raised_month=DECEMBER), replace(most, raised_month=date(2027, 1, 1))]).months
    assert [one.decided for one in months] == [None, None, 9]
    assert months[1].words == "not said: it would tell of fewer than 5 beside it"


def counts_of(one: MeasuredDetection) -> list[int]:
    outcomes = (one.outcomes.breach, one.outcomes.allowed, one.outcomes.false_alarm, one.outcomes.not_counted)
    others = (one.alerts, one.still_open, one.retracted, one.reopened, one.contested, one.overturned, one.decided)
    return [count for count in (*outcomes, *others) if count is not None]


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 4), max_size=4))
def test_who_reads_aggregates_alone_reads_no_small_number_and_no_share_of_few(
    months: list[tuple[int, int, int, int]],
) -> None:
    figures = measure(
        replace(judged(*counts), raised_month=date(2026, 1 + place, 1)) for place, counts in enumerate(months)
    )
    told = rounded(figures)
    assert (figures.rounded_to, told.rounded_to) == (1, ROUNDED_TO)
    for one in (*told.kinds, *told.months):
        assert all(count % ROUNDED_TO == 0 for count in counts_of(one))
        assert one.alerts > 0, "of so few that they round to none, not even the line"
        assert one.right.share is not None or one.words.startswith(f"fewer than {FEW_CASES} decided")
    exact = {one.raised_month: one for one in figures.months}
    for one in told.months:
        true = exact[one.raised_month]
        assert abs(one.alerts - true.alerts) <= ROUNDED_TO / 2
        is_told = true.decided is not None and true.decided >= FEW_CASES
        assert (one.right.share is not None) == is_told
        assert one.right.share is None or one.right.share == round(one.right.share, 2)
