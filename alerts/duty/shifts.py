"""The ends of shifts: whoever goes home is told before, and what is on them then goes over to somebody who is there."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from alerts.casework import act_on_all
from alerts.duty.roster import Roster, first_channel, load_roster
from alerts.office_hours import is_office_hours
from alerts.successor import successor
from model.casework import SERVICE_SUBJECT, CaseAction
from model.casework_rules import CaseworkRules
from model.enums import Severity
from model.notices import NewNotice, NoticeTemplate
from model.staff import StaffMember, StaffRole
from ops import metrics
from store.database import Cursor
from store.hand_overs import (
    EndingShift,
    HeldCase,
    count_held,
    hold_held_by,
    hold_on_nobody,
    hold_out_of_sight,
    note_ending_told,
    note_handed_over,
    shifts_ended,
    shifts_ending,
)
from store.notices import add_notices
from store.rota import on_duty
from store.staff import find_staff

AT_ONCE = 50
"""No more: the log of changes is held meanwhile, which workers and officers wait for."""

LOOKED_EVERY = timedelta(seconds=5)
REASONS = {
    "shift_ended": "The shift was over.",
    "left": "Whoever had it has left, or nobody had it.",
    "out_of_sight": "Whoever had it does not see the person any more.",
}

Choose = Callable[[HeldCase, Roster], StaffMember | None]


def tell_ending_shifts(cursor: Cursor, now: datetime, rules: CaseworkRules) -> bool:
    """A task: SHIFT_ENDING to the holder of each shift that ends soon, unless they stay on duty."""
    for shift in shifts_ending(cursor, now, now + timedelta(seconds=rules.hand_over_notice_s)):
        note_ending_told(cursor, shift.shift_id, now)
        holder = find_staff(cursor, shift.subject)
        if holder is not None and not _is_on_duty(cursor, shift.subject, shift.ends_at):
            _tell_ending(cursor, shift, holder)
    return False


def hand_over_ended_shifts(cursor: Cursor, now: datetime, rules: CaseworkRules) -> bool:
    """A task: what is on somebody whose shift is over, and who is on duty no more, goes to who is there.

    Where there is nobody it stays where it is and is tried again, until there is.
    """
    in_hours = is_office_hours(rules.office_hours, now)
    handed = left = 0
    for shift in shifts_ended(cursor, now):
        if _is_on_duty(cursor, shift.subject, now):
            note_handed_over(cursor, shift.shift_id, now)
            continue

        def choose(case: HeldCase, roster: Roster, shift: EndingShift = shift) -> StaffMember | None:
            holders = roster.holders(case.practitioner, case.teams)
            practitioner = roster.members.get(case.practitioner or "")
            managers = holders[StaffRole.MANAGER]
            return successor(shift.subject, holders[shift.role], practitioner, managers, in_hours=in_hours)

        handed += _hand_over(cursor, hold_held_by(cursor, shift.subject, AT_ONCE), now, choose, "shift_ended")
        still_held = count_held(cursor, shift.subject)
        left += still_held
        if still_held == 0:
            note_handed_over(cursor, shift.shift_id, now)
    metrics.CASES_NOT_HANDED_OVER.labels("shift_ended").set(left)
    return handed > 0 and left > 0


def hand_over_of_leavers(cursor: Cursor, now: datetime, rules: CaseworkRules) -> bool:
    """A task: what is on somebody who has left, or was acknowledged and is on nobody, goes to who is there."""
    held = hold_on_nobody(cursor, AT_ONCE)
    choose = _chooser(in_hours=is_office_hours(rules.office_hours, now))
    handed = _hand_over(cursor, held, now, choose, "left")
    metrics.CASES_NOT_HANDED_OVER.labels("left").set(len(held) - handed)
    return handed == AT_ONCE


class HandingOverOutOfSight:
    """A task, now and then: what is on somebody who does not see it any more goes to who does.

    A cover has ended, or the glass was broken for a while; or the person or somebody of the staff changed teams.
    """

    def __init__(self) -> None:
        self._looked_at: datetime | None = None

    def __call__(self, cursor: Cursor, now: datetime, rules: CaseworkRules) -> bool:
        if self._looked_at is not None and self._looked_at <= now < self._looked_at + LOOKED_EVERY:
            return False
        held = hold_out_of_sight(cursor, AT_ONCE)
        choose = _chooser(in_hours=is_office_hours(rules.office_hours, now))
        handed = _hand_over(cursor, held, now, choose, "out_of_sight")
        metrics.CASES_NOT_HANDED_OVER.labels("out_of_sight").set(len(held) - handed)
        if handed < AT_ONCE:
            self._looked_at = now
        return handed == AT_ONCE


def _chooser(*, in_hours: bool) -> Choose:
    """In hours the person's practitioner, else who is on duty, else a manager of theirs."""

    def choose(case: HeldCase, roster: Roster) -> StaffMember | None:
        holders = roster.holders(case.practitioner, case.teams)
        own = roster.members.get(case.practitioner or "")
        incoming = [*([own] if own is not None and in_hours else []), *holders[StaffRole.DUTY_OFFICER]]
        return successor(case.assigned_to, incoming, own, holders[StaffRole.MANAGER], in_hours=in_hours)

    return choose


def _is_on_duty(cursor: Cursor, subject: str, at: datetime) -> bool:
    roles = (StaffRole.DUTY_OFFICER, StaffRole.MANAGER)
    return any(member.subject == subject for role in roles for member in on_duty(cursor, role, at))


def _tell_ending(cursor: Cursor, shift: EndingShift, holder: StaffMember) -> None:
    channel = first_channel(holder, Severity.WARNING)
    if channel is None:
        return
    coming = [one.name for one in on_duty(cursor, shift.role, shift.ends_at)]
    detail: dict[str, str | int] = {
        "count": count_held(cursor, shift.subject),
        "next": ", ".join(coming),
        "ends_at": shift.ends_at.isoformat(),
    }
    notice = NewNotice(holder.subject, channel, NoticeTemplate.SHIFT_ENDING, Severity.WARNING, detail=detail)
    add_notices(cursor, [notice])


def _hand_over(cursor: Cursor, cases: Sequence[HeldCase], now: datetime, choose: Choose, reason: str) -> int:
    """How many went over, of which the timetable then tells; for the others there is nobody."""
    if not cases:
        return 0
    roster = load_roster(cursor, now, (one.practitioner for one in cases if one.practitioner is not None))
    chosen = ((case.alert_id, choose(case, roster)) for case in cases)
    details = {alert_id: {"to": to.subject, "text": REASONS[reason]} for alert_id, to in chosen if to is not None}
    if details:
        act_on_all(cursor, SERVICE_SUBJECT, CaseAction.HAND_OVER, details)
    metrics.HAND_OVERS.labels(reason).inc(len(details))
    return len(details)
