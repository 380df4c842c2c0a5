"""`cordon deliver` with several receivers at once: one that hangs holds nobody else up, and nothing is lost."""

import json
import time
import urllib.error
import urllib.request
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from model.enums import Severity
from model.notices import NoticeChannel
from store.embedded import EmbeddedPostgres
from store.webhooks import disable_webhook
from tests.support.database import DatabaseUrls, prepare_database
from tests.support.delivery import add_webhook
from tests.support.mail import mail_server
from tests.support.messages import seed_notice, seed_staff
from tests.support.notify import API_KEY, notify_server
from tests.support.outbox import add_events, prepare_alerts
from tests.support.receivers import receiver
from tests.support.running_delivery import delivering
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess
from tests.support.world import rows

WAITING = "SELECT count(*) FROM outbox WHERE channel LIKE 'webhook:%' AND delivered_at IS NULL"
SENDERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cordon-deliver' AND datname = current_database()"
)


def page(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with closing(error):
            return str(error.read().decode())


def test_one_that_hangs_holds_nobody_else_up(migrated_database: DatabaseUrls) -> None:
    alerts = prepare_alerts(migrated_database.owner, 10)
    with receiver("hang") as hanging, receiver() as prompt, receiver("drip") as dripping:
        for one in (hanging, prompt, dripping):
            add_webhook(migrated_database.owner, one.url)
        with delivering(migrated_database):
            delays_s: list[float] = []
            expected: list[int] = []
            for _ in range(20):
                began_s = time.time()
                expected += add_events(migrated_database.owner, alerts[:3])
                wait_until(partial(lambda one, ids: one.event_ids == ids, prompt, expected), what="the prompt receiver")
                delays_s += [at_s - began_s for *_, at_s in prompt.received[-3:]]
            assert hanging.received
            assert dripping.received
    assert quantiles(delays_s, n=100)[98] < 2


def test_webhooks_come_and_go_while_it_runs(migrated_database: DatabaseUrls) -> None:
    alerts = prepare_alerts(migrated_database.owner, 1)
    with delivering(migrated_database) as ports, receiver() as one:
        wait_until(lambda: bool(ports))
        webhook_id, _ = add_webhook(migrated_database.owner, one.url)
        add_events(migrated_database.owner, alerts)
        assert wait_until(lambda: len(one.received) == 1, 5, "a webhook that was added") < 5
        gauge = f'cordon_outbox_waiting{{channel="webhook:{webhook_id}"}}'
        wait_until(lambda: gauge in page(ports[0], "/metrics"))
        assert json.loads(page(ports[0], "/health/ready"))["checks"] == {"database": "ok", "senders": "ok"}
        with as_owner(migrated_database.owner) as cursor:
            disable_webhook(cursor, webhook_id, "of the test")
        wait_until(lambda: gauge not in page(ports[0], "/metrics"), 5, "the end of one that is disabled")


def test_a_mail_server_that_hangs_holds_up_neither_text_messages_nor_webhooks(
    migrated_database: DatabaseUrls,
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        seed_staff(cursor, "officer.a")
    alerts = prepare_alerts(migrated_database.owner, 1)
    with receiver("hang") as silent, notify_server() as notify, receiver() as webhook:
        add_webhook(migrated_database.owner, webhook.url)
        settings = {
            "public_url": "https://cordon.example",
            "email_by": "smtp",
            "smtp_host": "localhost",
            "smtp_security": "none",
            "smtp_from": "cordon@service.example",
            "notify_url": notify.url,
            "notify_api_key": API_KEY,
            "notify_sms_template": "a-template",
            "message_timeout_s": 8,
        }
        port = int(silent.url.split(":")[2].split("/")[0])
        with delivering(migrated_database, smtp_port=port, **settings):
            with as_owner(migrated_database.owner) as cursor:
                for channel in NoticeChannel:
                    seed_notice(cursor, "officer.a", channel, Severity.BREACH)
            add_events(migrated_database.owner, alerts)
            wait_until(lambda: bool(notify.taken), 5, "the text message")
            wait_until(lambda: bool(webhook.received), 5, "the webhook")
        assert rows(migrated_database.owner, "SELECT channel, accepted_at IS NULL FROM messages ORDER BY 1") == [
            ("email", True),
            ("sms", False),
        ]
        with mail_server(None) as mailbox, delivering(migrated_database, smtp_port=mailbox.port, **settings):
            wait_until(lambda: len(mailbox.mails) == 1, 30, "the e-mail, once the server is there again")


def test_two_stand_by_for_each_other_and_a_killed_one_is_followed(
    migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    alerts = prepare_alerts(migrated_database.owner, 5)
    environment = {
        "CORDON_DATABASE_WORKER_URL": migrated_database.worker,
        "CORDON_WEBHOOK_ALLOW_HTTP": "true",
        "CORDON_WEBHOOK_TIMEOUT_S": "5",
    }
    with receiver() as one:
        add_webhook(migrated_database.owner, one.url)
        both = [WorkerProcess(environment, tmp_path / f"{place}.log", "deliver") for place in range(2)]
        try:
            both[0].start()
            wait_until(lambda: rows(migrated_database.owner, SENDERS) == [(1,)], 30, "the first one")
            both[1].start()
            wait_until(lambda: rows(migrated_database.owner, SENDERS) == [(2,)], 30, "the second one")
            expected = [event_id for _ in range(10) for event_id in add_events(migrated_database.owner, alerts)]
            wait_until(lambda: len(one.received) == len(expected), 30, "all of it")
            assert one.event_ids == expected, "once each: one of the two sends"
            one.behave = "hang"
            more = add_events(migrated_database.owner, alerts)
            wait_until(lambda: len(one.received) == len(expected) + 1, 30, "one on its way")
            both[0].kill()
            one.behave = 200
            wait_until(lambda: set(one.event_ids) == {*expected, *more}, 30, "the other one's takeover")
            assert both[1].stop() == 0
        finally:
            for process in both:
                process.kill()


def test_a_restarted_database_is_waited_for() -> None:
    # a short path, in which its socket stands too: elsewhere a restarted one has another address
    with (
        TemporaryDirectory(prefix="cordon-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres", durable=False) as server,
        receiver() as one,
    ):
        database = prepare_database(server.url())
        alerts = prepare_alerts(database.owner, 3)
        add_webhook(database.owner, one.url)
        with delivering(database):
            first = add_events(database.owner, alerts)
            wait_until(lambda: rows(database.owner, WAITING) == [(0,)])
            assert one.event_ids == first
            server.stop()
            time.sleep(1)
            server.start()
            second = add_events(database.owner, alerts)
            wait_until(lambda: one.event_ids == first + second, 40, "delivery after the restart")
