"""What a victim may be told, and what has to be taken back (pure).

Only what is certain: a confirmed breach, a recall, the end of the monitoring. Batteries, silence, approaches and what
is possible or inferred are no facts here, so no choice can ask for them. It goes by the facts as they stand, not by
changes that were noticed: a round that comes late, or after a restart, finds the same work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.victim_words import task_words, when_to_tell
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
    ZoneFacts,
)

RECALL_OUTCOME = "recall_requested"
ENDED_FOR = timedelta(hours=1)
"""A tag that is swapped comes off too."""

NOT_SO = "it is not so any more"
NOT_WANTED = "the victim's choice, or the officers' decision, is another now"
SO_AFTER_ALL = "it is so after all"


@dataclass(frozen=True, slots=True)
class NewTask:
    """Something to tell; ``takes_back`` is the task whose telling it undoes."""

    victim_id: int
    fact: str
    kind: TellingKind
    happened_at: datetime
    words: str
    method: TellingMethod
    choice_version: int
    not_before: datetime
    takes_back: int | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    task_id: int
    reason: str


def breach_fact(alert: TellableAlert, groups: Mapping[str, OutcomeGroup]) -> TellableFact:
    """Whether the wearer was in the zone; ``groups`` are the casework rules' outcomes by their codes."""
    group = None if alert.outcome is None else groups.get(alert.outcome)
    return TellableFact(
        victim_id=alert.victim_id,
        name=f"breach:{alert.alert_id}",
        kind=TellingKind.BREACH,
        happened_at=alert.began_at,
        known_at=alert.raised_at,
        reviewed_at=alert.closed_at if group is OutcomeGroup.BREACH else None,
        is_so=alert.kind is AlertKind.EXCLUSION_ZONE_BREACH
        and not alert.is_inferred
        and alert.state is not AlertState.RETRACTED
        and group is not OutcomeGroup.NOT_A_BREACH,
        linked_at=alert.linked_at,
    )


def recall_fact(alert: TellableAlert) -> TellableFact:
    """An officer has closed an alert of the wearer's by asking for the recall."""
    is_so = alert.outcome == RECALL_OUTCOME and alert.closed_at is not None
    known_at = alert.raised_at if alert.closed_at is None else alert.closed_at
    return TellableFact(
        victim_id=alert.victim_id,
        name=f"recall:{alert.alert_id}",
        kind=TellingKind.RECALL,
        happened_at=known_at,
        known_at=known_at,
        reviewed_at=known_at,
        is_so=is_so,
        linked_at=alert.linked_at,
    )


def ended_fact(facts: ZoneFacts, now: datetime) -> TellableFact:
    """The condition has ended, or the tag came off and none was put on."""
    over = [facts.ended_at if facts.live is None else facts.live.active_to]
    over.append(facts.taken_off_at if facts.worn_since is None else None)
    ended_at = min((one for one in over if one is not None and one <= now), default=None)
    happened_at = facts.linked_at if ended_at is None else ended_at
    return TellableFact(
        victim_id=facts.victim_id,
        name=f"monitoring_ended:{facts.zone_id}",
        kind=TellingKind.MONITORING_ENDED,
        happened_at=happened_at,
        known_at=happened_at + ENDED_FOR,
        reviewed_at=happened_at + ENDED_FOR,
        is_so=ended_at is not None,
        linked_at=facts.linked_at,
    )


def next_tasks(
    facts: Iterable[TellableFact], tasks: Iterable[VictimTask], choices: Sequence[VictimChoice], now: datetime
) -> tuple[list[NewTask], list[Withdrawal]]:
    """What to do for one victim: ``choices`` are all of theirs, oldest first, and without one they are told nothing."""
    of_fact: dict[str, list[VictimTask]] = {}
    for task in sorted(tasks, key=lambda one: one.task_id):
        of_fact.setdefault(task.fact, []).append(task)
    made: list[NewTask] = []
    withdrawn: list[Withdrawal] = []
    for fact in facts:
        own = of_fact.get(fact.name, [])
        telling = _standing(own)
        taking_back = next((one for one in own if _waits(one) and one.kind is TellingKind.RETRACTION), None)
        if fact.is_so and taking_back is not None:
            withdrawn.append(Withdrawal(taking_back.task_id, SO_AFTER_ALL))
        elif is_told(fact, choices, now):
            made += [_task(fact, choices[-1], now)] if telling is None else []
        elif telling is not None and _waits(telling):
            withdrawn.append(Withdrawal(telling.task_id, NOT_WANTED if fact.is_so else NOT_SO))
        elif not fact.is_so and telling is not None and telling.status is TaskStatus.TOLD:
            made += _taking_back(fact, telling, choices, now)
    return made, withdrawn


def is_told(fact: TellableFact, choices: Sequence[VictimChoice], now: datetime) -> bool:
    """Whether the victim wants it, wanted it when it became known, and it is as sure as they want it."""
    if not choices or not fact.is_so or fact.kind not in choices[-1].kinds:
        return False
    waits_for_review = fact.kind is TellingKind.BREACH and choices[-1].breach_when is BreachMoment.REVIEWED
    moment = fact.reviewed_at if waits_for_review else fact.known_at
    return moment is not None and max(fact.linked_at, _wanted_since(fact.kind, choices)) <= moment <= now


def _wanted_since(kind: TellingKind, choices: Sequence[VictimChoice]) -> datetime:
    """Since when every choice has named it."""
    since = choices[-1].chosen_at
    for choice in reversed(choices):
        if kind not in choice.kinds:
            break
        since = choice.chosen_at
    return since


def _standing(own: Sequence[VictimTask]) -> VictimTask | None:
    """The task by which the fact is told, was told, or was left untold on purpose."""
    tellings = [
        one
        for one in own
        if one.kind is not TellingKind.RETRACTION and one.status is not TaskStatus.WITHDRAWN and not one.is_taken_back
    ]
    return tellings[-1] if tellings else None


def _waits(task: VictimTask) -> bool:
    return task.status is TaskStatus.WAITING


def _task(fact: TellableFact, choice: VictimChoice, now: datetime) -> NewTask:
    words = task_words(fact.kind, fact.kind, fact.happened_at)
    not_before = when_to_tell(choice, now)
    return NewTask(
        fact.victim_id, fact.name, fact.kind, fact.happened_at, words, choice.method, choice.version, not_before
    )


def _taking_back(fact: TellableFact, told: VictimTask, choices: Sequence[VictimChoice], now: datetime) -> list[NewTask]:
    if not choices or TellingKind.RETRACTION not in choices[-1].kinds:
        return []
    choice = choices[-1]
    return [
        NewTask(
            fact.victim_id,
            fact.name,
            TellingKind.RETRACTION,
            told.happened_at,
            task_words(TellingKind.RETRACTION, fact.kind, told.happened_at),
            choice.method,
            choice.version,
            when_to_tell(choice, now),
            takes_back=told.task_id,
        )
    ]
