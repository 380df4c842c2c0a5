"""`cordon operations match-day`."""

import getpass
from collections.abc import Callable, Sequence
from datetime import date, time
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from model.operations import MatchDay
from ops.errors import InputError
from ops.settings import load_settings
from store.database import Cursor
from store.operations_match_days import ComingMatchDay, add_match_days, coming_match_days, remove_match_days
from store.zones import PublishedZone

Reference = Annotated[str, typer.Argument(help="The shared zone's reference.")]
OnDate = Annotated[str, typer.Option("--date", metavar="DATE", help="Such as 2026-11-28.")]
Starts = Annotated[str, typer.Option("--from", metavar="TIME", help="By the zone's clock, such as 12:00.")]
Ends = Annotated[str, typer.Option("--to", metavar="TIME", help="Of the next day where it is not after --from.")]
match_days = typer.Typer(help="Match days of a shared zone.", no_args_is_help=True)


def register(operations: typer.Typer) -> None:
    operations.add_typer(match_days, name="match-day")


@match_days.command("add")
def add(
    reference: Reference,
    *,
    on_date: OnDate,
    starts: Starts,
    ends: Ends,
    event: Annotated[str, typer.Option(help="What takes place.")],
) -> None:
    """Add a match day to a shared zone that has a schedule, as a new version of it.

    Example: cordon operations match-day add STADIUM --date 2026-11-28 --from 12:00 --to 18:00 --event "League match"
    """
    day = MatchDay(_date(on_date), _time(starts), _time(ends), event)
    _change(reference, day, Action.MATCH_DAYS_ADD, add_match_days)


@match_days.command("remove")
def remove(reference: Reference, *, on_date: OnDate, starts: Starts, ends: Ends) -> None:
    """Take a match day away that is not over; one that goes on ends now.

    Example: cordon operations match-day remove STADIUM --date 2026-11-28 --from 12:00 --to 18:00
    """
    day = MatchDay(_date(on_date), _time(starts), _time(ends), None)
    _change(reference, day, Action.MATCH_DAYS_REMOVE, remove_match_days)


@match_days.command("list")
def show(reference: Reference) -> None:
    """List a zone's match days that are not over.

    Example: cordon operations match-day list STADIUM
    """
    with owner_transaction() as cursor:
        _print(_known(reference, coming_match_days(cursor, reference)))


def _change(
    reference: str,
    day: MatchDay,
    action: Action,
    change: Callable[[Cursor, str, Sequence[MatchDay], str, int], PublishedZone | None],
) -> None:
    with owner_transaction() as cursor:
        change(cursor, reference, [day], getpass.getuser(), load_settings().lock_timeout_ms)
        coming = _known(reference, coming_match_days(cursor, reference))
        record_allowed(cursor, command_identity(), action, Subject(row_count=1, detail={"reference": reference}))
    _print(coming)


def _known(reference: str, coming: list[ComingMatchDay] | None) -> list[ComingMatchDay]:
    if coming is None:
        raise InputError(f"there is no zone {reference}: `cordon zones list` shows them")
    return coming


def _print(coming: list[ComingMatchDay]) -> None:
    rows = []
    for one in coming:
        day = one.match_day
        ends = "24:00" if day.ends == time() else f"{day.ends:%H:%M}"
        rows.append((day.date.isoformat(), f"{day.starts:%H:%M}", ends, day.event or ""))
    print_table(("DATE", "FROM", "TO", "EVENT"), rows)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no date: write it like 2026-11-28") from None


def _time(text: str) -> time:
    try:
        return time() if text == "24:00" else time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise InputError(f"{text!r} is no time of day: write it like 17:30") from None
