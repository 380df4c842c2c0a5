"""Staff, notices and a provider that keeps what it is given; a clock that a test sets."""

from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from alerts.channels.outcomes import MessageProvider, OutgoingMessage, Progress, SendOutcome, Verdict
from alerts.deliver_messages import MessageSender
from alerts.notice_words import Style
from model.enums import Severity
from model.notices import NewNotice, NoticeChannel, NoticeTemplate
from store.database import Cursor, connect
from store.notices import add_notices
from tests.support.database import DatabaseUrls

STYLE = Style("https://cordon.example")
DEAD_AFTER_S = 259_200.0


@dataclass(slots=True)
class Keeper:
    """A provider that takes all, or answers as it is told."""

    outcome: SendOutcome | None = None
    told: Progress = Progress.UNDERWAY
    tells_progress: bool = False
    sent: list[OutgoingMessage] = field(default_factory=list)

    def send(self, message: OutgoingMessage) -> SendOutcome:
        self.sent.append(message)
        return self.outcome or SendOutcome(Verdict.ACCEPTED, reference=message.reference)

    def progress(self, reference: str) -> tuple[Progress, str | None]:
        del reference
        return self.told, self.told.name.lower()


class ClosableMessageSender(MessageSender):
    """One whose rounds a test runs by itself."""

    def close(self) -> None:
        self._let_go()


def messages_by(
    database: DatabaseUrls, provider: MessageProvider, channel: NoticeChannel = NoticeChannel.EMAIL
) -> "closing[ClosableMessageSender]":
    open_one = partial(connect, database.worker, "cordon-deliver")
    return closing(ClosableMessageSender(open_one, channel, provider, STYLE, DEAD_AFTER_S))


def seed_staff(cursor: Cursor, subject: str, role: str = "duty_officer") -> None:
    cursor.execute(
        "INSERT INTO staff (subject, name, role, email, mobile) VALUES (%s, 'An Officer', %s, %s, '+447700900123')"
        " ON CONFLICT (subject) DO UPDATE SET email = excluded.email, mobile = excluded.mobile",
        (subject, role, f"{subject}@probation.example"),
    )


def seed_notice(
    cursor: Cursor,
    recipient: str,
    channel: NoticeChannel = NoticeChannel.EMAIL,
    severity: Severity = Severity.WARNING,
    template: NoticeTemplate = NoticeTemplate.OVERDUE,
) -> int:
    return add_notices(cursor, [NewNotice(recipient, channel, template, severity)])[0]


def own_clock(cursor: Cursor) -> None:
    """The service's clock is from now on what ``tick`` sets."""
    cursor.execute("CREATE TABLE IF NOT EXISTS test_clock (at timestamptz NOT NULL)")
    cursor.execute("GRANT SELECT ON test_clock TO public")
    cursor.execute(
        "CREATE OR REPLACE FUNCTION service_clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
        " AS $$ SELECT at FROM cordon.test_clock $$"
    )


def tick(cursor: Cursor, at_s: float) -> None:
    cursor.execute("DELETE FROM test_clock")
    cursor.execute("INSERT INTO test_clock VALUES (timestamptz '2026-03-01' + make_interval(secs => %s))", (at_s,))
