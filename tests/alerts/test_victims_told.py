"""What a victim is told, and taken back: only what is certain, only what they chose, and only by a person."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.victim_words import LONDON, task_words, touches_night, when_to_tell
from alerts.victims import breach_fact, next_tasks, recall_fact
from model.casework_rules import OutcomeGroup
from model.enums import AlertKind, AlertState
from model.victims import (
    BreachMoment,
    TaskStatus,
    TellableAlert,
    TellableFact,
    TellingKind,
    TellingMethod,
    VictimChoice,
    VictimTask,
)

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GROUPS = {
    "warning": OutcomeGroup.BREACH,
    "recall_requested": OutcomeGroup.BREACH,
    "drift": OutcomeGroup.NOT_A_BREACH,
    "noted": OutcomeGroup.NOT_COUNTED,
}
ALERT = TellableAlert(
    alert_id=UUID(int=7),
    victim_id=1,
    kind=AlertKind.EXCLUSION_ZONE_BREACH,
    state=AlertState.ENDED,
    is_inferred=False,
    began_at=NOW - HOUR,
    raised_at=NOW - HOUR,
    closed_at=None,
    outcome=None,
    linked_at=NOW - 9 * HOUR,
)
EVERYTHING = VictimChoice(
    version=1,
    kinds=frozenset(TellingKind),
    method=TellingMethod.PHONE,
    breach_when=BreachMoment.CONFIRMED,
    hours_from=time(9),
    hours_to=time(18),
    at_night=False,
    chosen_at=NOW - 5 * HOUR,
)
REVIEWED = replace(EVERYTHING, breach_when=BreachMoment.REVIEWED)


def told(fact: TellableFact, status: TaskStatus = TaskStatus.TOLD, task_id: int = 1) -> VictimTask:
    return VictimTask(task_id, 1, fact.name, fact.kind, status, fact.happened_at)


def made(alert: TellableAlert, *choices: VictimChoice, tasks: tuple[VictimTask, ...] = ()) -> list[TellingKind]:
    new, _ = next_tasks([breach_fact(alert, GROUPS)], tasks, choices, NOW)
    return [one.kind for one in new]


def closed(outcome: str) -> TellableAlert:
    return replace(ALERT, closed_at=NOW - timedelta(minutes=5), outcome=outcome)


def test_a_confirmed_breach_is_told_to_who_chose_it() -> None:
    assert made(ALERT, EVERYTHING) == [TellingKind.BREACH]


@pytest.mark.parametrize("kind", [kind for kind in AlertKind if kind is not AlertKind.EXCLUSION_ZONE_BREACH])
def test_no_other_alert_is_ever_told(kind: AlertKind) -> None:
    assert made(replace(ALERT, kind=kind), EVERYTHING) == []


def test_what_is_inferred_retracted_or_no_breach_is_not_told() -> None:
    for alert in (
        replace(ALERT, is_inferred=True),
        replace(ALERT, state=AlertState.RETRACTED),
        closed("drift"),
    ):
        assert made(alert, EVERYTHING) == []


def test_who_wants_it_reviewed_is_told_once_an_officer_has_closed_it_as_a_breach() -> None:
    assert made(ALERT, REVIEWED) == []
    assert made(closed("noted"), REVIEWED) == []
    assert made(closed("warning"), REVIEWED) == [TellingKind.BREACH]


def test_without_a_choice_or_with_none_of_the_kind_nothing_is_told() -> None:
    assert made(ALERT) == []
    assert made(ALERT, replace(EVERYTHING, kinds=frozenset())) == []
    assert made(ALERT, replace(EVERYTHING, kinds=frozenset({TellingKind.RECALL}))) == []


def test_what_was_before_the_choice_or_before_the_zone_was_theirs_is_not_told() -> None:
    assert made(ALERT, replace(EVERYTHING, chosen_at=NOW)) == []
    nothing = replace(EVERYTHING, kinds=frozenset(), chosen_at=NOW - 2 * HOUR)
    again = replace(EVERYTHING, version=3, chosen_at=NOW)
    assert made(ALERT, EVERYTHING, nothing, again) == [], "it was not wanted when it became known"
    assert made(ALERT, EVERYTHING, again) == [TellingKind.BREACH], "another method is no other wish"
    assert made(replace(ALERT, linked_at=NOW), EVERYTHING) == []


@pytest.mark.parametrize(
    "alert",
    [replace(ALERT, state=AlertState.RETRACTED), closed("drift"), replace(ALERT, kind=AlertKind.AUTHORISED_ENTRY)],
)
def test_what_was_told_and_is_not_so_is_taken_back_and_what_was_not_told_yet_is_withdrawn(
    alert: TellableAlert,
) -> None:
    fact = breach_fact(alert, GROUPS)
    (taking_back,), withdrawn = next_tasks([fact], [told(fact)], [EVERYTHING], NOW)
    assert (taking_back.kind, taking_back.takes_back, withdrawn) == (TellingKind.RETRACTION, 1, [])
    new, (withdrawal,) = next_tasks([fact], [told(fact, TaskStatus.WAITING)], [EVERYTHING], NOW)
    assert (new, withdrawal.task_id) == ([], 1)
    for status in (TaskStatus.NOT_TOLD, TaskStatus.WITHDRAWN):
        assert next_tasks([fact], [told(fact, status)], [EVERYTHING], NOW) == ([], [])


def test_a_retraction_is_not_told_twice_nor_to_who_did_not_choose_it() -> None:
    fact = breach_fact(closed("drift"), GROUPS)
    undone = replace(told(fact), is_taken_back=True)
    assert next_tasks([fact], [undone], [EVERYTHING], NOW) == ([], [])
    breaches_only = replace(EVERYTHING, kinds=frozenset({TellingKind.BREACH}))
    assert next_tasks([fact], [told(fact)], [breaches_only], NOW) == ([], [])


def test_what_is_so_after_all_is_not_taken_back_or_is_told_again() -> None:
    fact = breach_fact(ALERT, GROUPS)
    before = replace(told(fact), is_taken_back=True)
    waiting = VictimTask(2, 1, fact.name, TellingKind.RETRACTION, TaskStatus.WAITING, fact.happened_at)
    new, (withdrawal,) = next_tasks([fact], [before, waiting], [EVERYTHING], NOW)
    assert (new, withdrawal.task_id) == ([], 2)
    (again,), _ = next_tasks([fact], [before, replace(waiting, status=TaskStatus.TOLD)], [EVERYTHING], NOW)
    assert again.kind is TellingKind.BREACH


def test_who_wants_nothing_more_is_not_told_what_still_waits() -> None:
    fact = breach_fact(ALERT, GROUPS)
    nothing = replace(EVERYTHING, version=2, kinds=frozenset())
    new, (withdrawal,) = next_tasks([fact], [told(fact, TaskStatus.WAITING)], [EVERYTHING, nothing], NOW)
    assert (new, withdrawal.task_id) == ([], 1)


def test_a_recall_is_told_while_it_stands() -> None:
    fact = recall_fact(closed("recall_requested"))
    (new,), _ = next_tasks([fact], [], [EVERYTHING], NOW)
    assert new.kind is TellingKind.RECALL
    undone = recall_fact(ALERT)
    (back,), _ = next_tasks([undone], [told(fact)], [EVERYTHING], NOW)
    assert back.kind is TellingKind.RETRACTION


ALERTS = st.builds(
    lambda kind, state, inferred, outcome: replace(
        ALERT,
        kind=kind,
        state=state,
        is_inferred=inferred,
        outcome=outcome,
        closed_at=None if outcome is None else NOW - timedelta(minutes=5),
    ),
    st.sampled_from([AlertKind.EXCLUSION_ZONE_BREACH, AlertKind.APPROACH_WARNING, AlertKind.AUTHORISED_ENTRY]),
    st.sampled_from(AlertState),
    st.booleans(),
    st.sampled_from([None, *GROUPS]),
)


@given(st.lists(st.tuples(ALERTS, st.booleans()), min_size=1, max_size=15), st.sampled_from([EVERYTHING, REVIEWED]))
def test_however_often_it_changes_what_the_victim_believes_in_the_end_is_so(
    course: list[tuple[TellableAlert, bool]], choice: VictimChoice
) -> None:
    """A person tells what waits, or does not get to it, between any two rounds; a round done twice changes nothing."""
    tasks: list[VictimTask] = []
    believes = False
    for alert, is_told_now in course:
        tasks = _round(alert, choice, tasks)
        assert _round(alert, choice, tasks) == tasks, "a round that is done again finds nothing to do"
        assert sum(one.status is TaskStatus.WAITING for one in tasks) <= 1
        for place, task in enumerate(tasks):
            if is_told_now and task.status is TaskStatus.WAITING:
                believes = task.kind is not TellingKind.RETRACTION
                tasks[place] = replace(task, status=TaskStatus.TOLD)
    fact = breach_fact(course[-1][0], GROUPS)
    if not any(one.status is TaskStatus.WAITING for one in tasks) and believes:
        assert fact.is_so


def _round(alert: TellableAlert, choice: VictimChoice, before: list[VictimTask]) -> list[VictimTask]:
    """What the store makes of a round."""
    new, withdrawn = next_tasks([breach_fact(alert, GROUPS)], before, [choice], NOW)
    gone = {one.task_id for one in withdrawn}
    undoing = {one.takes_back for one in new if one.takes_back is not None}
    revived = {one.task_id for one in before if one.task_id in gone and one.kind is TellingKind.RETRACTION}
    after = [
        replace(
            one,
            status=TaskStatus.WITHDRAWN if one.task_id in gone else one.status,
            is_taken_back=(one.is_taken_back and not revived) or one.task_id in undoing,
        )
        if one.task_id in gone | undoing or (revived and one.is_taken_back and one is _last_told(before))
        else one
        for one in before
    ]
    added = [
        VictimTask(len(after) + place, 1, one.fact, one.kind, TaskStatus.WAITING, one.happened_at)
        for place, one in enumerate(new, 1)
    ]
    return after + added


def _last_told(tasks: list[VictimTask]) -> VictimTask | None:
    tellings = [one for one in tasks if one.status is TaskStatus.TOLD and one.kind is not TellingKind.RETRACTION]
    return tellings[-1] if tellings else None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-03T12:00:00Z", "2026-03-03T12:00:00Z"),
        ("2026-03-03T03:00:00Z", "2026-03-03T09:00:00Z"),
        ("2026-03-03T18:00:00Z", "2026-03-04T09:00:00Z"),
        ("2026-03-28T20:00:00Z", "2026-03-29T08:00:00Z"),  # the clocks go forward in that night
    ],
)
def test_it_waits_for_the_hours_that_were_chosen(now: str, expected: str) -> None:
    assert when_to_tell(EVERYTHING, datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


INSTANTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(st.times(), st.times(), INSTANTS)
def test_it_is_never_told_at_night_to_who_chose_the_day(begins: time, ends: time, now: datetime) -> None:
    if touches_night(begins, ends):
        return
    at = when_to_tell(replace(EVERYTHING, hours_from=begins, hours_to=ends), now)
    assert at >= now
    assert time(8) <= at.astimezone(LONDON).time() < time(21)


def test_the_words_say_when_and_neither_where_nor_who() -> None:
    words = task_words(TellingKind.RETRACTION, TellingKind.BREACH, datetime(2026, 7, 3, 21, 5, tzinfo=UTC))
    assert words.startswith("We told you that the person entered the area on 3 July 2026 at 22:05.")
    for kind in (TellingKind.BREACH, TellingKind.RECALL, TellingKind.MONITORING_ENDED):
        assert "person" in task_words(kind, kind, NOW) or kind is TellingKind.MONITORING_ENDED
