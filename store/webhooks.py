"""Webhooks: where alert events are posted to, what they are signed with, and what they are held back by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.database import Cursor, fetch_one

WEBHOOK_CHANNEL = "webhook:"


@dataclass(frozen=True, slots=True)
class Webhook:
    """``changes`` and ``severities`` are those that it is told; empty, all. ``failures`` are since its last success."""

    webhook_id: int
    url: str
    description: str
    changes: list[str]
    severities: list[str]
    created_by: str
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None
    failures: int
    paused_until: datetime | None
    last_delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookToSend:
    url: str
    secrets: list[str]  # the newest first; each signs
    failures: int
    may_send: bool  # it is enabled and not paused


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert event on its way to one receiver."""

    event_id: int
    channel: str
    state: str
    change: str
    happened_at: datetime
    queued_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None
    delivered_at: datetime | None
    dead_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    attempt_id: int
    event_id: int | None
    attempted_at: datetime
    took_ms: int
    status: int | None
    error: str | None


_WEBHOOKS = (
    "SELECT webhook_id, url, description, changes, severities, created_by, created_at, disabled_at, disabled_reason,"
    " failures, paused_until, last_delivered_at FROM webhooks"
)


def channel_of(webhook_id: int) -> str:
    return f"{WEBHOOK_CHANNEL}{webhook_id}"


def register_webhook(
    cursor: Cursor,
    url: str,
    description: str,
    changes: Sequence[str],
    severities: Sequence[str],
    created_by: str,
    secret: str,
) -> Webhook:
    """``url`` is checked before. Refused by the database to whoever is no administrator."""
    cursor.execute(
        "SELECT register_webhook(%s, %s, %s::text[], %s::text[], %s, %s)",
        (url, description, list(changes), list(severities), created_by, secret),
    )
    made = find_webhook(cursor, fetch_one(cursor)[0])
    if made is None:
        raise LookupError("a webhook that was made is not seen")
    return made


def list_webhooks(cursor: Cursor) -> list[Webhook]:
    """All, disabled ones too, in the order in which they were registered."""
    cursor.execute(f"{_WEBHOOKS} ORDER BY webhook_id")
    return [Webhook(*row) for row in cursor.fetchall()]


def find_webhook(cursor: Cursor, webhook_id: int) -> Webhook | None:
    cursor.execute(f"{_WEBHOOKS} WHERE webhook_id = %s", (webhook_id,))
    row = cursor.fetchone()
    return None if row is None else Webhook(*row)


def rotate_secret(cursor: Cursor, webhook_id: int, secret: str, overlap_s: float) -> bool:
    """Whether there is such a webhook. Those before it sign too, for ``overlap_s`` more seconds."""
    cursor.execute("SELECT rotate_webhook_secret(%s, %s, %s)", (webhook_id, secret, overlap_s))
    return bool(fetch_one(cursor)[0])


def disable_webhook(cursor: Cursor, webhook_id: int, reason: str) -> Webhook | None:
    """From now on nothing is queued for it; what waits stays. One that is disabled keeps its reason."""
    cursor.execute(
        "UPDATE webhooks SET disabled_at = service_clock(), disabled_reason = %s"
        " WHERE webhook_id = %s AND disabled_at IS NULL",
        (reason, webhook_id),
    )
    return find_webhook(cursor, webhook_id)


def enable_webhook(cursor: Cursor, webhook_id: int) -> Webhook | None:
    """Go on with what waits, at once."""
    cursor.execute(
        "UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL, failures = 0, paused_until = NULL"
        " WHERE webhook_id = %s",
        (webhook_id,),
    )
    return find_webhook(cursor, webhook_id)


def replay(
    cursor: Cursor, webhook_id: int, event_id: int | None = None, span: tuple[datetime, datetime] | None = None
) -> int:
    """Queue anew one event, or all that happened within ``span`` and is wanted, or else all that was given up."""
    begins_at, ends_at = span or (None, None)
    cursor.execute("SELECT replay_webhook(%s, %s, %s, %s)", (webhook_id, event_id, begins_at, ends_at))
    return int(fetch_one(cursor)[0])


def list_deliveries(
    cursor: Cursor, channel: str | None, state: str | None, after: tuple[int, str] | None, limit: int
) -> list[Delivery]:
    """Newest first, on from that event and channel. ``state`` is waiting, delivered or dead."""
    event_id, after_channel = after or (None, None)
    cursor.execute(
        "SELECT * FROM list_deliveries(%s, %s, %s, %s, %s)", (channel, state, event_id, after_channel, limit)
    )
    return [Delivery(*row) for row in cursor.fetchall()]


def list_attempts(cursor: Cursor, channel: str, before: int | None, limit: int) -> list[StoredAttempt]:
    """Newest first."""
    cursor.execute(
        "SELECT attempt_id, event_id, attempted_at, took_ms, status, error FROM delivery_attempts"
        " WHERE channel = %(channel)s AND (%(before)s::bigint IS NULL OR attempt_id < %(before)s)"
        " ORDER BY attempt_id DESC LIMIT %(limit)s",
        {"channel": channel, "before": before, "limit": limit},
    )
    return [StoredAttempt(*row) for row in cursor.fetchall()]


def webhooks_to_serve(cursor: Cursor) -> list[int]:
    """The identifiers of those that are enabled."""
    cursor.execute("SELECT webhook_id FROM webhooks WHERE disabled_at IS NULL")
    return [webhook_id for (webhook_id,) in cursor.fetchall()]


def webhook_to_send(cursor: Cursor, webhook_id: int) -> WebhookToSend | None:
    """What a sender needs to know before each batch; the worker's role alone may ask."""
    cursor.execute(
        "SELECT url, ARRAY(SELECT secret FROM webhook_secrets one WHERE one.webhook_id = webhook.webhook_id"
        "  AND (expires_at IS NULL OR expires_at > service_clock()) ORDER BY created_at DESC), failures,"
        " disabled_at IS NULL AND coalesce(paused_until <= service_clock(), true)"
        " FROM webhooks webhook WHERE webhook_id = %s",
        (webhook_id,),
    )
    row = cursor.fetchone()
    return None if row is None else WebhookToSend(*row)


def note_success(cursor: Cursor, webhook_id: int) -> None:
    cursor.execute(
        "UPDATE webhooks SET failures = 0, paused_until = NULL, last_delivered_at = service_clock()"
        " WHERE webhook_id = %s",
        (webhook_id,),
    )


def note_failure(cursor: Cursor, webhook_id: int, pause_s: float) -> None:
    """Nothing is sent to it for that long."""
    cursor.execute(
        "UPDATE webhooks SET failures = failures + 1, paused_until = service_clock() + make_interval(secs => %s)"
        " WHERE webhook_id = %s",
        (pause_s, webhook_id),
    )
