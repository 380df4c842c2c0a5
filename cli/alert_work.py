"""`cordon alerts`: each action of an officer, in the officer's name."""

from typing import Annotated
from uuid import UUID

import typer

from access.audit import Action, Subject, record_allowed
from alerts.casework import act
from alerts.who_sees import would_see
from cli.owner import command_identity, owner_transaction
from model.casework import CaseAction
from ops.errors import InputError
from store.cases import find_case
from store.staff import find_staff

AlertId = Annotated[UUID, typer.Argument(help="The alert's id, from `cordon alerts list`.")]
As = Annotated[str, typer.Option("--as", metavar="SUBJECT", help="The member of staff who does this.")]
Version = Annotated[
    int | None, typer.Option("--version", min=1, help="Only if it is still at this version; `cordon alerts show` says.")
]
Text = Annotated[str | None, typer.Option(help="A note with it, kept as it is.")]
Note = Annotated[str, typer.Option("--text", help="The note, kept as it is.")]
Recipient = Annotated[str, typer.Option("--to", metavar="SUBJECT", help="An active member of staff.")]


def register(alerts: typer.Typer) -> None:
    for name, command in (
        ("acknowledge", acknowledge),
        ("review", review),
        ("note", note),
        ("assign", assign),
        ("hand-over", hand_over),
        ("tick", tick),
        ("invite", invite),
        ("account", record_account),
        ("contest", contest),
        ("close", close),
        ("reopen", reopen),
    ):
        alerts.command(name)(command)


def acknowledge(alert_id: AlertId, officer: As, version: Version = None, text: Text = None) -> None:
    """Acknowledge an alert. It stops the first clock only.

    Example: cordon alerts acknowledge 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones
    """
    _work(alert_id, officer, version, CaseAction.ACKNOWLEDGE, text=text)


def review(alert_id: AlertId, officer: As, version: Version = None, text: Text = None) -> None:
    """Begin to review an alert.

    Example: cordon alerts review 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones
    """
    _work(alert_id, officer, version, CaseAction.START_REVIEW, text=text)


def note(
    *,
    alert_id: AlertId,
    officer: As,
    text: Note,
    contact: Annotated[bool, typer.Option(help="The wearer, or somebody about them, was reached.")] = False,
    version: Version = None,
) -> None:
    """Make a note. One of a contact is a first action.

    Example: cordon alerts note 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --contact --text "rang them"
    """
    _work(alert_id, officer, version, CaseAction.CONTACT if contact else CaseAction.NOTE, text=text)


def assign(alert_id: AlertId, officer: As, to: Recipient, version: Version = None, text: Text = None) -> None:
    """Put an alert on somebody's desk. That is no first action.

    Example: cordon alerts assign 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --to officer.khan
    """
    _work(alert_id, officer, version, CaseAction.ASSIGN, to=to, text=text)


def hand_over(alert_id: AlertId, officer: As, to: Recipient, version: Version = None, text: Text = None) -> None:
    """Hand an alert over, as at the end of a shift.

    Example: cordon alerts hand-over 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --to officer.khan
    """
    _work(alert_id, officer, version, CaseAction.HAND_OVER, to=to, text=text)


def tick(
    alert_id: AlertId,
    officer: As,
    step: Annotated[str, typer.Option(help="Code of a step of the alert's response plan.")],
    version: Version = None,
    text: Text = None,
) -> None:
    """Tick a step of the response plan.

    Example: cordon alerts tick 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --step call_wearer
    """
    _work(alert_id, officer, version, CaseAction.COMPLETE_STEP, step=step, text=text)


def invite(alert_id: AlertId, officer: As, version: Version = None, text: Text = None) -> None:
    """Record that the wearer was asked for their account. Without it no breach is closed.

    Example: cordon alerts invite 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --text "by letter"
    """
    _work(alert_id, officer, version, CaseAction.INVITE_ACCOUNT, text=text)


def record_account(alert_id: AlertId, officer: As, text: Note, version: Version = None) -> None:
    """Write down the wearer's account, in their words.

    Example: cordon alerts account 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --text "I missed the bus"
    """
    _work(alert_id, officer, version, CaseAction.RECORD_ACCOUNT, text=text)


def contest(
    alert_id: AlertId,
    officer: As,
    by: Annotated[str, typer.Option(help="wearer or officer.")],
    text: Note,
    version: Version = None,
) -> None:
    """Record that an alert, or its outcome, is contested. Somebody who had no part looks at it again.

    Example: cordon alerts contest 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --by wearer --text "at home"
    """
    _work(alert_id, officer, version, CaseAction.CONTEST, by=by, text=text)


def close(
    alert_id: AlertId,
    officer: As,
    outcome: Annotated[str, typer.Option(help="A code of `cordon rules show`.")],
    version: Version = None,
    text: Text = None,
) -> None:
    """Close an alert with an outcome.

    Example: cordon alerts close 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --outcome drift --text "a wall"
    """
    _work(alert_id, officer, version, CaseAction.CLOSE, outcome=outcome, text=text)


def reopen(alert_id: AlertId, officer: As, text: Note, version: Version = None) -> None:
    """Reopen a closed alert. Its clocks begin anew.

    Example: cordon alerts reopen 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --as officer.jones --text "the camera shows more"
    """
    _work(alert_id, officer, version, CaseAction.REOPEN, text=text)


def _work(alert_id: UUID, officer: str, version: int | None, action: CaseAction, **detail: str | None) -> None:
    with owner_transaction() as cursor:
        member = find_staff(cursor, officer)
        if member is None:
            raise InputError(f"there is no active member of staff {officer}: --as takes the subject of their token")
        found = find_case(cursor, alert_id)
        if found is None or not would_see(cursor, member, found.person_id):
            raise InputError(f"there is no alert {alert_id}, or it is not {officer}'s to work")
        case = act(cursor, officer, alert_id, version, action, detail)
        said = {"alert_id": str(alert_id), "action": action.value, "as": officer, "case_version": case.version}
        record_allowed(cursor, command_identity(), Action.ALERT_WORK, Subject(case.person_id, detail=said))
    print(f"alert {alert_id} is {case.status} now, version {case.version}")
