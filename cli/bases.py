"""`cordon bases`."""

from datetime import datetime
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.acting import APPROVERS, DRAFTERS, Actor, require_staff
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from model.legal_bases import LegalBasisKind
from store.database import Cursor
from store.enrolment import find_person
from store.legal_bases import (
    LegalBasisDraft,
    StoredLegalBasis,
    approve_legal_basis,
    draft_legal_basis,
    end_legal_basis,
    list_legal_bases,
    refuse_legal_basis,
    withdraw_legal_basis,
)

HEADINGS = ("ID", "PERSON", "KIND", "REFERENCE", "FROM", "TO", "STATUS", "DRAFTED BY", "DECIDED BY")
Number = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="Its id, from the list.")]
Why = Annotated[str, typer.Option(help="Why.")]
bases = typer.Typer(help="Legal bases by which a trail may be looked at, besides conditions.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(bases, name="bases")


@bases.command("list")
def show(crn: Annotated[str | None, typer.Option(help="Only this person's.")] = None) -> None:
    """List legal bases, the newest 1000 first, drafts and past ones too.

    Example: cordon bases list --crn X123456
    """
    with owner_transaction() as cursor:
        found = list_legal_bases(cursor, None if crn is None else find_person(cursor, crn))
        record_allowed(cursor, command_identity(), Action.LEGAL_BASES_LIST, Subject(row_count=len(found)))
    print_table(
        HEADINGS,
        [
            (
                str(one.legal_basis_id),
                one.crn,
                one.kind.value,
                one.reference,
                _time(one.starts_at),
                _time(one.ended_at or one.ends_at),
                one.status.value,
                one.drafted_by,
                one.decided_by or "",
            )
            for one in found
        ],
    )


@bases.command("draft")
def draft(
    crn: Annotated[str, typer.Argument(help="Whose trail it lets be looked at.")],
    *,
    kind: Annotated[LegalBasisKind, typer.Option(help="What it is.")],
    reference: Annotated[str, typer.Option(help="By which it is found where it was made.")],
    wording: Annotated[str, typer.Option(help="As it stands there.")],
    starts: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601 with an offset.")],
    ends: Annotated[str, typer.Option("--to", metavar="TIME", help="Not included.")],
    actor: Actor,
) -> None:
    """Draft a legal basis. It opens nothing until a second person approves it.

    Example: cordon bases draft X123456 --kind court_order --reference T20261234 --wording "To be monitored."
    --from 2026-11-22T00:00:00Z --to 2027-05-22T00:00:00Z --as officer.jones
    """
    wanted = LegalBasisDraft(kind, reference, wording, parse_time(starts), parse_time(ends))
    with owner_transaction() as cursor:
        require_staff(cursor, actor, DRAFTERS)
        drafted = draft_legal_basis(cursor, find_person(cursor, crn), wanted, actor)
        _record(cursor, Action.LEGAL_BASIS_DRAFT, actor, drafted)
    print(f"drafted legal basis {drafted.legal_basis_id} of {crn}; a second person approves it: `cordon bases approve`")


@bases.command("approve")
def approve(number: Number, actor: Actor) -> None:
    """Let the trail of its time be looked at. Whoever drafted it does not.

    Example: cordon bases approve 3 --as manager.patel
    """
    with owner_transaction() as cursor:
        require_staff(cursor, actor, APPROVERS)
        _record(cursor, Action.LEGAL_BASIS_DECIDE, actor, approve_legal_basis(cursor, number, actor))
    print(f"legal basis {number} is live, approved by {actor}")


@bases.command("refuse")
def refuse(number: Number, actor: Actor, reason: Why) -> None:
    """Refuse a draft, and say why. Whoever drafted it withdraws it instead.

    Example: cordon bases refuse 3 --as manager.patel --reason "the order names another person"
    """
    with owner_transaction() as cursor:
        require_staff(cursor, actor, APPROVERS)
        _record(cursor, Action.LEGAL_BASIS_DECIDE, actor, refuse_legal_basis(cursor, number, actor, reason))
    print(f"legal basis {number} is refused")


@bases.command("withdraw")
def withdraw(number: Number, actor: Actor) -> None:
    """Take a draft back.

    Example: cordon bases withdraw 3 --as officer.jones
    """
    with owner_transaction() as cursor:
        require_staff(cursor, actor, DRAFTERS)
        _record(cursor, Action.LEGAL_BASIS_DECIDE, actor, withdraw_legal_basis(cursor, number, actor))
    print(f"legal basis {number} is withdrawn")


@bases.command("end")
def end(
    number: Number,
    actor: Actor,
    reason: Why,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="From when it holds no longer; now if left out.")
    ] = None,
) -> None:
    """End a legal basis before its date. Where that lies in the past, crimes of the time since are matched anew.

    Example: cordon bases end 3 --as manager.patel --reason "the order was discharged"
    """
    moment = None if at is None else parse_time(at)
    with owner_transaction() as cursor:
        require_staff(cursor, actor, APPROVERS)
        ended = end_legal_basis(cursor, number, moment, reason, actor)
        _record(cursor, Action.LEGAL_BASIS_END, actor, ended)
    print(f"legal basis {number} ends at {_time(ended.ended_at or ended.ends_at)}")


def _record(cursor: Cursor, action: Action, actor: str, basis: StoredLegalBasis) -> None:
    """In the name of the machine's account, with who acted."""
    detail = {"legal_basis_id": basis.legal_basis_id, "reference": basis.reference, "as": actor}
    about = Subject(basis.person_id, basis.starts_at, basis.ended_at or basis.ends_at, detail=detail)
    record_allowed(cursor, command_identity(), action, about)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
