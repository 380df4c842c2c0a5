"""Messages to staff through a provider: retries, refusals, what is given up, progress and receipts."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from alerts.channels.notify import NotifyChannel
from alerts.channels.outcomes import SendOutcome, Verdict
from model.enums import Severity
from model.notices import NoticeChannel
from store.database import Identity, Pool
from store.messages import message_counts, note_message_receipt, own_messages, send_again
from store.notices import cancel_notices, told_about
from tests.support.database import DatabaseUrls
from tests.support.messages import Keeper, messages_by, own_clock, seed_notice, seed_staff, tick
from tests.support.notify import API_KEY, Notify, notify_server
from tests.support.outbox import prepare_alerts
from tests.support.seed import as_owner
from tests.support.world import rows

SMS = NoticeChannel.SMS
STATES = (
    "SELECT attempts, accepted_at IS NOT NULL, delivered_at IS NOT NULL, is_refused, dead_at IS NOT NULL"
    " FROM messages ORDER BY message_id"
)


@pytest.fixture
def database(migrated_database: DatabaseUrls) -> DatabaseUrls:
    with as_owner(migrated_database.owner) as cursor:
        own_clock(cursor)
        tick(cursor, 0)
        seed_staff(cursor, "officer.a")
        seed_staff(cursor, "officer.b")
    return migrated_database


@pytest.fixture
def notify() -> Iterator[Notify]:
    with notify_server() as running:
        yield running


def look(database: DatabaseUrls, provider: Any, at_s: float, count: int = 2, channel: Any = SMS) -> None:
    with as_owner(database.owner) as cursor:
        tick(cursor, at_s)
    with messages_by(database, provider, channel) as sender:
        for _ in range(count):
            sender.round()


def told(database: DatabaseUrls, *recipients: str, channel: NoticeChannel = SMS) -> None:
    with as_owner(database.owner) as cursor:
        for recipient in recipients:
            seed_notice(cursor, recipient, channel)


def by_notify(notify: Notify, channel: NoticeChannel = SMS) -> NotifyChannel:
    return NotifyChannel(channel, API_KEY, "a-template", notify.url, 0.5)


def test_notify_is_given_our_words_under_our_reference(database: DatabaseUrls, notify: Notify) -> None:
    told(database, "officer.a")
    told(database, "officer.a", channel=NoticeChannel.EMAIL)
    look(database, by_notify(notify), 0)
    look(database, by_notify(notify, NoticeChannel.EMAIL), 0, channel=NoticeChannel.EMAIL)
    sms, email = notify.taken.values()
    assert (sms["phone_number"], sms["template_id"], sms["reference"]) == (
        "+447700900123",
        "a-template",
        "cordon-message-1",
    )
    assert sms["personalisation"]["body"].startswith("Cordon: an alert is overdue")
    assert (email["path"], email["email_address"]) == ("/v2/notifications/email", "officer.a@probation.example")
    assert set(email["personalisation"]) == {"subject", "body"}
    assert rows(database.owner, STATES) == [(1, True, False, False, False)] * 2


@pytest.mark.parametrize("status", ["delivered", "sent"])
def test_progress_is_asked_for_until_it_is_known(database: DatabaseUrls, notify: Notify, status: str) -> None:
    told(database, "officer.a")
    look(database, by_notify(notify), 0)
    look(database, by_notify(notify), 6)
    assert rows(database.owner, STATES) == [(1, True, False, False, False)]
    notify.status = status
    look(database, by_notify(notify), 8)
    assert rows(database.owner, STATES) == [(1, True, False, False, False)], "it is asked less and less often"
    look(database, by_notify(notify), 30)
    assert rows(database.owner, STATES) == [(1, True, True, False, False)]


def test_one_that_did_not_arrive_is_dead_and_is_sent_again_by_hand(database: DatabaseUrls, notify: Notify) -> None:
    told(database, "officer.a")
    look(database, by_notify(notify), 0)
    notify.status = "permanent-failure"
    look(database, by_notify(notify), 6)
    assert rows(database.owner, "SELECT dead_at IS NOT NULL, last_error FROM messages") == [
        (True, "the provider says: permanent-failure")
    ]
    with as_owner(database.owner) as cursor:
        assert send_again(cursor, None) == [1]
    look(database, by_notify(notify), 7)
    assert [one["reference"] for one in notify.taken.values()] == ["cordon-message-1"] * 2


@pytest.mark.parametrize(("refusal", "is_refused"), [(429, False), (500, False), (400, True), (403, True)])
def test_what_notify_refuses_is_lost_by_none(
    database: DatabaseUrls, notify: Notify, refusal: int, is_refused: bool
) -> None:
    told(database, "officer.a")
    notify.refusal = refusal
    look(database, by_notify(notify), 0)
    assert rows(database.owner, STATES) == [(1, False, False, is_refused, False)]
    ((status, error),) = rows(database.owner, "SELECT status, error FROM delivery_attempts")
    assert (status, "officer" in error) == (refusal, False)
    notify.refusal = 0
    look(database, by_notify(notify), 31)
    assert rows(database.owner, STATES) == [(2, True, False, False, False)]


def test_a_hang_is_a_failed_attempt(database: DatabaseUrls, notify: Notify) -> None:
    told(database, "officer.a")
    notify.hangs = True
    look(database, by_notify(notify), 0, count=1)
    assert rows(database.owner, STATES) == [(1, False, False, False, False)]


def test_while_a_provider_is_away_what_comes_goes_together_afterwards(database: DatabaseUrls) -> None:
    down = Keeper(SendOutcome(Verdict.LATER, error="away"))
    for minute in range(0, 60, 10):
        told(database, "officer.a", "officer.b")
        look(database, down, minute * 60, count=4)
    up = Keeper()
    look(database, up, 3700, count=4)
    look(database, up, 3800, count=4)
    assert len(up.sent) == 4, "the one that was tried first, and one for all that came after it"
    assert rows(database.owner, "SELECT count(*) FROM notices WHERE message_id IS NULL") == [(0,)]


def test_one_that_is_refused_holds_up_nothing_else(database: DatabaseUrls) -> None:
    told(database, "officer.a")
    refusing = Keeper(SendOutcome(Verdict.REFUSED, error="no"))
    look(database, refusing, 0)
    told(database, "officer.a")
    up = Keeper()
    look(database, up, 46)
    assert [message.message_id for message in up.sent] == [2, 1]


def test_whoever_starts_with_the_setting_put_right_sends_it_at_once(database: DatabaseUrls) -> None:
    told(database, "officer.a")
    look(database, Keeper(SendOutcome(Verdict.REFUSED, error="no")), 0)
    up = Keeper()
    look(database, up, 1)
    assert [message.message_id for message in up.sent] == [1]


def test_after_three_days_it_is_dead(database: DatabaseUrls) -> None:
    told(database, "officer.a")
    look(database, Keeper(SendOutcome(Verdict.LATER, error="away")), 0)
    look(database, Keeper(SendOutcome(Verdict.LATER, error="away")), 3 * 86_400 + 1)
    assert rows(database.owner, STATES) == [(2, False, False, False, True)]


def test_who_has_no_address_or_has_left_is_seen_as_not_reached(database: DatabaseUrls) -> None:
    with as_owner(database.owner) as cursor:
        cursor.execute("UPDATE staff SET mobile = NULL WHERE subject = 'officer.a'")
        cursor.execute("UPDATE staff SET ended_at = service_clock() WHERE subject = 'officer.b'")
    told(database, "officer.a", "officer.b")
    keeper = Keeper()
    look(database, keeper, 0, count=3)
    assert keeper.sent == []
    assert rows(database.owner, STATES) == [(0, False, False, False, True)] * 2


def test_a_death_after_it_was_taken_sends_it_again_under_the_same_reference(database: DatabaseUrls) -> None:
    told(database, "officer.a", "officer.a")

    class Dying(Keeper):
        def send(self, message: Any) -> SendOutcome:
            super().send(message)
            raise KeyboardInterrupt  # as good as kill -9: nothing after it is done

    dying, keeper = Dying(), Keeper()
    with pytest.raises(KeyboardInterrupt):
        look(database, dying, 0)
    look(database, keeper, 1)
    assert dying.sent == keeper.sent
    assert rows(database.owner, "SELECT count(DISTINCT message_id), count(*) FROM notices") == [(1, 2)]


def test_what_is_retracted_before_it_was_told_leaves_nothing(database: DatabaseUrls) -> None:
    (alert,) = prepare_alerts(database.owner, 1)
    with as_owner(database.owner) as cursor:
        for recipient in ("officer.a", "officer.b"):
            seed_notice(cursor, recipient, SMS, Severity.BREACH)
        cursor.execute("UPDATE notices SET alert_id = %s", (alert,))
    keeper = Keeper()
    look(database, keeper, 0, count=1)
    with as_owner(database.owner) as cursor:
        assert cancel_notices(cursor, alert) == 1  # type: ignore[arg-type]
        assert told_about(cursor, alert) == [("officer.a", SMS)]  # type: ignore[arg-type]
    look(database, keeper, 100)
    assert [message.message_id for message in keeper.sent] == [1]


def test_receipts_are_the_recipient_s_own(database: DatabaseUrls) -> None:
    told(database, "officer.a", "officer.b")
    look(database, Keeper(), 0, count=3)
    pool = Pool(database.api, "test", 1)
    own, monitor = Identity("officer.a", "duty_officer", "", ""), Identity("m", "monitoring_officer", "", "")
    with pool.transaction(own) as cursor:
        (message,) = own_messages(cursor, None, 10)
        assert note_message_receipt(cursor, "officer.a", message.message_id)
        assert not note_message_receipt(cursor, "officer.a", message.message_id + 1)
        assert message_counts(cursor, message.created_at) == []
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), pool.transaction(own) as cursor:
        note_message_receipt(cursor, "officer.b", message.message_id + 1)
    with pool.transaction(monitor) as cursor:
        assert own_messages(cursor, None, 10) == []
        assert message_counts(cursor, message.created_at) == [("sms", "accepted", 1), ("sms", "received", 1)]
    pool.close()
