"""`cordon token`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from access.roles import Role
from access.tokens import DEFAULT_LIFETIME, LONGEST_LIFETIME, create_token
from cli.forces import force_named
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from ops.errors import InputError
from store.tokens import StoredToken, list_tokens, revoke_token

DEFAULT_HOURS = DEFAULT_LIFETIME // timedelta(hours=1)
MOST_HOURS = LONGEST_LIFETIME // timedelta(hours=1)
tokens = typer.Typer(help="Bearer tokens of the API.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(tokens, name="token")


@tokens.command("create")
def create(
    role: Annotated[Role, typer.Option(help="What the bearer is; decides what they may do.")],
    subject: Annotated[str, typer.Option("--for", help="Whom it is for, as the audit names them.")],
    hours: Annotated[int, typer.Option(min=1, max=MOST_HOURS, help="How long it lasts.")] = DEFAULT_HOURS,
    force: Annotated[str | None, typer.Option(help="For police: the force that the bearer works for.")] = None,
) -> None:
    """Make a token and print it, the only time that it is seen.

    A practitioner sees the people whose --practitioner is the token's --for.

    A police analyst and a match reviewer see the crimes of their --force.

    Example: cordon token create --role duty_officer --for officer.jones --hours 8
    """
    identifier = None if force is None else force_named(force)
    with owner_transaction() as cursor:
        made = create_token(cursor, role, subject, datetime.now(UTC), timedelta(hours=hours), identifier)
        detail = {"token_id": made.token_id, "for": subject, "role": role.value, "force": identifier}
        record_allowed(cursor, command_identity(), Action.TOKEN_CREATE, Subject(detail=detail))
    print(made.token)
    typer.echo(f"token {made.token_id} for {subject} ({role}) until {made.expires_at:%Y-%m-%d %H:%M} UTC", err=True)


@tokens.command("list")
def show() -> None:
    """List the tokens that were made, without what they are.

    Example: cordon token list
    """
    with owner_transaction() as cursor:
        found = list_tokens(cursor)
    now = datetime.now(UTC)
    rows = [
        (
            str(one.token_id),
            one.subject,
            one.role,
            one.force or "",
            f"{one.expires_at:%Y-%m-%d %H:%M}",
            _state(one, now),
        )
        for one in found
    ]
    print_table(("ID", "FOR", "ROLE", "FORCE", "UNTIL (UTC)", "STATE"), rows)


@tokens.command("revoke")
def revoke(token_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its id, from the list.")]) -> None:
    """End a token now; streams that it opened end within 15 seconds.

    Example: cordon token revoke 12
    """
    with owner_transaction() as cursor:
        if not revoke_token(cursor, token_id, datetime.now(UTC)):
            raise InputError(f"there is no token {token_id}: `cordon token list` shows them")
        record_allowed(cursor, command_identity(), Action.TOKEN_REVOKE, Subject(detail={"token_id": token_id}))
    print(f"token {token_id} is revoked")


def _state(token: StoredToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "live" if token.expires_at > now else "expired"
