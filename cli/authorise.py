"""`cordon authorise`."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from access.audit import Action, Subject, about_authorisation, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from ops.errors import InputError
from ops.settings import load_settings
from store.authorisations import AuthorisationRequest, StoredAuthorisation, grant, list_authorisations, revoke
from store.database import Cursor
from store.zone_list import find_zone

PAGE = 500
HEADINGS = ("ID", "ZONE", "PERSON", "FROM", "TO", "STATE", "BY", "PURPOSE")
authorisations = typer.Typer(help="Authorised entries and absences.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(authorisations, name="authorise")


@authorisations.command("grant")
def grant_one(
    reference: Annotated[str, typer.Argument(help="The zone's reference.")],
    *,
    crn: Annotated[str, typer.Option(help="Who may be in the zone or, where absence is watched, away from it.")],
    begins_at: Annotated[
        str, typer.Option("--from", metavar="TIME", help="ISO 8601 with an offset; it may lie in the past.")
    ],
    ends_at: Annotated[str, typer.Option("--to", metavar="TIME", help="Not included; at most 31 days later.")],
    purpose: Annotated[str, typer.Option(help="What for, as it stands on the record.")],
) -> None:
    """Lift a zone for one person and a time. Within it a visit is information; overstaying alerts.

    Workers judge by it within 2 seconds. Where it begins in the past, what was judged since is judged anew.

    Example: cordon authorise grant EZ-1042 --crn X123456 --from 2026-11-23T13:00:00Z --to 2026-11-23T15:00:00Z
    --purpose "dental appointment"
    """
    wanted = AuthorisationRequest(reference, crn, parse_time(begins_at), parse_time(ends_at), purpose)
    with owner_transaction() as cursor:
        granted = grant(cursor, wanted, getpass.getuser(), load_settings().lock_timeout_ms)
        record_allowed(cursor, command_identity(), Action.AUTHORISATION_GRANT, about_authorisation(granted))
    print(
        f"authorisation {granted.authorisation_id}: zone {granted.zone_reference} is lifted for {granted.crn}"
        f" from {_time(granted.begins_at)} to {_time(granted.ends_at)}"
    )


@authorisations.command("revoke")
def revoke_one(
    authorisation_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its id, from the list.")],
) -> None:
    """Let an authorisation hold no longer, from now on. What was done under it stays lifted.

    One that was granted only after its end is withdrawn whole, and what it lifted is judged anew.

    Example: cordon authorise revoke 12
    """
    with owner_transaction() as cursor:
        revoked = revoke(cursor, authorisation_id, getpass.getuser(), load_settings().lock_timeout_ms)
        if revoked is None:
            raise InputError(f"there is no authorisation {authorisation_id}: `cordon authorise list` shows them")
        record_allowed(cursor, command_identity(), Action.AUTHORISATION_REVOKE, about_authorisation(revoked))
    print(f"authorisation {authorisation_id} is {state(revoked, datetime.now(UTC))}")


@authorisations.command("list")
def show(zone: Annotated[str | None, typer.Option(help="Only this zone's, by its reference.")] = None) -> None:
    """List authorisations, the newest first, revoked and past ones too.

    Example: cordon authorise list --zone EZ-1042
    """
    with owner_transaction() as cursor:
        found: list[StoredAuthorisation] = []
        zone_id = None if zone is None else _zone_id(cursor, zone)
        while page := list_authorisations(cursor, zone_id, found[-1].authorisation_id if found else None, PAGE):
            found += page
        about = Subject(row_count=len(found), person_ids=[one.person_id for one in found])
        record_allowed(cursor, command_identity(), Action.AUTHORISATIONS_LIST, about)
    print_authorisations(found)


def print_authorisations(found: list[StoredAuthorisation]) -> None:
    now = datetime.now(UTC)
    rows = [
        (
            str(one.authorisation_id),
            one.zone_reference,
            one.crn,
            _time(one.begins_at),
            _time(one.ends_at),
            state(one, now),
            one.granted_by,
            one.purpose,
        )
        for one in found
    ]
    print_table(HEADINGS, rows)


def state(authorisation: StoredAuthorisation, now: datetime) -> str:
    """What of it holds, in a few words."""
    if authorisation.revoked_at is not None:
        if authorisation.lifts_until == authorisation.begins_at:
            return "revoked, lifts nothing"
        return f"revoked, held until {_time(authorisation.lifts_until)}"
    if now >= authorisation.ends_at:
        return "over"
    return "in force" if now >= authorisation.begins_at else "to come"


def _zone_id(cursor: Cursor, reference: str) -> int:
    found = find_zone(cursor, reference)
    if found is None:
        raise InputError(f"there is no zone {reference}: `cordon zones list` shows them")
    return found[0].zone_id


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
