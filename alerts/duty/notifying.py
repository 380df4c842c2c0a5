"""What staff read of the timetable's decisions: notices, and the morning's list with its counts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from alerts.clocks import CaseClock
from alerts.duty.deciding import Decision, Known
from alerts.duty.roster import Roster, first_channel
from alerts.escalation import Telling
from model.casework import CaseAction
from model.enums import Severity
from model.notices import NewNotice, NoticeChannel, NoticeTemplate
from model.staff import StaffMember
from store.database import Cursor
from store.escalations import DueCase, told_of
from store.list_notices import WrittenNotice, add_to_list
from store.notices import add_notices

LIST_GATHERS = timedelta(seconds=10)
"""What comes in the morning, or goes over, may take several looks, and is one notice for each who reads it."""

Key = tuple[UUID, Telling]


class Notifying:
    """Collects what one look tells, then writes it at once."""

    def __init__(self, roster: Roster, now: datetime) -> None:
        self._roster = roster
        self._now = now
        self._tellings: dict[Key, NewNotice] = {}
        self._lists: dict[str, list[tuple[Key, Severity]]] = {}
        self._given: dict[str, list[DueCase]] = {}
        self._others: list[NewNotice] = []
        self._retracted: dict[UUID, DueCase] = {}

    def tell(self, due: DueCase, decision: Decision, known: Known) -> None:
        told_before = {row.recipient for row in known.told} if decision.round > 1 else set()
        for telling in decision.plan.tellings:
            if telling.recipient is None or telling.channel is None:
                continue
            if decision.is_list:
                listed = self._lists.setdefault(telling.recipient, [])
                listed.append(((due.case.alert_id, telling), due.severity))
            else:
                changed = decision.change if telling.recipient in told_before else None
                self._tellings[due.case.alert_id, telling] = _of_alert(due, telling, changed)
        if decision.change is not None:
            self._tell_change(due, decision)
        if decision.given is not None:
            self._tell_given(due, decision.given)
        if decision.contested_by is not None:
            self._tell_contested(due, decision.contested_by)
        for clock in decision.ran_out:
            self._others += self._of_clock(due, clock)

    def write(self, cursor: Cursor) -> dict[Key, WrittenNotice]:
        """The notice of each telling."""
        written = add_notices(cursor, list(self._tellings.values()))
        notices = {
            key: WrittenNotice(notice_id, notice.channel)
            for (key, notice), notice_id in zip(self._tellings.items(), written, strict=True)
        }
        for recipient, listed in self._lists.items():
            counts = Counter(severity for _, severity in listed)
            gravest = min(listed, key=lambda one: list(Severity).index(one[1]))
            channel = NoticeChannel(str(gravest[0][1].channel))
            notice = add_to_list(
                cursor, NoticeTemplate.MORNING_LIST, recipient, channel, counts, self._now + LIST_GATHERS
            )
            notices |= {key: notice for key, _ in listed}
        self._write_given(cursor)
        told = told_of(cursor, list(self._retracted)) if self._retracted else {}
        retractions = [
            _changed(self._retracted[alert_id], recipient, NoticeChannel(channel), "retracted")
            for alert_id, whom in told.items()
            for recipient, channel in whom
        ]
        add_notices(cursor, [*self._others, *retractions])
        return notices

    def _tell_change(self, due: DueCase, decision: Decision) -> None:
        """A retraction to all who were told, by the ways they were; what no step tells, to whoever works on it."""
        if decision.change == "retracted":
            self._retracted[due.case.alert_id] = due
        if not due.case.status.is_open or decision.plan.tellings or decision.plan.look_at is not None:
            return
        assignee = None if due.assignee_is_gone else self._roster.members.get(due.case.assigned_to or "")
        channel = None if assignee is None else first_channel(assignee, due.severity)
        if assignee is not None and channel is not None:
            self._others.append(_changed(due, assignee.subject, channel, str(decision.change)))

    def _tell_given(self, due: DueCase, given: CaseAction) -> None:
        """What is handed over comes in one notice, what is assigned alert by alert."""
        member = None if due.assignee_is_gone else self._roster.members.get(due.case.assigned_to or "")
        channel = None if member is None else first_channel(member, due.severity)
        if member is None or channel is None:
            return
        if given is CaseAction.HAND_OVER:
            self._given.setdefault(member.subject, []).append(due)
            return
        template = NoticeTemplate.ASSIGNED
        self._others.append(NewNotice(member.subject, channel, template, due.severity, due.case.alert_id))

    def _tell_contested(self, due: DueCase, contested_by: str) -> None:
        """Whoever has it may be the one who may not look again: managers look, or see to it that somebody does."""
        for member in self._roster.managers_of(due.teams):
            channel = first_channel(member, due.severity)
            if channel is not None and member.subject != contested_by:
                template = NoticeTemplate.REVIEW_DUE
                self._others.append(NewNotice(member.subject, channel, template, due.severity, due.case.alert_id))

    def _write_given(self, cursor: Cursor) -> None:
        for subject, theirs in self._given.items():
            counts = Counter(due.severity for due in theirs)
            gravest = min(counts, key=list(Severity).index)
            channel = first_channel(self._roster.members[subject], gravest)
            if channel is not None:
                send_after = self._now + LIST_GATHERS
                add_to_list(cursor, NoticeTemplate.HANDED_OVER, subject, channel, counts, send_after)

    def _of_clock(self, due: DueCase, clock: CaseClock) -> Iterable[NewNotice]:
        """To whom the alert is on, else to the practitioner, and to the person's managers."""
        members = self._roster.members
        assignee = None if due.assignee_is_gone else members.get(due.case.assigned_to or "")
        whose = assignee or members.get(due.practitioner or "")
        managers = self._roster.managers_of(due.teams)
        template = NoticeTemplate.REVIEW_DUE if clock is CaseClock.REVIEW else NoticeTemplate.OVERDUE
        for member in _each_once([*([] if whose is None else [whose]), *managers]):
            channel = first_channel(member, due.severity)
            if channel is not None:
                detail: dict[str, str | int] = {"clock": clock.value}
                yield NewNotice(member.subject, channel, template, due.severity, due.case.alert_id, detail)


def _of_alert(due: DueCase, telling: Telling, changed: str | None) -> NewNotice:
    recipient, channel = str(telling.recipient), NoticeChannel(str(telling.channel))
    if changed is not None:
        return _changed(due, recipient, channel, changed)
    detail: dict[str, str | int] = {
        "kind": due.kind.value,
        "step": telling.step + 1,
        "role": telling.role.value,
    }
    return NewNotice(recipient, channel, NoticeTemplate.ALERT, due.severity, due.case.alert_id, detail)


def _changed(due: DueCase, recipient: str, channel: NoticeChannel, change: str) -> NewNotice:
    detail: dict[str, str | int] = {"change": change}
    return NewNotice(recipient, channel, NoticeTemplate.ALERT_CHANGED, due.severity, due.case.alert_id, detail)


def _each_once(members: Sequence[StaffMember]) -> list[StaffMember]:
    return list({one.subject: one for one in members}.values())
