"""`cordon explain`."""

import json
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from access.audit import Action, Subject, record_allowed
from alerts.explanation import Explanation, explain, for_wearer
from cli.owner import command_identity, owner_transaction
from model.times import from_microseconds, moment_or_none
from ops.errors import InputError
from store.explanations import load_alert_case


def register(application: typer.Typer) -> None:
    application.command("explain")(explain_alert)


def explain_alert(
    alert: Annotated[UUID, typer.Argument(metavar="ALERT", help="The alert's id.")],
    purpose: Annotated[str, typer.Option(help="Why you look: kept in the audit.")] = "administration",
    is_for_wearer: Annotated[
        bool, typer.Option("--for-wearer", help="To hand to the wearer: no distances, buffers or approaches.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as the API answers.")] = False,
) -> None:
    """Say in plain words why an alert was raised, how sure it is, why not sooner, and what changed since.

    Times are London's with their offset. It shows places, so the audit keeps who asked.

    Example: cordon explain 0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55 --purpose "call from the duty officer"
    """
    with owner_transaction() as cursor:
        case = load_alert_case(cursor, alert)
        if case is None:
            raise InputError(f"there is no alert {alert}: `GET /v1/alerts` lists them")
        began_at = from_microseconds(case.alert.began_us)
        ended_at = moment_or_none(case.alert.ended_us)
        about = Subject(case.alert.person_id, began_at, ended_at, row_count=1, detail={"alert_id": str(alert)})
        record_allowed(cursor, command_identity(purpose), Action.ALERT_EXPLAIN, about)
        explanation = _for_wearer(explain(case)) if is_for_wearer else explain(case)
    if as_json:
        print(json.dumps(asdict(explanation), default=_text, indent=2))
    else:
        _print(explanation)


def _for_wearer(explanation: Explanation) -> Explanation:
    document = for_wearer(explanation)
    if document is None:
        raise InputError("there is no document of this for the wearer: it is an approach, or not disclosed to them")
    return document


def _print(explanation: Explanation) -> None:
    print(f"Alert {explanation.alert_id}")
    for section in explanation.sections:
        print(f"\n{section.heading}")
        for paragraph in section.paragraphs:
            print(f"  {paragraph}")


def _text(value: object) -> str:
    """What JSON has no form for: ids and times."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
