"""`cordon session`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from ops.errors import InputError
from store.checks import checked_subject
from store.sessions import StoredSession, end_sessions_of, list_sessions

sessions = typer.Typer(help="Sessions of people who have signed in.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(sessions, name="session")


@sessions.command("list")
def show() -> None:
    """List the sessions, the newest first: the last thousand.

    Example: cordon session list
    """
    with owner_transaction() as cursor:
        found = list_sessions(cursor)
    now = datetime.now(UTC)
    rows = [
        (
            str(one.session_id),
            one.subject,
            one.role,
            one.force or "",
            f"{one.created_at:%Y-%m-%d %H:%M}",
            f"{one.used_at:%Y-%m-%d %H:%M}",
            f"{one.expires_at:%Y-%m-%d %H:%M}",
            _state(one, now),
        )
        for one in found
    ]
    print_table(("ID", "OF", "ROLE", "FORCE", "SINCE (UTC)", "LAST USED", "UNTIL", "STATE"), rows)


@sessions.command("end")
def end(subject: Annotated[str, typer.Argument(help="Whose, as the audit names them.")]) -> None:
    """End every session of somebody now; streams that they opened end within 15 seconds.

    They can sign in again, unless their account at the identity provider ends too, or `cordon staff end` records
    that they left.

    Example: cordon session end officer.jones
    """
    subject = checked_subject(subject)
    with owner_transaction() as cursor:
        ended = end_sessions_of(cursor, subject, datetime.now(UTC))
        if ended == 0:
            raise InputError(f"{subject} has no session: `cordon session list` shows them")
        about = Subject(detail={"by": "command", "of": subject, "sessions": ended})
        record_allowed(cursor, command_identity(), Action.SIGN_OUT, about)
    print(f"{ended} session{'' if ended == 1 else 's'} of {subject} ended")


def _state(session: StoredSession, now: datetime) -> str:
    if session.ended_at is not None:
        return "ended"
    return "open" if session.expires_at > now else "expired"
