"""`cordon operations`."""

import getpass
from datetime import datetime
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli import match_days
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from model.operations import Authority, AuthorityRequest, ExtensionRequest, Power
from ops.errors import InputError
from ops.settings import load_settings
from store.clock import service_now
from store.database import Cursor
from store.operations import close_authority, extend_authority, list_authorities, open_authority

PAGE = 500
HEADINGS = ("REFERENCE", "POWER", "FROM", "TO", "STATE", "WARDS", "OFFICER", "ENTERED BY")
Reference = Annotated[str, typer.Argument(help="The authority's reference.")]
EndsAt = Annotated[str, typer.Option("--to", metavar="TIME", help="Not included; at most 24 hours later.")]
Officer = Annotated[str, typer.Option(help="Name of the police officer who authorised it.")]
OfRank = Annotated[str, typer.Option(help="Their rank, such as inspector.")]
Reason = Annotated[str, typer.Option(help="Why, as it stands on the authority.")]
operations = typer.Typer(help="Stop-and-search authorities, and match days.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    match_days.register(operations)
    application.add_typer(operations, name="operations")


@operations.command("open")
def open_one(
    reference: Reference,
    *,
    ward: Annotated[list[str], typer.Option(help="Code of a ward or borough; give it once for each.")],
    begins_at: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601 with an offset.")],
    ends_at: EndsAt,
    officer: Officer,
    rank: OfRank,
    reason: Reason,
    power: Annotated[str, typer.Option(help="The legal power.")] = Power.SECTION_60.value,
) -> None:
    """Open a stop-and-search authority: its wards together are a shared zone for its hours.

    Entries inform who supervises the wearer; police learn nothing of them.

    Example: cordon operations open S60-114 --ward E05000644 --ward E05000646 --from 2026-11-28T15:00Z
    --to 2026-11-29T03:00Z --officer "Alex Thornbury" --rank inspector --reason "two stabbings since noon"
    """
    wanted = AuthorityRequest(
        reference, power, tuple(ward), parse_time(begins_at), parse_time(ends_at), officer, rank, reason
    )
    with owner_transaction() as cursor:
        opened = open_authority(cursor, wanted, getpass.getuser(), load_settings().lock_timeout_ms)
        _record(cursor, Action.OPERATION_OPEN, opened)
        _print([opened], service_now(cursor))


@operations.command("extend")
def extend_one(reference: Reference, *, ends_at: EndsAt, officer: Officer, rank: OfRank, reason: Reason) -> None:
    """Let an authority go on from its end, once: 48 hours in all.

    Example: cordon operations extend S60-114 --to 2026-11-29T15:00Z --officer "Sam Whitcombe" --rank superintendent
    --reason "further violence is expected"
    """
    wanted = ExtensionRequest(parse_time(ends_at), officer, rank, reason)
    with owner_transaction() as cursor:
        extended = extend_authority(cursor, reference, wanted, getpass.getuser(), load_settings().lock_timeout_ms)
        extended = _known(reference, extended)
        _record(cursor, Action.OPERATION_EXTEND, extended)
        _print([extended], service_now(cursor))


@operations.command("close")
def close_one(reference: Reference) -> None:
    """Close an authority before its end: its zone ends now.

    Example: cordon operations close S60-114
    """
    with owner_transaction() as cursor:
        closed = close_authority(cursor, reference, getpass.getuser(), load_settings().lock_timeout_ms)
        closed = _known(reference, closed)
        _record(cursor, Action.OPERATION_CLOSE, closed)
        _print([closed], service_now(cursor))


@operations.command("list")
def show() -> None:
    """List stop-and-search authorities, the newest first, those that are over too.

    Example: cordon operations list
    """
    with owner_transaction() as cursor:
        found: list[Authority] = []
        while page := list_authorities(cursor, found[-1].authority_id if found else None, PAGE):
            found += page
        _print(found, service_now(cursor))


def _known(reference: str, authority: Authority | None) -> Authority:
    if authority is None:
        raise InputError(f"there is no authority {reference}: `cordon operations list` shows them")
    return authority


def _record(cursor: Cursor, action: Action, authority: Authority) -> None:
    detail = {"reference": authority.reference}
    about = Subject(window_from=authority.begins_at, window_to=authority.ends_at, detail=detail)
    record_allowed(cursor, command_identity(), action, about)


def _print(authorities: list[Authority], now: datetime) -> None:
    rows = [
        (
            one.reference,
            one.power,
            _time(one.begins_at),
            _time(one.ends_at),
            one.state(now).value if one.closed_at is None else f"closed {_time(one.closed_at)}",
            " ".join(one.wards),
            ", ".join(f"{record.officer} ({record.rank})" for record in one.records),
            one.records[0].recorded_by,
        )
        for one in authorities
    ]
    print_table(HEADINGS, rows)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes").replace("+00:00", "Z")
