"""The duty process's work for victims: what became of their zones, and what they are to be told.

Both go by the facts as they stand, in one transaction with what is written of them: a round that dies is done again,
and one that comes late misses nothing but what came and went in between.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import chain

from alerts.office_hours import is_office_hours
from alerts.victim_watch import BADNESS, step, watch_of
from alerts.victims import RECALL_OUTCOME, NewTask, breach_fact, ended_fact, next_tasks, recall_fact
from model.casework_rules import CaseworkRules
from model.enums import Severity
from model.notices import NewNotice, NoticeChannel, NoticeTemplate
from model.staff import StaffMember, StaffRole
from model.victims import ShownWatch, TellableFact, TellingKind, VictimTask, ZoneFacts, ZoneWatch
from store.database import Cursor
from store.notices import add_notices
from store.rota import on_duty
from store.staff import find_staff, staff_of_role
from store.victim_changes import (
    forget_changes,
    note_rules_version_of_tasks,
    read_changes,
    rules_version_of_tasks,
)
from store.victim_tasks import add_task, load_choices, load_tasks, load_tellable_alerts, withdraw_tasks
from store.victim_zones import load_facts_of_ended, load_shown, load_zone_facts, note_round, save_shown
from store.victims import victim_liaisons
from store.zone_proof import zones_unwatched

STAND_INS = (StaffRole.DUTY_OFFICER, StaffRole.MANAGER)


def watch_victim_zones(cursor: Cursor, now: datetime, rules: CaseworkRules) -> int:
    """Look at every victim's zone; how many of them were news. The notices stand in the same transaction."""
    found = load_zone_facts(cursor, now)
    unloaded = _unloaded(cursor, {one.zone_id for one in found})
    shown = load_shown(cursor)
    changed, news = [], 0
    for facts in found:
        key = (facts.zone_id, facts.victim_id)
        before = shown.get(key)
        seen = watch_of(_with_proof(facts, unloaded), now)
        after, is_news = step(before, seen, now, rules.victim_zone_steady_s)
        if after != before:
            changed.append((key, after))
        if is_news:
            news += 1
            add_notices(cursor, _watch_notices(cursor, now, rules, facts, after))
    save_shown(cursor, changed)
    note_round(cursor, now)
    return news


def keep_victim_tasks(cursor: Cursor, now: datetime, rules: CaseworkRules) -> int:
    """Make and withdraw what victims are to be told; how many tasks changed.

    A victim of whom nothing was changed since the last look has the same tasks as then: by new rules, and with time by
    the end of the monitoring alone, there may be others. A fact that lies ahead is looked at until it does not.
    """
    changes = read_changes(cursor)
    by_new_rules = rules_version_of_tasks(cursor) != rules.version
    facts = _alert_facts(cursor, rules, None if by_new_rules else {victim_id for _, victim_id in changes})
    ahead = {one.victim_id for one in facts if max(one.known_at, one.reviewed_at or one.known_at) > now}
    forget_changes(cursor, (change_id for change_id, victim_id in changes if victim_id not in ahead))
    if by_new_rules and not ahead:
        note_rules_version_of_tasks(cursor, rules.version)
    return _keep(cursor, now, [*facts, *(ended_fact(one, now) for one in load_facts_of_ended(cursor, now))])


def _alert_facts(cursor: Cursor, rules: CaseworkRules, victim_ids: Collection[int] | None) -> list[TellableFact]:
    """Of ``victim_ids``, or of every victim."""
    if victim_ids is not None and not victim_ids:
        return []
    groups = {one.code: one.group for one in rules.outcomes}
    return [
        breach_fact(alert, groups) if kind is TellingKind.BREACH else recall_fact(alert)
        for kind, alert in load_tellable_alerts(cursor, RECALL_OUTCOME, victim_ids)
    ]


