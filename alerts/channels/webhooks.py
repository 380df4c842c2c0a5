"""Alert events as webhooks, signed as Standard Webhooks says (https://www.standardwebhooks.com, version 1)."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

from alerts.kafka_channel import encode
from store.outbox import OutboxMessage

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> str:
    """For one receiver; the specification takes 24 to 64 bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def webhook_of(message: OutboxMessage, signed_with: Sequence[str], now: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers. The id and the body are the same however often it is sent; ``now`` and so the signatures are
    not. Each secret signs, so that a receiver who knows one of them accepts it.
    """
    body = encode(message)
    webhook_id = f"alert-event-{message.event_id}"
    signatures = [Webhook(secret).sign(webhook_id, now, body.decode()) for secret in signed_with]
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "Cordon",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
