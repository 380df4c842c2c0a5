"""Visits found anew keep the identifier of what they are: which recorded one goes on, which was not so."""

from dataclasses import replace

from geofence.revision import revise
from model.enums import EndReason, Regime, VisitState
from model.times import SECOND_US
from model.visits import Visit
from tests.support.visits import confirmed_visit

MINUTE_US = 60 * SECOND_US


def stay(first: int, last: int, regime: Regime = Regime.IN_FORCE, state: VisitState = VisitState.ENDED) -> Visit:
    """From one minute to another, closed then."""
    return replace(
        confirmed_visit(first * MINUTE_US),
        regime=regime,
        state=state,
        confirmed_us=None if state is VisitState.LAPSED else first * MINUTE_US,
        left_us=last * MINUTE_US,
        closed_us=last * MINUTE_US,
        end_reason=EndReason.LEFT,
    )


def test_of_two_that_became_one_the_earlier_stays_and_says_where_the_other_went() -> None:
    first, second = stay(1, 3), stay(5, 20)
    (kept, gone) = revise([second, first], [stay(2, 20)])
    assert (kept.before, kept.after.visit_id) == (first, first.visit_id)
    assert (gone.before, gone.after.state, gone.merged_into) == (second, VisitState.RETRACTED, first.visit_id)


def test_the_one_that_alerted_stays_before_one_that_was_only_possible() -> None:
    possible, certain = stay(1, 3, state=VisitState.LAPSED), stay(5, 20)
    kept = revise([possible, certain], [stay(2, 20)])[0]
    assert kept.before == certain


def test_a_breach_is_not_taken_for_the_authorised_stay_that_it_followed() -> None:
    authorised, breach = stay(1, 5, Regime.AUTHORISED), stay(5, 9)
    lapsed = stay(2, 5, Regime.AUTHORISED, VisitState.LAPSED)
    kept = {one.after.regime: one.before for one in revise([authorised, breach], [lapsed, breach])}
    assert kept == {Regime.IN_FORCE: breach, Regime.AUTHORISED: authorised}


def test_what_nothing_matches_is_retracted() -> None:
    (gone,) = revise([stay(1, 3)], [])
    assert (gone.after.state, gone.merged_into) == (VisitState.RETRACTED, None)
