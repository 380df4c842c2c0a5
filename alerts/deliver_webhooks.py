"""Posts the alert events of one webhook, in the order of each alert, until its receiver has taken each of them.

Whatever decides (what waits, until when a failing receiver is left alone, what was given up) is in the database, by
the service's clock: a restart or a takeover changes nothing.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

from alerts.channels.http_post import Answer, Poster
from alerts.channels.webhooks import webhook_of
from alerts.deliver import COUNT_EVERY_S, IDLE_S, SILENT_S, note_backlog, retry_delay_s
from ops import metrics
from store.database import Connection, Cursor
from store.locks import LockClass
from store.one_at_work import OneAtWork
from store.outbox import (
    Attempt,
    FailedAttempt,
    OutboxMessage,
    count_waiting,
    give_up_old,
    read_due,
    record_attempts,
    record_outcome,
)
from store.webhooks import (
    WebhookToSend,
    channel_of,
    disable_webhook,
    note_failure,
    note_success,
    webhook_to_send,
)

BATCH = 200
RECORD_EVERY_S = 1.0  # what was taken is marked at least this often: a death in between repeats it
LONGEST_RETRY_AFTER_S = 3600.0  # whatever a receiver asks for
GONE = "the receiver answered 410 Gone: it wants no more"


@dataclass(slots=True)
class _Outcome:
    delivered: list[int] = field(default_factory=list)
    failed: list[FailedAttempt] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    is_gone: bool = False


class WebhookSender(OneAtWork):
    """The sender of one webhook, or one that stands by for it."""

    def __init__(self, connect: Callable[[], Connection], webhook_id: int, poster: Poster, dead_after_s: float) -> None:
        """What has waited for ``dead_after_s`` seconds when an attempt fails is given up."""
        self._webhook_id = webhook_id
        self._channel = channel_of(webhook_id)
        super().__init__(connect, LockClass.SENDER, self._channel, SILENT_S)
        self._poster = poster
        self._dead_after_s = dead_after_s
        self._count_at = 0.0

    def _begin(self, cursor: Cursor) -> None:
        """Nothing is left half done by whoever sent before: what was not recorded is sent again."""

    def _work(self, connection: Connection) -> float:
        with connection, connection.cursor() as cursor:
            webhook = webhook_to_send(cursor, self._webhook_id)
            due = read_due(cursor, self._channel, BATCH) if webhook is not None and webhook.may_send else []
            self._count(cursor)
        if webhook is None or not due:
            return IDLE_S
        outcome = self._post_all(webhook, due)
        with connection, connection.cursor() as cursor:
            self._record(cursor, outcome)
        metrics.DELIVERIES.labels(self._channel, "delivered").inc(len(outcome.delivered))
        metrics.DELIVERIES.labels(self._channel, "failed").inc(len(outcome.failed))
        return IDLE_S if outcome.failed else 0

    def _let_go(self) -> None:
        self._poster.close()
        super()._let_go()

    def _post_all(self, webhook: WebhookToSend, due: list[OutboxMessage]) -> _Outcome:
        """One after the other up to the first that fails, or until it is time to record."""
        outcome = _Outcome()
        record_at = time.monotonic() + RECORD_EVERY_S
        for message in due:
            now = datetime.now(UTC)  # the real time, by which receivers judge a signature's age
            began_s = time.monotonic()
            answer = self._poster.post(webhook.url, *webhook_of(message, webhook.secrets, now), now)
            took_s = time.monotonic() - began_s
            error = _error_of(answer)
            outcome.attempts.append(Attempt(message.event_id, took_s, answer.status, error))
            if error is not None:
                pause_s = _pause_s(answer, webhook.failures + 1)
                outcome.failed.append(FailedAttempt(message.event_id, pause_s, error))
                outcome.is_gone = answer.status == HTTPStatus.GONE
                self._log.warning("not taken", channel=self._channel, event_id=message.event_id, error=error)
                break
            outcome.delivered.append(message.event_id)
            if time.monotonic() >= record_at:
                break
        return outcome

    def _record(self, cursor: Cursor, outcome: _Outcome) -> None:
        record_outcome(cursor, self._channel, outcome.delivered, outcome.failed)
        record_attempts(cursor, self._channel, outcome.attempts)
        if outcome.delivered:
            note_success(cursor, self._webhook_id)
        for failed in outcome.failed:
            note_failure(cursor, self._webhook_id, failed.retry_in_s)
            dead = give_up_old(cursor, self._channel, self._dead_after_s)
            if dead:
                self._log.error("given up", channel=self._channel, count=dead)
        if outcome.is_gone:
            disable_webhook(cursor, self._webhook_id, GONE)
            self._log.error("disabled", channel=self._channel, reason=GONE)

    def _count(self, cursor: Cursor) -> None:
        if time.monotonic() >= self._count_at:
            note_backlog(self._channel, count_waiting(cursor, self._channel))
            self._count_at = time.monotonic() + COUNT_EVERY_S


def _error_of(answer: Answer) -> str | None:
    """None where the receiver has taken it: any 2xx."""
    if answer.status is None:
        return answer.error or "no answer"
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if answer.status == HTTPStatus.GONE:
        return GONE
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return f"the receiver answered {answer.status}: redirects are not followed"
    return f"the receiver answered {answer.status}"


def _pause_s(answer: Answer, failures: int) -> float:
    """As the receiver asks; else further and further apart, spread so that many receivers do not come back at once."""
    if answer.retry_after_s is not None:
        return min(answer.retry_after_s, LONGEST_RETRY_AFTER_S)
    return retry_delay_s(failures) * random.uniform(0.5, 1.0)  # noqa: S311  no secret
