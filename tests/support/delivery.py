"""Webhooks and senders on a test's database."""

from contextlib import closing
from functools import partial

from alerts.channels.addresses import Reach
from alerts.channels.http_post import Poster
from alerts.channels.webhooks import new_secret
from alerts.deliver_webhooks import WebhookSender
from store.database import connect
from store.webhooks import register_webhook
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

DEAD_AFTER_S = 259_200.0
LOOPBACK = Reach(allow_http=True)


def add_webhook(
    owner_url: str, url: str, changes: tuple[str, ...] = (), severities: tuple[str, ...] = ()
) -> tuple[int, str]:
    """Its id and its secret."""
    secret = new_secret()
    with as_owner(owner_url) as cursor:
        made = register_webhook(cursor, url, "a test", changes, severities, "the.administrator", secret)
    return made.webhook_id, secret


def sender_of(
    database: DatabaseUrls, webhook_id: int, timeout_s: float = 1, dead_after_s: float = DEAD_AFTER_S
) -> "closing[ClosableSender]":
    made = ClosableSender(
        partial(connect, database.worker, "cordon-deliver"), webhook_id, Poster(LOOPBACK, timeout_s), dead_after_s
    )
    return closing(made)


class ClosableSender(WebhookSender):
    """One whose rounds a test runs by itself."""

    def close(self) -> None:
        self._let_go()


def set_clock(owner_url: str, ahead: str) -> None:
    """Move the service's clock ahead of the real one, such as by ``1 hour``."""
    with as_owner(owner_url) as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION service_clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$ SELECT clock_timestamp() + interval '{ahead}' $$"
        )
