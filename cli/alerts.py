"""`cordon alerts`: what is on the list, and one alert with its plan and its history."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from access.audit import Action, Subject, record_allowed
from alerts.case_words import entry_words, ticked
from alerts.casework_rules import current_rules
from cli import alert_plans, alert_work
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from model.casework import CaseEntry, CaseStatus
from model.response_plans import ResponsePlan
from ops.errors import InputError
from store.alerts import AlertFilter, CaseFilter, StoredAlert, find_alert, list_alerts
from store.cases import list_entries
from store.clock import service_now
from store.response_plans import find_plan

PAGE = 500
HEADINGS = ("ALERT", "RAISED", "KIND", "PERSON", "STATUS", "ASSIGNED", "DUE", "")
alerts = typer.Typer(help="Alerts, and what officers do about them.", no_args_is_help=True)
alert_work.register(alerts)
alert_plans.register(alerts)


def register(application: typer.Typer) -> None:
    application.add_typer(alerts, name="alerts")


@alerts.command("list")
def show_list(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Closed and retracted ones too.")] = False,
    status: Annotated[CaseStatus | None, typer.Option(help="Only those worked so far.")] = None,
    assigned_to: Annotated[str | None, typer.Option(help="Only those on this subject's desk.")] = None,
    unassigned: Annotated[bool, typer.Option(help="Only those on nobody's desk.")] = False,
    overdue: Annotated[bool, typer.Option(help="Only those of which a clock has run out.")] = False,
) -> None:
    """List alerts that are still to be worked, newest first, however old they are.

    Example: cordon alerts list --overdue
    """
    worked = CaseFilter(
        status=None if status is None else status.value,
        is_to_do=None if everything or status is not None else True,
        assigned_to=assigned_to,
        is_assigned=False if unassigned else None,
        is_overdue=True if overdue else None,
    )
    found: list[StoredAlert] = []
    with owner_transaction() as cursor:
        rules, now = current_rules(cursor), service_now(cursor)
        page = list_alerts(cursor, AlertFilter(), worked, PAGE, rules, now)
        while page:
            found += page
            page = list_alerts(cursor, AlertFilter(before=page[-1].sequence), worked, PAGE, rules, now)
        about = Subject(row_count=len(found), person_ids=[one.person_id for one in found])
        record_allowed(cursor, command_identity(), Action.ALERTS_LIST, about)
    print_table(HEADINGS, [_row(one, now) for one in found])


@alerts.command("show")
def show_one(alert_id: Annotated[UUID, typer.Argument(help="The alert's id, from the list.")]) -> None:
    """Show how far an alert was worked, its response plan, and who did what when, with every note.

    Example: cordon alerts show 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55
    """
    with owner_transaction() as cursor:
        now = service_now(cursor)
        found = find_alert(cursor, alert_id, current_rules(cursor), now)
        if found is None:
            raise InputError(f"there is no alert {alert_id}: `cordon alerts list --all` shows them")
        alert, _ = found
        history = list_entries(cursor, alert_id)
        plan = None if alert.case.response_plan_id is None else find_plan(cursor, alert.case.response_plan_id)
        about = Subject(person_id=alert.person_id, row_count=1, detail={"alert_id": str(alert_id)})
        record_allowed(cursor, command_identity(), Action.ALERT_READ, about)
    _print_case(alert, now)
    if plan is not None:
        _print_plan(plan, history)
    for entry in history:
        print(f"{_time(entry.acted_at)}  {entry_words(entry)}")
        if "text" in entry.detail:
            print(*(f"    {line}" for line in _lines(entry.detail["text"])), sep="\n")


def _row(one: StoredAlert, now: datetime) -> tuple[str, ...]:
    due_at = _next_due(one)
    return (
        one.alert_id,
        _time(one.raised_at),
        one.kind,
        one.crn or "nobody",
        one.case.status,
        one.case.assigned_to or "nobody",
        "" if due_at is None else _time(due_at),
        "overdue" if due_at is not None and due_at < now else "",
    )


def _next_due(one: StoredAlert) -> datetime | None:
    """When the first of the clocks that still run is due."""
    if not one.case.status.is_open:
        return None
    running = [one.clocks.outcome_due_at]
    if one.case.first_action_at is None:
        running.append(one.clocks.first_action_due_at)
    if one.case.acknowledged_at is None:
        running.append(one.clocks.acknowledge_due_at)
    return min(running)


def _print_case(alert: StoredAlert, now: datetime) -> None:
    case, clocks = alert.case, alert.clocks
    print(f"{alert.kind}, {alert.severity}, raised {_time(alert.raised_at)}; what is so of the wearer: {alert.state}")
    print(f"status {case.status}, version {case.version}, on the desk of {case.assigned_to or 'nobody'}")
    runs = None if case.status is CaseStatus.RETRACTED else now
    for name, due_at, at in (
        ("acknowledged", clocks.acknowledge_due_at, case.acknowledged_at),
        ("first action", clocks.first_action_due_at, case.first_action_at),
        ("outcome", clocks.outcome_due_at, case.closed_at),
    ):
        until = at or runs
        is_overdue = until is not None and until > due_at
        stopped = f"at {_time(at)}" if at is not None else "not yet"
        print(f"{name}: {stopped}, due {_time(due_at)}{', OVERDUE' if is_overdue else ''}")
    if case.outcome is not None:
        print(f"outcome: {case.outcome}, by {case.closed_by}")


def _print_plan(plan: ResponsePlan, history: list[CaseEntry]) -> None:
    done = ticked(history, plan.response_plan_id)
    print(f"response plan of {plan.zone_reference or plan.alert_kind}, version {plan.version}:")
    for step in plan.steps:
        tick = done.get(step.code)
        mark = "[ ]" if tick is None else f"[x] {tick.acted_by} {_time(tick.acted_at)}"
        print(f"  {step.code}: {step.text} {step.phone or ''} within {step.minutes} min {mark}")
    print(f"  emergency services: {plan.emergency_when}")


def _lines(text: str) -> list[str]:
    """Without anything that would command the terminal."""
    return [
        "".join(one if one.isprintable() or one == "\u00a0" else "\N{REPLACEMENT CHARACTER}" for one in line)
        for line in text.splitlines()
    ]


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