def _keep(cursor: Cursor, now: datetime, found: Sequence[TellableFact]) -> int:
    if not found:
        return 0
    facts: defaultdict[int, list[TellableFact]] = defaultdict(list)
    for fact in found:
        facts[fact.victim_id].append(fact)
    tasks: defaultdict[int, list[VictimTask]] = defaultdict(list)
    for task in load_tasks(cursor, found):
        tasks[task.victim_id].append(task)
    choices = load_choices(cursor, list(facts))
    liaisons, changed = victim_liaisons(cursor), 0
    for victim_id, own in facts.items():
        made, withdrawn = next_tasks(own, tasks[victim_id], choices.get(victim_id, ()), now)
        withdraw_tasks(cursor, [(one.task_id, one.reason) for one in withdrawn], now)
        for new in made:
            _make(cursor, now, new, liaisons[victim_id])
        changed += len(made) + len(withdrawn)
    return changed


def _make(cursor: Cursor, now: datetime, task: NewTask, liaison: str) -> None:
    """The task, and the notice of it when it may be told: before then nobody has to look."""
    columns = asdict(task) | {"kind": task.kind.value, "method": task.method.value}
    takes_back = columns.pop("takes_back")
    task_id = add_task(cursor, columns, takes_back)
    told = find_staff(cursor, liaison)
    recipients = [told] if told is not None and _channels(told) else _stand_ins(cursor, now)
    detail: dict[str, str | int] = {"task_id": task_id, "kind": task.kind.value, "method": task.method.value}
    add_notices(
        cursor,
        [
            NewNotice(one.subject, channel, NoticeTemplate.VICTIM_TASK, Severity.WARNING, None, detail, task.not_before)
            for one in recipients
            for channel in _channels(one)[:1]
        ],
    )


def _unloaded(cursor: Cursor, zone_ids: Collection[int]) -> set[int]:
    """Those that the service fails to judge by: no worker has them, or not as they stand."""
    found = zones_unwatched(cursor, zone_ids)
    return {zone_id for zone_id, reasons in found.items() if any(one.reason.is_fault for one in reasons)}


def _with_proof(facts: ZoneFacts, unloaded: Collection[int]) -> ZoneFacts:
    if facts.live is None or facts.zone_id not in unloaded:
        return facts
    return replace(facts, live=replace(facts.live, is_loaded=False))


def _watch_notices(
    cursor: Cursor, now: datetime, rules: CaseworkRules, facts: ZoneFacts, shown: ShownWatch
) -> list[NewNotice]:
    """To the liaison officer and, where they are off or cannot be told, to who stands in. What is bad goes by every
    channel: there is no time to find out which of them is read.
    """
    is_bad = BADNESS.get(shown.watch.state, 0) > 0
    recipients: list[StaffMember] = []
    liaison = find_staff(cursor, facts.liaison)
    if liaison is not None and _channels(liaison):
        recipients.append(liaison)
    if not recipients or not _is_on(cursor, now, rules, facts.liaison):
        recipients += [one for one in _stand_ins(cursor, now) if one not in recipients]
    detail: dict[str, str | int] = {
        "zone": facts.reference,
        "watch": shown.watch.state.value,
        "reasons": ", ".join(one.code.value for one in shown.watch.reasons),
        "since": shown.since.isoformat(),
    }
    severity = Severity.BREACH if shown.watch.state is ZoneWatch.NOT_WATCHED else Severity.WARNING
    return [
        NewNotice(one.subject, channel, NoticeTemplate.VICTIM_ZONE, severity, None, detail)
        for one in recipients
        for channel in (_channels(one) if is_bad else _channels(one)[:1])
    ]


def _is_on(cursor: Cursor, now: datetime, rules: CaseworkRules, liaison: str) -> bool:
    """In office hours, or in a shift of their own."""
    return is_office_hours(rules.office_hours, now) or any(
        one.subject == liaison for one in on_duty(cursor, StaffRole.VICTIM_LIAISON, now)
    )


def _stand_ins(cursor: Cursor, now: datetime) -> Sequence[StaffMember]:
    """Of the first role that has somebody in a shift who can be told; then of whoever has the role at all."""
    in_shifts = (on_duty(cursor, role, now) for role in STAND_INS)
    at_all = (staff_of_role(cursor, role) for role in STAND_INS)
    for members in chain(in_shifts, at_all):
        found = [one for one in members if _channels(one)]
        if found:
            return found
    return ()


def _channels(member: StaffMember) -> list[NoticeChannel]:
    """By which they can be told, the quickest first."""
    found = [(NoticeChannel.SMS, member.mobile), (NoticeChannel.EMAIL, member.email)]
    return [channel for channel, address in found if address is not None]
