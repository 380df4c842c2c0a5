"""`cordon rota`."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from alerts.rota import GAPS_AHEAD, add_to_rota, rota_gaps
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from ingest.registry_files.rota import RotaFileError, import_rota
from model.staff import StaffRole
from ops.errors import InputError
from store.clock import service_now
from store.database import Cursor
from store.rota import NewShift, end_shift, list_shifts
from store.teams import list_teams, team_of_name

LARGEST_ID = 2**63 - 1
rota = typer.Typer(help="Who is on duty when, and where nobody is.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(rota, name="rota")


@rota.command("add")
def add(
    role: Annotated[StaffRole, typer.Argument(help="duty_officer or manager.")],
    subject: Annotated[str, typer.Argument(help="The subject of their token.")],
    *,
    starts_at: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601 with an offset.")],
    ends_at: Annotated[str, typer.Option("--to", metavar="TIME", help="Not included.")],
    team: Annotated[
        list[str] | None,
        typer.Option(help="A team of its area, as often as there are; without one, the whole service."),
    ] = None,
) -> None:
    """Add a shift. Several people may share a role; nobody has two shifts of one role at a time.

    Example: cordon rota add duty_officer officer.dara --from 2026-11-27T17:00:00Z --to 2026-11-28T09:00:00Z
    """
    with owner_transaction() as cursor:
        teams = tuple(team_of_name(cursor, name) for name in team or ())
        shift = NewShift(role, subject, parse_time(starts_at), parse_time(ends_at), teams)
        warnings = add_to_rota(cursor, [shift], command_identity().subject)
        _record(cursor, "add", 1)
    _warn(warnings)
    print(f"{subject} is {role.value} from {_time(shift.starts_at)} to {_time(shift.ends_at)}")


@rota.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8, header role,subject,from,to.")],
) -> None:
    """Add the shifts of a file: all of them, or nothing and every error.

    Example: cordon rota import december.csv
    """
    try:
        with file.open("rb") as stream, owner_transaction() as cursor:
            count, warnings = import_rota(cursor, stream, command_identity().subject)
            _record(cursor, "import", count)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except RotaFileError as error:
        for found in error.errors:
            print(found, file=sys.stderr)
        raise InputError(f"no shift was added: {len(error.errors)} error(s), each named above") from None
    _warn(warnings)
    print(f"{count} shifts added")


@rota.command("end")
def end(shift_id: Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="Its id, from the list.")]) -> None:
    """End a shift now; one that has not begun is cancelled. What was open on its holder goes to who is there.

    Example: cordon rota end 12
    """
    with owner_transaction() as cursor:
        if not end_shift(cursor, shift_id, command_identity().subject, service_now(cursor)):
            raise InputError(f"there is no shift {shift_id} that is not over yet: `cordon rota list` shows them")
        _record(cursor, "end", 1)
    print(f"shift {shift_id} is over")


@rota.command("list")
def show(
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Now, where it is not given.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far from there.")] = 14,
) -> None:
    """List the shifts, cancelled ones too, in the order of their beginning.

    Example: cordon rota list --days 3
    """
    with owner_transaction() as cursor:
        first = service_now(cursor) if since is None else parse_time(since)
        found = list_shifts(cursor, first, first + timedelta(days=days))
        names = {one.team_id: one.name for one in list_teams(cursor)}
    rows = [
        (
            str(one.shift_id),
            one.role.value,
            one.subject,
            one.name,
            _time(one.starts_at),
            _time(one.ends_at),
            ", ".join(names[team] for team in one.teams),
            "cancelled" if one.cancelled_at else "",
        )
        for one in found
    ]
    print_table(("ID", "ROLE", "SUBJECT", "NAME", "FROM", "TO", "TEAMS", ""), rows)


@rota.command("gaps")
def show_gaps() -> None:
    """List when nobody holds a role within the next 14 days; exit 1 where there is such a time.

    Example: cordon rota gaps
    """
    with owner_transaction() as cursor:
        now = service_now(cursor)
        found = rota_gaps(cursor, now, now + GAPS_AHEAD)
    rows = [
        (role.value, _time(starts_at), _time(ends_at), f"{(ends_at - starts_at) / timedelta(hours=1):.1f}")
        for role, stretches in found.items()
        for starts_at, ends_at in stretches
    ]
    print_table(("ROLE", "FROM", "TO", "HOURS"), rows)
    if rows:
        raise typer.Exit(1)


def _warn(warnings: list[str]) -> None:
    for one in warnings:
        print(f"warning: {one}", file=sys.stderr)


def _record(cursor: Cursor, how: str, count: int) -> None:
    record_allowed(cursor, command_identity(), Action.ROTA_CHANGE, Subject(row_count=count, detail={"change": how}))


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
