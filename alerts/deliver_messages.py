"""Sends the messages of one channel: gathers notices, one message for a burst, and follows each to its end."""

import time
from collections.abc import Callable

from alerts.casework_rules import current_rules
from alerts.channels.outcomes import MessageProvider, OutgoingMessage, Progress, SendOutcome, Verdict
from alerts.deliver import COUNT_EVERY_S, IDLE_S, LONGEST_WAIT_S, SILENT_S, note_backlog, retry_delay_s
from alerts.notice_words import Style, words_of
from model.notices import NoticeChannel
from ops import metrics
from store.database import Connection, Cursor
from store.due_messages import due_message, try_refused_now
from store.locks import LockClass
from store.messages import (
    MessageToSend,
    check_again,
    count_messages,
    form_message,
    messages_to_check,
    note_accepted,
    note_dead,
    note_delivered,
    note_failed,
    read_message,
    record_attempt,
)
from store.one_at_work import OneAtWork

FIRST_CHECK_S = 5.0
LONGEST_CHECK_S = 900.0
MOST_CHECKS = 300  # at the longest step about three days, as long as GOV.UK Notify itself tries
CHECKS_A_ROUND = 5
FIRST_REFUSED_S = 30.0
LONGEST_REFUSED_S = 900.0  # until somebody has put the setting right


class MessageSender(OneAtWork):
    """The sender of one channel's messages, or one that stands by for it."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        channel: NoticeChannel,
        provider: MessageProvider,
        style: Style,
        dead_after_s: float,
    ) -> None:
        super().__init__(connect, LockClass.SENDER, channel.value, SILENT_S)
        self._channel = channel
        self._provider = provider
        self._style = style
        self._dead_after_s = dead_after_s
        self._retry_next = False
        self._count_at = 0.0

    def _begin(self, cursor: Cursor) -> None:
        """What waits because of a setting is tried now: whoever starts this has most likely put it right."""
        try_refused_now(cursor, self._channel)

    def _work(self, connection: Connection) -> float:
        """At most one message, and a look at a few that were taken before."""
        with connection, connection.cursor() as cursor:
            self._count(cursor)
            message = self._next(cursor)
        self._check_progress(connection)
        if message is None:
            return IDLE_S
        if message.address is None:
            with connection, connection.cursor() as cursor:
                note_dead(cursor, message.message_id, "the recipient has no such address, or has left")
            self._log.error("nowhere to send to", channel=self._channel.value, message_id=message.message_id)
            return 0
        began_s = time.monotonic()
        outcome = self._provider.send(self._in_words(message, message.address))
        with connection, connection.cursor() as cursor:
            self._record(cursor, message, outcome, time.monotonic() - began_s)
        is_down = outcome.verdict is Verdict.LATER
        return min(retry_delay_s(message.attempts + 1), LONGEST_WAIT_S) if is_down else 0

    def _next(self, cursor: Cursor) -> MessageToSend | None:
        """Turn by turn a new one and one to be tried again: neither holds up the other."""
        quiet_s = current_rules(cursor).quiet_s
        message_id = due_message(cursor, self._channel) if self._retry_next else None
        if message_id is None:
            message_id = form_message(cursor, self._channel, quiet_s) or due_message(cursor, self._channel)
        self._retry_next = not self._retry_next
        return None if message_id is None else read_message(cursor, message_id)

    def _in_words(self, message: MessageToSend, address: str) -> OutgoingMessage:
        words = words_of(message.notices, self._style)
        return OutgoingMessage(message.message_id, address, words.subject, words.body, words.sms)

    def _record(self, cursor: Cursor, message: MessageToSend, outcome: SendOutcome, took_s: float) -> None:
        message_id, error = message.message_id, outcome.error or "not taken"
        is_accepted = outcome.verdict is Verdict.ACCEPTED
        record_attempt(cursor, self._channel, message_id, took_s, outcome.status, None if is_accepted else error)
        metrics.DELIVERIES.labels(self._channel.value, "delivered" if is_accepted else "failed").inc()
        if is_accepted:
            check_in_s = FIRST_CHECK_S if self._provider.tells_progress else None
            note_accepted(cursor, message_id, outcome.reference, check_in_s)
            return
        is_refused = outcome.verdict is Verdict.REFUSED
        log = self._log.error if is_refused else self._log.warning
        log("not taken", channel=self._channel.value, message_id=message_id, error=error)
        if outcome.verdict is Verdict.NEVER:
            note_dead(cursor, message_id, error)
            return
        retry_in_s = _retry_in_s(message.attempts + 1, outcome)
        if note_failed(cursor, message_id, error, retry_in_s, is_refused=is_refused, dead_after_s=self._dead_after_s):
            self._log.error("given up", channel=self._channel.value, message_id=message_id)

    def _check_progress(self, connection: Connection) -> None:
        """What the provider says of messages that it took."""
        if not self._provider.tells_progress:
            return
        with connection, connection.cursor() as cursor:
            accepted = messages_to_check(cursor, self._channel, CHECKS_A_ROUND)
        for message in accepted:
            progress, word = self._provider.progress(message.provider_reference)
            with connection, connection.cursor() as cursor:
                if progress is Progress.DELIVERED:
                    note_delivered(cursor, message.message_id)
                elif progress is Progress.FAILED:
                    note_dead(cursor, message.message_id, f"the provider says: {word}")
                    self._log.error("did not arrive", channel=self._channel.value, message_id=message.message_id)
                else:
                    is_over = progress is Progress.UNKNOWN or message.checks >= MOST_CHECKS
                    check_again(cursor, message.message_id, None if is_over else _check_in_s(message.checks + 1))

    def _count(self, cursor: Cursor) -> None:
        if time.monotonic() >= self._count_at:
            note_backlog(self._channel.value, count_messages(cursor, self._channel))
            self._count_at = time.monotonic() + COUNT_EVERY_S


def _retry_in_s(attempts: int, outcome: SendOutcome) -> float:
    if outcome.retry_after_s is not None:
        return min(outcome.retry_after_s, LONGEST_REFUSED_S)
    if outcome.verdict is Verdict.REFUSED:
        return float(min(LONGEST_REFUSED_S, FIRST_REFUSED_S * 2 ** min(attempts - 1, 10)))
    return retry_delay_s(attempts)


def _check_in_s(checks: int) -> float:
    return float(min(LONGEST_CHECK_S, FIRST_CHECK_S * 2 ** min(checks, 10)))
