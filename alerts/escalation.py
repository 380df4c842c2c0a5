"""Who is told of an alert next, and when to look again: the timetable of escalation (pure).

It goes by what was told so far and when, never by when it ought to have been told. So it can be asked at any time and
as often as one likes; one that is asked late does the next thing that is due, not all that it missed at once: nobody
could have answered what they had not been told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from model.casework_rules import EscalationStep
from model.notices import NoticeChannel
from model.staff import StaffMember, StaffRole


class TellingOutcome(StrEnum):
    TOLD = "told"
    NOBODY = "nobody"  # the role is held by no one
    NO_ADDRESS = "no_address"  # who holds it cannot be told by any channel of the step


@dataclass(frozen=True, slots=True)
class Told:
    """One telling of the current round. ``step`` counts from 0, and on beyond the timetable's last one."""

    step: int
    recipient: str
    channel: NoticeChannel
    told_at: datetime
    sent_at: datetime | None = None  # a provider has taken it
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that is decided by, for one alert that somebody has to be told of."""

    steps: tuple[EscalationStep, ...]
    starts_at: datetime
    told: tuple[Told, ...]  # in the order of telling
    on_duty: Mapping[StaffRole, Sequence[StaffMember]]
    managers: Sequence[StaffMember]  # all of them told where nobody of any step can be
    receipt_within_s: float
    list_s: float | None = None  # of an alert for the morning: what is told first is a list, and may wait so long


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to do, or to record as not possible. ``recipient`` and ``channel`` are there where it is ``TOLD``."""

    step: int
    role: StaffRole
    outcome: TellingOutcome
    recipient: str | None = None
    channel: NoticeChannel | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    tellings: tuple[Telling, ...]
    look_at: datetime | None  # None: not until something changes

    @property
    def reaches_nobody(self) -> bool:
        """Somebody should be told now, and nobody can be."""
        return bool(self.tellings) and all(one.outcome is not TellingOutcome.TOLD for one in self.tellings)


def next_tellings(situation: Situation, now: datetime) -> Plan:
    """What to tell at ``now``, and when to look again. Without a step there is nobody to tell: it stays on the list."""
    if not situation.steps:
        return Plan((), None)
    if not situation.told:
        return _begin(situation, 0, now) if now >= situation.starts_at else Plan((), situation.starts_at)
    step = situation.told[-1].step
    within = None if _is_list(situation, step) or _was_received(situation, step) else _within_step(situation, step)
    due_at = _due_at(situation, step, goes_on_within=within is not None)
    if now < due_at:
        return Plan((), due_at)
    return _begin(situation, step + 1, now) if within is None else _planned(situation, (within,), now)


def _due_at(situation: Situation, step: int, *, goes_on_within: bool) -> datetime:
    """When the next thing is due after all that was told."""
    of_step = [one for one in situation.told if one.step == step]
    expires_at = of_step[0].told_at + _time_of(situation, step)
    if _is_list(situation, step) or _was_received(situation, step):
        return expires_at
    unreceived_at = _receipt_due_at(situation, of_step[-1])
    is_last = step >= len(situation.steps) - 1
    return max(expires_at, unreceived_at) if is_last and not goes_on_within else unreceived_at


def _receipt_due_at(situation: Situation, telling: Told) -> datetime:
    """A receipt's time runs from when it was sent; what is not sent within that time is not waited for."""
    within = timedelta(seconds=situation.receipt_within_s)
    was_sent = telling.sent_at is not None and telling.sent_at <= telling.told_at + within
    begins_at = telling.sent_at if telling.sent_at is not None and was_sent else telling.told_at
    return max(begins_at, telling.told_at) + within


def _time_of(situation: Situation, step: int) -> timedelta:
    if situation.list_s is not None and _is_list(situation, step):
        return timedelta(seconds=situation.list_s)
    return timedelta(seconds=situation.steps[min(step, len(situation.steps) - 1)].acknowledge_within_s)


def _is_list(situation: Situation, step: int) -> bool:
    return situation.list_s is not None and step == situation.told[0].step


def _was_received(situation: Situation, step: int) -> bool:
    return any(one.received_at is not None for one in situation.told if one.step == step)


def _within_step(situation: Situation, step: int) -> Telling | None:
    """The next channel of whoever was told, then the next one who holds the role; None when all were told."""
    told = {(one.recipient, one.channel) for one in situation.told if one.step == step}
    rules = [situation.steps[step]] if step < len(situation.steps) else _of_repeat(situation)
    reached = (rule for rule in rules if next(_reachable(situation, rule, step, set()), None) is not None)
    return next((one for rule in islice(reached, 1) for one in _reachable(situation, rule, step, told)), None)


def _begin(situation: Situation, first: int, now: datetime) -> Plan:
    """The first step from ``first`` on that reaches somebody; those that do not are recorded and not waited for."""
    beyond = max(first, len(situation.steps))
    missed: list[Telling] = []
    for step in range(first, beyond):
        found = next(_reachable(situation, situation.steps[step], step, set()), None)
        if found is not None:
            return _planned(situation, (*missed, found), now)
        missed.append(_missed(situation, step))
    for rule in _of_repeat(situation):
        found = next(_reachable(situation, rule, beyond, set()), None)
        if found is not None:
            return _planned(situation, (*missed, found), now)
    every_manager = tuple(_every_manager(situation, beyond))
    return _planned(
        situation, (*missed, *every_manager) if missed or every_manager else (_missed(situation, beyond),), now
    )


def _missed(situation: Situation, step: int) -> Telling:
    role = situation.steps[min(step, len(situation.steps) - 1)].role
    return Telling(step, role, TellingOutcome.NO_ADDRESS if situation.on_duty.get(role) else TellingOutcome.NOBODY)


def _of_repeat(situation: Situation) -> list[EscalationStep]:
    """Beyond the last step: that one again, and where nobody of it can be told, the ones before it."""
    return list(reversed(situation.steps))


def _reachable(
    situation: Situation, rule: EscalationStep, step: int, told: set[tuple[str, NoticeChannel]]
) -> Iterator[Telling]:
    for member in situation.on_duty.get(rule.role, ()):
        for channel in rule.channels:
            if has_address(member, channel) and (member.subject, channel) not in told:
                yield Telling(step, rule.role, TellingOutcome.TOLD, member.subject, channel)


def _every_manager(situation: Situation, step: int) -> Iterator[Telling]:
    for member in situation.managers:
        for channel in NoticeChannel:
            if has_address(member, channel):
                yield Telling(step, StaffRole.MANAGER, TellingOutcome.TOLD, member.subject, channel)


def _planned(situation: Situation, tellings: tuple[Telling, ...], now: datetime) -> Plan:
    """The tellings, and when to look again once they are done."""
    done = tuple(
        Told(one.step, one.recipient, one.channel, now)
        for one in tellings
        if one.recipient is not None and one.channel is not None
    )
    if not done:
        return Plan(tellings, now + timedelta(seconds=situation.receipt_within_s))
    after = replace(situation, told=(*situation.told, *done))
    step = done[-1].step
    within = None if _is_list(after, step) else _within_step(after, step)
    return Plan(tellings, _due_at(after, step, goes_on_within=within is not None))


def has_address(member: StaffMember, channel: NoticeChannel) -> bool:
    return (member.email if channel is NoticeChannel.EMAIL else member.mobile) is not None
