"""`cordon webhooks`."""

import getpass
from datetime import datetime
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from alerts.channels.addresses import check_url, find_addresses
from alerts.channels.configured import reach_of
from alerts.channels.webhooks import new_secret
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from model.enums import AlertChangeKind, Severity
from ops.errors import InputError, UnavailableError
from ops.settings import load_settings
from store.database import Cursor
from store.webhooks import (
    Webhook,
    channel_of,
    disable_webhook,
    enable_webhook,
    find_webhook,
    list_deliveries,
    list_webhooks,
    register_webhook,
    replay,
    rotate_secret,
)

SECONDS_AN_HOUR = 3600
HEADINGS = ("ID", "URL", "STATE", "FAILURES", "LAST DELIVERED", "DESCRIPTION")
DEAD_HEADINGS = ("EVENT", "CHANNEL", "CHANGE", "HAPPENED", "ATTEMPTS", "GIVEN UP", "LAST ERROR")

webhooks = typer.Typer(help="Other systems that are told of alerts.", no_args_is_help=True)
WebhookId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its id, from the list.")]


def register(application: typer.Typer) -> None:
    application.add_typer(webhooks, name="webhooks")


@webhooks.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where to post to; https.")],
    description: Annotated[str, typer.Option(help="Whose it is.")],
    change: Annotated[list[AlertChangeKind] | None, typer.Option(help="Only this change; may be repeated.")] = None,
    severity: Annotated[list[Severity] | None, typer.Option(help="Only this severity; may be repeated.")] = None,
) -> None:
    """Tell a receiver of alerts from now on, and print the secret that it checks signatures with, once.

    Example: cordon webhooks add https://receiver.example/alerts --description "case management" --severity breach
    """
    reach = reach_of(load_settings())
    parts = check_url(url, reach)
    try:
        find_addresses(parts, reach)
    except UnavailableError:
        typer.echo(
            "the host's name is not known here; it is looked up and checked whenever something is sent", err=True
        )
    secret = new_secret()
    changes, severities = [one.value for one in change or []], [one.value for one in severity or []]
    with owner_transaction() as cursor:
        made = register_webhook(cursor, url, description, changes, severities, getpass.getuser(), secret)
        _record(cursor, Action.WEBHOOK_REGISTER, made.webhook_id)
    print(secret)
    typer.echo(f"webhook {made.webhook_id} is told of alerts from now on", err=True)


@webhooks.command("list")
def show() -> None:
    """List the webhooks and how they fare.

    Example: cordon webhooks list
    """
    with owner_transaction() as cursor:
        found = list_webhooks(cursor)
    print_table(HEADINGS, [_row(one) for one in found])


@webhooks.command("rotate")
def rotate(
    webhook_id: WebhookId,
    overlap_h: Annotated[float, typer.Option(min=0, max=168, help="Hours for which the old one signs too.")] = 24,
) -> None:
    """Give a webhook a new secret and print it, once.

    Example: cordon webhooks rotate 3 --overlap-h 24
    """
    secret = new_secret()
    with owner_transaction() as cursor:
        if not rotate_secret(cursor, webhook_id, secret, overlap_h * SECONDS_AN_HOUR):
            raise _unknown(webhook_id)
        _record(cursor, Action.WEBHOOK_ROTATE, webhook_id)
    print(secret)


@webhooks.command("disable")
def disable(webhook_id: WebhookId) -> None:
    """Send a webhook nothing more. What waits stays.

    Example: cordon webhooks disable 3
    """
    with owner_transaction() as cursor:
        if disable_webhook(cursor, webhook_id, f"by {getpass.getuser()}") is None:
            raise _unknown(webhook_id)
        _record(cursor, Action.WEBHOOK_DISABLE, webhook_id)
    print(f"webhook {webhook_id} is disabled")


@webhooks.command("enable")
def enable(webhook_id: WebhookId) -> None:
    """Go on with what waits for a webhook, at once.

    Example: cordon webhooks enable 3
    """
    with owner_transaction() as cursor:
        if enable_webhook(cursor, webhook_id) is None:
            raise _unknown(webhook_id)
        _record(cursor, Action.WEBHOOK_ENABLE, webhook_id)
    print(f"webhook {webhook_id} is enabled")


@webhooks.command("dead")
def dead(
    webhook_id: Annotated[int | None, typer.Option("--webhook", min=1, help="Only this webhook's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to list.")] = 100,
) -> None:
    """List the alert events that were given up, newest first.

    Example: cordon webhooks dead --webhook 3
    """
    with owner_transaction() as cursor:
        channel = None if webhook_id is None else channel_of(webhook_id)
        found = list_deliveries(cursor, channel, "dead", None, limit)
    rows = [
        (
            str(one.event_id),
            one.channel,
            one.change,
            _time(one.happened_at),
            str(one.attempts),
            _time(one.dead_at),
            one.last_error or "",
        )
        for one in found
    ]
    print_table(DEAD_HEADINGS, rows)


@webhooks.command("replay")
def send_again(
    webhook_id: WebhookId,
    event: Annotated[int | None, typer.Option(min=1, help="Only this event.")] = None,
    begins_at: Annotated[str | None, typer.Option("--from", metavar="TIME", help="ISO 8601 with an offset.")] = None,
    ends_at: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Not included.")] = None,
) -> None:
    """Queue anew one event, or all of a time, or else all that was given up.

    A receiver knows what it has seen by its webhook-id, which stays the same.

    Example: cordon webhooks replay 3 --from 2026-11-22T00:00:00Z --to 2026-11-23T00:00:00Z
    """
    span = _span(begins_at, ends_at)
    if span is not None and event is not None:
        raise InputError("give --event, or --from and --to, or neither for all that was given up")
    with owner_transaction() as cursor:
        if find_webhook(cursor, webhook_id) is None:
            raise _unknown(webhook_id)
        queued = replay(cursor, webhook_id, event, span)
        _record(cursor, Action.WEBHOOK_REPLAY, webhook_id, queued)
    print(f"queued anew: {queued}")


def _span(begins_at: str | None, ends_at: str | None) -> tuple[datetime, datetime] | None:
    if begins_at is None and ends_at is None:
        return None
    if begins_at is None or ends_at is None or parse_time(begins_at) >= parse_time(ends_at):
        raise InputError("give --from and a later --to")
    return parse_time(begins_at), parse_time(ends_at)


def _row(webhook: Webhook) -> tuple[str, ...]:
    state = "enabled" if webhook.paused_until is None else f"paused until {_time(webhook.paused_until)}"
    if webhook.disabled_reason is not None:
        state = f"disabled: {webhook.disabled_reason}"
    delivered = _time(webhook.last_delivered_at)
    return (str(webhook.webhook_id), webhook.url, state, str(webhook.failures), delivered, webhook.description)


def _record(cursor: Cursor, action: Action, webhook_id: int, row_count: int | None = None) -> None:
    about = Subject(row_count=row_count, detail={"webhook_id": webhook_id})
    record_allowed(cursor, command_identity(), action, about)


def _unknown(webhook_id: int) -> InputError:
    return InputError(f"there is no webhook {webhook_id}: `cordon webhooks list` shows them")


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
