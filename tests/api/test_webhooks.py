"""Webhooks by the API: registered by an administrator, secrets shown once, and never a way into our own network."""

from collections.abc import Iterator
from uuid import UUID

import psycopg2
import pytest

from access.roles import Role
from alerts.channels.addresses import Reach
from store.database import Identity, Pool
from store.webhooks import register_webhook
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.delivery import add_webhook, sender_of
from tests.support.outbox import add_events, prepare_alerts
from tests.support.receivers import receiver
from tests.support.seed import MORNING, as_owner, end_alert
from tests.support.world import rows

ADMINISTRATOR = Role.ADMINISTRATOR


@pytest.fixture
def trial_api(migrated_database: DatabaseUrls) -> Iterator[RunningApi]:
    with running_api(migrated_database, webhook_allow_http=True) as running:
        yield running


def test_the_life_of_a_webhook(trial_api: RunningApi) -> None:
    with receiver() as one, trial_api.client(ADMINISTRATOR) as client:
        made = client.post("/v1/webhooks", json={"url": one.url, "description": "a test", "changes": ["ended"]})
        assert made.status_code == 201
        webhook_id, secret = made.json()["webhook"]["webhook_id"], made.json()["secret"]
        assert secret.startswith("whsec_")
        listed = client.get("/v1/webhooks")
        assert [webhook["webhook_id"] for webhook in listed.json()["webhooks"]] == [webhook_id]
        assert "whsec_" not in listed.text
        with as_owner(trial_api.urls.owner) as cursor:
            end_alert(cursor, UUID(trial_api.own_alert), MORNING)
        with sender_of(trial_api.urls, webhook_id) as sender:
            sender.round()
        (delivered,) = client.get("/v1/deliveries").json()["deliveries"]
        assert (delivered["state"], delivered["attempts"], delivered["change"]) == ("delivered", 1, "ended")
        (attempt,) = client.get(f"/v1/webhooks/{webhook_id}/attempts").json()["attempts"]
        assert (attempt["status"], attempt["error"]) == (200, None)
        assert client.get("/v1/deliveries", params={"state": "dead"}).json() == {"deliveries": [], "next": None}
        rotated = client.post(f"/v1/webhooks/{webhook_id}/rotate", json={"overlap_h": 1})
        assert rotated.json()["secret"] not in {secret, None}
        assert client.post(f"/v1/webhooks/{webhook_id}/disable").json()["disabled_reason"] == "by the.administrator"
        assert client.post(f"/v1/webhooks/{webhook_id}/enable").json()["disabled_at"] is None
        span = {"from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"}
        assert client.post(f"/v1/webhooks/{webhook_id}/replay", json=span).json() == {"queued": 1}
        assert client.post(f"/v1/webhooks/{webhook_id}/replay", json={"from": span["to"]}).status_code == 422
        assert client.post("/v1/webhooks/99/enable").status_code == 404
    assert [outcome for outcome, *_ in trial_api.audit("webhook.register")] == ["allowed"]
    assert [outcome for outcome, *_ in trial_api.audit("webhook.enable")] == ["allowed", "refused"]


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.1.2.3/",
        "https://192.168.0.9/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://[fec0::1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://user:secret@93.184.216.34/",
        "https://93.184.216.34:0/",
        "https://93.184.216.34:99999/",
        "ftp://93.184.216.34/",
        "https:///path",
        "https://93.184.216.34/ x",
        "https://93.184.216.34/\r\nHost: inside",
        "https://93.184.216.34/" + "x" * 2000,
    ],
)
def test_a_url_that_leads_inside_or_nowhere_is_refused(api: RunningApi, url: str) -> None:
    with api.client(ADMINISTRATOR) as client:
        answer = client.post("/v1/webhooks", json={"url": url, "description": "a test"})
        assert answer.status_code == 422
        assert answer.json()["errors"]
        assert client.get("/v1/webhooks").json() == {"webhooks": []}


def test_plain_http_is_for_loopback_only(trial_api: RunningApi) -> None:
    with trial_api.client(ADMINISTRATOR) as client:
        answer = client.post("/v1/webhooks", json={"url": "http://93.184.216.34/", "description": "a test"})
    assert (answer.status_code, "loopback" in answer.json()["detail"]) == (422, True)


def test_an_address_is_checked_at_sending_too(migrated_database: DatabaseUrls) -> None:
    """Whoever answers for a name can change what it stands for after it was registered."""
    with receiver() as one:
        webhook_id, _ = add_webhook(migrated_database.owner, one.url.replace("http://127.0.0.1", "https://localhost"))
        add_events(migrated_database.owner, prepare_alerts(migrated_database.owner, 1))
        with sender_of(migrated_database, webhook_id) as sender:
            sender._poster._reach = Reach()
            sender.round()
        assert one.received == []
    ((error,),) = rows(migrated_database.owner, "SELECT error FROM delivery_attempts")
    assert error.startswith("the host has an address that is not public")


def test_the_database_shows_secrets_to_nobody_but_the_worker(migrated_database: DatabaseUrls) -> None:
    who = Identity("somebody", Role.ADMINISTRATOR, "a test", "")
    pool = Pool(migrated_database.api, "test", 1)
    with pool.transaction(who) as cursor:
        register_webhook(cursor, "https://one.example/", "a test", [], [], "somebody", "whsec_eA==")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), pool.transaction(who) as cursor:
        cursor.execute("SELECT * FROM webhook_secrets")
    for role in (Role.MONITORING_OFFICER, Role.DUTY_OFFICER, ""):
        other = Identity("somebody", role, "a test", "")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), pool.transaction(other) as cursor:
            register_webhook(cursor, "https://two.example/", "a test", [], [], "somebody", "whsec_eA==")
        with pool.transaction(other) as cursor:
            cursor.execute("UPDATE webhooks SET failures = 9")
            assert cursor.rowcount == 0
    pool.close()
    assert rows(migrated_database.worker, "SELECT secret FROM cordon.webhook_secrets") == [("whsec_eA==",)]
