"""What the timetable goes by and what it writes: which alerts are due, what was told of them, when to look again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from model.casework import AlertCase, CaseAction
from model.enums import AlertKind, Severity, Urgency
from store.cases import CASE, case_of
from store.database import Cursor
from store.locks import Lock, hold_until_commit
from store.rows import insert_rows

_DUE = f"""
    SELECT alert.severity, alert.urgency, alert.kind, person.practitioner,
           array_remove(ARRAY[person.team_id, supervising.team_id], NULL),
           assignee.ended_at IS NOT NULL OR assignee.subject <> coalesce(person.practitioner, '')
             AND NOT caller_may_see(assignee.subject, assignee.role, alert_case.person_id),
           look.round, coalesce(look.round_began_at, alert_case.clocks_from),
           look.seen_version, {CASE}
    FROM alert_cases alert_case JOIN alerts alert USING (alert_id) JOIN escalation_looks look USING (alert_id)
    LEFT JOIN people person ON person.person_id = alert_case.person_id
    LEFT JOIN staff supervising ON supervising.subject = person.practitioner
    LEFT JOIN staff assignee ON assignee.subject = alert_case.assigned_to
"""  # noqa: S608 -- our own column names


@dataclass(frozen=True, slots=True)
class DueCase:
    """An alert to be looked at, locked until the commit. ``round`` counts how often it was told from the beginning."""

    case: AlertCase
    severity: Severity
    urgency: Urgency
    kind: AlertKind
    practitioner: str | None  # of its person
    teams: frozenset[int]  # the person's and their practitioner's
    assignee_is_gone: bool  # has left, or does not see the person
    round: int
    round_began_at: datetime
    seen_version: int  # of the case, at the last look


@dataclass(frozen=True, slots=True)
class ToldRow:
    """One telling; ``received_at`` is the earlier of what the provider says and what the recipient did."""

    round: int
    step: int
    recipient: str
    channel: str
    told_at: datetime
    sent_at: datetime | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class EscalationRow:
    alert_id: UUID
    round: int
    step: int
    role: str
    recipient: str | None
    channel: str | None
    outcome: str
    notice_id: int | None


def lock_due_cases(cursor: Cursor, now: datetime, limit: int) -> list[DueCase]:
    """Those whose time has come, the changed ones first.

    The log of changes is held before them, as all do who write cases, so that nobody waits in a circle.
    """
    cursor.execute("SELECT alert_id FROM escalation_looks WHERE look_at <= %s ORDER BY look_at LIMIT %s", (now, limit))
    due = [alert_id for (alert_id,) in cursor.fetchall()]
    if not due:
        return []
    hold_until_commit(cursor, Lock.ALERT_EVENTS)
    cursor.execute(
        f"{_DUE} WHERE alert_case.alert_id = ANY(%s::uuid[]) ORDER BY alert_case.raised_at, alert_case.alert_id"
        " FOR UPDATE OF alert_case",
        (due,),
    )
    return [
        DueCase(
            case_of(row[9:]),
            Severity(row[0]),
            Urgency(row[1]),
            AlertKind(row[2]),
            row[3],
            frozenset(row[4]),
            row[5] is True,
            *row[6:9],
        )
        for row in cursor.fetchall()
    ]


def tellings_of(cursor: Cursor, alert_ids: Sequence[UUID]) -> dict[UUID, list[ToldRow]]:
    """All that was told of each by the timetable, in the order of telling."""
    cursor.execute(
        "SELECT e.alert_id, e.round, e.step, e.recipient, e.channel, e.decided_at, m.accepted_at,"
        " least(m.delivered_at, m.received_at)"
        " FROM escalations e JOIN notices n USING (notice_id) LEFT JOIN messages m USING (message_id)"
        " WHERE e.alert_id = ANY(%s::uuid[]) ORDER BY e.escalation_id",
        ([str(one) for one in alert_ids],),
    )
    told: dict[UUID, list[ToldRow]] = {}
    for alert_id, *row in cursor.fetchall():
        told.setdefault(UUID(str(alert_id)), []).append(ToldRow(*row))
    return told


def actions_since(cursor: Cursor, seen: Iterable[tuple[UUID, int]]) -> dict[UUID, list[tuple[CaseAction, str]]]:
    """What was done about each alert, and by whom, after the version of its case that is given with it."""
    alert_ids, versions = zip(*[(str(alert_id), version) for alert_id, version in seen], strict=True)
    cursor.execute(
        "SELECT action.alert_id, action.action, action.acted_by FROM alert_actions action"
        " JOIN unnest(%s::uuid[], %s::integer[]) AS seen (alert_id, version) USING (alert_id)"
        " WHERE action.case_version > seen.version ORDER BY action.alert_id, action.case_version",
        (list(alert_ids), list(versions)),
    )
    done: dict[UUID, list[tuple[CaseAction, str]]] = {}
    for alert_id, action, acted_by in cursor.fetchall():
        done.setdefault(UUID(str(alert_id)), []).append((CaseAction(action), acted_by))
    return done


def write_escalations(cursor: Cursor, rows: Sequence[EscalationRow], decided_at: datetime) -> None:
    """That nobody could be told is written once a step, however often it is tried."""
    insert_rows(
        cursor,
        "INSERT INTO escalations (alert_id, round, step, role, recipient, channel, outcome, notice_id, decided_at)"
        " VALUES %s ON CONFLICT DO NOTHING",
        (
            (
                str(one.alert_id),
                one.round,
                one.step,
                one.role,
                one.recipient,
                one.channel,
                one.outcome,
                one.notice_id,
                decided_at,
            )
            for one in rows
        ),
    )


@dataclass(frozen=True, slots=True)
class Look:
    """When an alert is looked at again, None: not until its case changes; and the round that it is in."""

    alert_id: UUID
    round: int
    round_began_at: datetime
    look_at: datetime | None


def look_again(cursor: Cursor, looks: Sequence[Look]) -> None:
    """What was done about each until now counts as seen."""
    insert_rows(
        cursor,
        "UPDATE escalation_looks look SET round = given.round, round_began_at = given.round_began_at::timestamptz,"
        " look_at = given.look_at::timestamptz, seen_version = c.version"
        " FROM (VALUES %s) AS given (alert_id, round, round_began_at, look_at)"
        " JOIN alert_cases c ON c.alert_id = given.alert_id::uuid WHERE look.alert_id = c.alert_id",
        ((str(one.alert_id), one.round, one.round_began_at, one.look_at) for one in looks),
    )


def look_at_all(cursor: Cursor, now: datetime) -> None:
    """Let all that wait for a time be looked at, because the rules have changed."""
    cursor.execute("UPDATE escalation_looks SET look_at = %s WHERE look_at > %s", (now, now))


def cancel_waiting(cursor: Cursor, alert_ids: Sequence[UUID]) -> None:
    """Nobody is told of these any more: what no message has taken yet is not sent."""
    cursor.execute(
        "UPDATE notices n SET cancelled_at = service_clock() FROM escalations e"
        " WHERE e.alert_id = ANY(%s::uuid[]) AND n.notice_id = e.notice_id AND n.alert_id = e.alert_id"
        " AND n.message_id IS NULL AND n.cancelled_at IS NULL",
        ([str(one) for one in alert_ids],),
    )


def told_of(cursor: Cursor, alert_ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """(recipient, channel) of whoever was told of each by a notice that was not taken back, each once."""
    cursor.execute(
        "SELECT DISTINCT e.alert_id, e.recipient, e.channel FROM escalations e JOIN notices n USING (notice_id)"
        " WHERE e.alert_id = ANY(%s::uuid[]) AND n.cancelled_at IS NULL ORDER BY 1, 2, 3",
        ([str(one) for one in alert_ids],),
    )
    told: dict[UUID, list[tuple[str, str]]] = {}
    for alert_id, recipient, channel in cursor.fetchall():
        told.setdefault(UUID(str(alert_id)), []).append((recipient, channel))
    return told


def overdue_told(cursor: Cursor, alert_ids: Sequence[UUID]) -> dict[UUID, set[tuple[str, datetime]]]:
    """(clock, when it ran out) of those that were told."""
    cursor.execute(
        "SELECT alert_id, clock, due_at FROM overdue_clocks WHERE alert_id = ANY(%s::uuid[])",
        ([str(one) for one in alert_ids],),
    )
    told: dict[UUID, set[tuple[str, datetime]]] = {}
    for alert_id, clock, due_at in cursor.fetchall():
        told.setdefault(UUID(str(alert_id)), set()).add((clock, due_at))
    return told


def write_overdue(cursor: Cursor, rows: Sequence[tuple[UUID, str, datetime]], told_at: datetime) -> None:
    """(alert, clock, when it ran out)."""
    insert_rows(
        cursor,
        "INSERT INTO overdue_clocks (alert_id, clock, due_at, told_at) VALUES %s ON CONFLICT DO NOTHING",
        ((str(alert_id), clock, due_at, told_at) for alert_id, clock, due_at in rows),
    )
