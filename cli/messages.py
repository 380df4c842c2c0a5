"""`cordon messages`."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from ops.errors import InputError
from store.clock import service_now
from store.messages import MessageState, list_messages, message_counts, send_again

HEADINGS = ("ID", "TO", "CHANNEL", "MADE", "STATE", "ATTEMPTS", "LAST ERROR")

messages = typer.Typer(help="E-mail and text messages to staff.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(messages, name="messages")


@messages.command("list")
def show(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only those that were given up.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to list.")] = 100,
) -> None:
    """List messages without their words, newest first.

    Example: cordon messages list --dead
    """
    with owner_transaction() as cursor:
        found = list_messages(cursor, dead_only=dead, limit=limit)
        record_allowed(cursor, command_identity(), Action.MESSAGES_READ, Subject(row_count=len(found)))
    rows = [
        (
            str(one.message_id),
            one.recipient,
            one.channel,
            one.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            _state(one),
            str(one.attempts),
            one.last_error or "",
        )
        for one in found
    ]
    print_table(HEADINGS, rows)


@messages.command("counts")
def counts(days: Annotated[float, typer.Option(min=0.01, max=3650, help="Of how many days.")] = 1) -> None:
    """Count messages by channel and state, and the notices that wait.

    Example: cordon messages counts --days 7
    """
    with owner_transaction() as cursor:
        since: datetime = service_now(cursor) - timedelta(days=days)
        found = message_counts(cursor, since)
        record_allowed(cursor, command_identity(), Action.MESSAGE_COUNTS, Subject(window_from=since))
    print_table(("CHANNEL", "STATE", "MESSAGES"), [(channel, state, str(amount)) for channel, state, amount in found])


@messages.command("send-again")
def retry(
    message_ids: Annotated[list[int] | None, typer.Argument(help="Ids of dead messages, from the list.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="All that are dead.")] = False,
) -> None:
    """Try messages anew that were given up, such as after an address was put right.

    Example: cordon messages send-again 41 42
    """
    if bool(message_ids) == all_:
        raise InputError("name the messages, or give --all")
    with owner_transaction() as cursor:
        tried = send_again(cursor, None if all_ else message_ids)
        about = Subject(row_count=len(tried), detail={"message_ids": tried[:100]})
        record_allowed(cursor, command_identity(), Action.MESSAGES_SEND_AGAIN, about)
        missing = sorted(set(message_ids or []) - set(tried))
        if missing:
            raise InputError(f"not dead, or not there, so nothing was done: {', '.join(map(str, missing))}")
    print(f"tried anew: {len(tried)}")


def _state(message: MessageState) -> str:
    states = (
        ("dead", message.dead_at),
        ("received", message.received_at),
        ("delivered", message.delivered_at),
        ("accepted", message.accepted_at),
    )
    return next((word for word, at in states if at is not None), "sending")
