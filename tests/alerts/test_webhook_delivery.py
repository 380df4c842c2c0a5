"""One webhook: what its receiver gets, however often and in whatever way it fails."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from alerts.channels.webhooks import new_secret
from store.webhooks import enable_webhook, replay, rotate_secret
from tests.support.database import DatabaseUrls
from tests.support.delivery import add_webhook, sender_of, set_clock
from tests.support.outbox import add_events, prepare_alerts
from tests.support.receivers import receiver, unused_port
from tests.support.seed import as_owner
from tests.support.world import rows

STATE = (
    "SELECT event_id, attempts, delivered_at IS NOT NULL, dead_at IS NOT NULL FROM outbox"
    " WHERE channel LIKE 'webhook:%' ORDER BY event_id"
)
ERRORS = "SELECT status, error FROM delivery_attempts ORDER BY attempt_id"


def rounds(database: DatabaseUrls, webhook_id: int, count: int = 1, **options: Any) -> None:
    with sender_of(database, webhook_id, **options) as sender:
        for _ in range(count):
            sender.round()


def test_an_event_arrives_signed_and_without_a_place(migrated_database: DatabaseUrls) -> None:
    alerts = prepare_alerts(migrated_database.owner, 2)
    with receiver() as one:
        webhook_id, secret = add_webhook(migrated_database.owner, one.url)
        event_ids = add_events(migrated_database.owner, alerts)
        rounds(migrated_database, webhook_id)
        assert one.event_ids == event_ids
        for (headers, body, _), event_id in zip(one.received, event_ids, strict=True):
            assert headers["webhook-id"] == f"alert-event-{event_id}"
            assert Webhook(secret).verify(body, headers)["event_id"] == event_id
            with pytest.raises(WebhookVerificationError):
                Webhook(new_secret()).verify(body, headers)
            assert not {"lat", "lon", "latitude", "longitude", "geometry"} & set(Webhook(secret).verify(body, headers))
    assert rows(migrated_database.owner, STATE) == [(event_id, 1, True, False) for event_id in event_ids]
    assert rows(migrated_database.owner, ERRORS) == [(200, None)] * 2


@pytest.mark.parametrize(
    ("behave", "status", "words"),
    [
        (500, 500, "the receiver answered 500"),
        (404, 404, "the receiver answered 404"),
        (302, 302, "the receiver answered 302: redirects are not followed"),
        ("hang", None, "no answer within 0.3 s"),
        ("drip", None, "no answer within 0.3 s"),
        ("close", None, "no whole answer: "),
    ],
)
def test_what_fails_is_recorded_and_sent_again_under_the_same_id(
    migrated_database: DatabaseUrls, behave: int | str, status: int | None, words: str
) -> None:
    alerts = prepare_alerts(migrated_database.owner, 1)
    with receiver(behave, headers={"Location": "http://127.0.0.1:1/elsewhere"}) as one:
        webhook_id, _ = add_webhook(migrated_database.owner, one.url)
        (event_id,) = add_events(migrated_database.owner, alerts)
        rounds(migrated_database, webhook_id, timeout_s=0.3)
        assert rows(migrated_database.owner, STATE) == [(event_id, 1, False, False)]
        ((seen_status, error),) = rows(migrated_database.owner, ERRORS)
        assert (seen_status, error.startswith(words)) == (status, True), error
        one.behave = 204
        set_clock(migrated_database.owner, "40 s")
        rounds(migrated_database, webhook_id)
        (first, _, _), (second, _, _) = one.received
        assert first["webhook-id"] == second["webhook-id"]
    assert rows(migrated_database.owner, STATE) == [(event_id, 2, True, False)]


def test_a_receiver_that_is_down_for_an_hour_loses_nothing_and_keeps_the_order(
    migrated_database: DatabaseUrls,
) -> None:
    alerts = prepare_alerts(migrated_database.owner, 3)
    webhook_id, _ = add_webhook(migrated_database.owner, f"http://127.0.0.1:{unused_port()}/")
    event_ids: list[int] = []
    for minute in range(0, 60, 5):
        set_clock(migrated_database.owner, f"{minute} minutes")
        event_ids += add_events(migrated_database.owner, alerts)
        rounds(migrated_database, webhook_id)
    with receiver() as one:
        with as_owner(migrated_database.owner) as cursor:
            cursor.execute("UPDATE webhooks SET url = %s", (one.url,))
        set_clock(migrated_database.owner, "61 minutes")
        rounds(migrated_database, webhook_id, count=4)
        assert sorted(one.event_ids) == event_ids
        for alert in alerts:
            order = [document["event_id"] for document in one.documents if document["alert_id"] == alert]
            assert order == sorted(order)
            assert len(order) == 12


def test_a_failing_receiver_is_left_alone_for_longer_and_longer(migrated_database: DatabaseUrls) -> None:
    alerts = prepare_alerts(migrated_database.owner, 20)
    with receiver(503) as one:
        webhook_id, _ = add_webhook(migrated_database.owner, one.url)
        add_events(migrated_database.owner, alerts)
        rounds(migrated_database, webhook_id, count=10)
        assert len(one.received) == 1
        set_clock(migrated_database.owner, "1 s")
        rounds(migrated_database, webhook_id, count=10)
        assert len(one.received) == 2
    ((failures, pause_s),) = rows(
        migrated_database.owner,
        "SELECT failures, extract(epoch FROM paused_until - service_clock())::float FROM webhooks",
    )
    assert failures == 2
    assert 0.2 < pause_s <= 1


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured(migrated_database: DatabaseUrls, as_date: bool) -> None:
    later = datetime.now(UTC) + timedelta(seconds=600)
    text = later.strftime("%a, %d %b %Y %H:%M:%S GMT") if as_date else "600"
    with receiver(429, headers={"Retry-After": text}) as one:
        webhook_id, _ = add_webhook(migrated_database.owner, one.url)
        add_events(migrated_database.owner, prepare_alerts(migrated_database.owner, 1))
        rounds(migrated_database, webhook_id)
        one.behave = 200
        set_clock(migrated_database.owner, "590 s")
        rounds(migrated_database, webhook_id)
        assert len(one.received) == 1
        set_clock(migrated_database.owner, "602 s")
        rounds(migrated_database, webhook_id)
        assert len(one.received) == 2


def test_gone_disables_and_what_waits_goes_on_when_it_is_enabled(migrated_database: DatabaseUrls) -> None:
    alerts = prepare_alerts(migrated_database.owner, 2)
    with receiver(410) as one:
        webhook_id, _ = add_webhook(migrated_database.owner, one.url)
        event_ids = add_events(migrated_database.owner, alerts)
        rounds(migrated_database, webhook_id, count=3)
        assert len(one.received) == 1
        assert rows(migrated_database.owner, "SELECT disabled_reason FROM webhooks") == [
            ("the receiver answered 410 Gone: it wants no more",)
        ]
        assert len(add_events(migrated_database.owner, alerts)) == 2
        assert len(rows(migrated_database.owner, STATE)) == 2, "nothing is queued for one that is disabled"
        one.behave = 200
        set_clock(migrated_database.owner, "40 s")
        with as_owner(migrated_database.owner) as cursor:
            enable_webhook(cursor, webhook_id)
        rounds(migrated_database, webhook_id)
        assert sorted(one.event_ids[1:]) == event_ids


def test_what_is_refused_for_too_long_is_dead_until_it_is_replayed(migrated_database: DatabaseUrls) -> None:
    (alert,) = prepare_alerts(migrated_database.owner, 1)
    with receiver(500) as one:
        webhook_id, _ = add_webhook(migrated_database.owner, one.url)
        first, second = (add_events(migrated_database.owner, [alert])[0] for _ in range(2))
        set_clock(migrated_database.owner, "2 days 23 hours")
        rounds(migrated_database, webhook_id)
        assert [dead for *_, dead in rows(migrated_database.owner, STATE)] == [False, False]
        set_clock(migrated_database.owner, "3 days 1 hour")
        rounds(migrated_database, webhook_id)
        assert [dead for *_, dead in rows(migrated_database.owner, STATE)] == [True, True]
        one.behave, one.received = 200, []
        set_clock(migrated_database.owner, "4 days")
        rounds(migrated_database, webhook_id)
        assert one.received == []
        with as_owner(migrated_database.owner) as cursor:
            assert replay(cursor, webhook_id, event_id=second) == 1
        rounds(migrated_database, webhook_id)
        assert one.event_ids == [second]
        with as_owner(migrated_database.owner) as cursor:
            assert replay(cursor, webhook_id) == 1
        rounds(migrated_database, webhook_id)
        assert one.event_ids == [second, first]
        with as_owner(migrated_database.owner) as cursor:
            span = (datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1))
            assert replay(cursor, webhook_id, span=span) == 2
        rounds(migrated_database, webhook_id)
        assert one.event_ids == [second, first, first, second]


def test_while_a_secret_is_rotated_both_sign(migrated_database: DatabaseUrls) -> None:
    alerts = prepare_alerts(migrated_database.owner, 1)
    with receiver() as one:
        webhook_id, old = add_webhook(migrated_database.owner, one.url)
        new = new_secret()
        with as_owner(migrated_database.owner) as cursor:
            assert rotate_secret(cursor, webhook_id, new, 3600)
        add_events(migrated_database.owner, alerts)
        rounds(migrated_database, webhook_id)
        (headers, body, _) = one.received.pop()
        Webhook(old).verify(body, headers)
        Webhook(new).verify(body, headers)
        set_clock(migrated_database.owner, "61 minutes")
        add_events(migrated_database.owner, alerts)
        rounds(migrated_database, webhook_id)
        (headers, body, _) = one.received.pop()
        Webhook(new).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(body, headers)


def test_a_webhook_is_told_what_it_wants_and_the_end_of_what_it_was_told(migrated_database: DatabaseUrls) -> None:
    (alert,) = prepare_alerts(migrated_database.owner, 1)
    wanted, _ = add_webhook(migrated_database.owner, "https://one.example/", severities=("breach",))
    by_change, _ = add_webhook(migrated_database.owner, "https://two.example/", changes=("raised",))

    def queued_for(change: str, payload: str) -> set[int]:
        with as_owner(migrated_database.owner) as cursor:
            cursor.execute(
                "INSERT INTO alert_events (event_id, alert_id, person_id, change, happened_at, payload)"
                " SELECT nextval('alert_event_sequence'), alert_id, person_id, %s, now(), %s FROM alerts"
                " WHERE alert_id = %s RETURNING event_id",
                (change, payload, alert),
            )
            (event_id,) = cursor.fetchone() or (0,)
            cursor.execute("SELECT substr(channel, 9)::int FROM outbox WHERE event_id = %s", (event_id,))
            return {webhook_id for (webhook_id,) in cursor.fetchall()}

    assert queued_for("raised", '{"severity": "breach"}') == {wanted, by_change}
    assert queued_for("raised", '{"severity": "warning"}') == {by_change}
    assert queued_for("updated", '{"severity": "breach"}') == {wanted}
    assert queued_for("updated", '{"severity": "information", "before": {"severity": "breach"}}') == {wanted}
    assert queued_for("ended", '{"severity": "warning"}') == set()
