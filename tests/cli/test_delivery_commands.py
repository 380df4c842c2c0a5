"""`cordon webhooks` and `cordon messages`: what they say, keep and refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.command import Cordon
from tests.support.database import DatabaseUrls
from tests.support.delivery import add_webhook
from tests.support.messages import seed_notice, seed_staff
from tests.support.outbox import add_events, prepare_alerts
from tests.support.seed import as_owner

Ask = Callable[[str], Any]


def test_the_life_of_a_webhook(database: Ask, cordon: Cordon) -> None:
    code, secret, said = cordon(
        "webhooks", "add", "https://93.184.216.34/", "--description", "a test", "--severity", "breach"
    )
    assert (code, secret[:6], "webhook 1" in said) == (0, "whsec_", True)
    assert database("SELECT secret FROM webhook_secrets") == secret.strip()
    assert database("SELECT severities FROM webhooks") == ["breach"]
    listed = cordon("webhooks", "list")[1]
    assert "https://93.184.216.34/" in listed
    assert "whsec_" not in listed
    assert cordon("webhooks", "rotate", "1")[1] not in {secret, ""}
    assert database("SELECT count(*) FROM webhook_secrets") == 2
    assert cordon("webhooks", "disable", "1")[1] == "webhook 1 is disabled\n"
    assert "disabled: by " in cordon("webhooks", "list")[1]
    assert cordon("webhooks", "enable", "1")[1] == "webhook 1 is enabled\n"
    assert database("SELECT count(*) FROM audit_log WHERE action LIKE 'webhook.%'") == 4


@pytest.mark.parametrize("words", [("rotate", "9"), ("enable", "9"), ("disable", "9"), ("replay", "9")])
def test_a_webhook_that_is_not_there(database: Ask, cordon: Cordon, words: tuple[str, ...]) -> None:
    code, _, error = cordon("webhooks", *words)
    assert (code, error) == (1, "cordon: there is no webhook 9: `cordon webhooks list` shows them\n")
    assert database("SELECT count(*) FROM audit_log") == 0


@pytest.mark.parametrize("url", ["http://receiver.example/", "https://10.0.0.1/", "receiver.example"])
def test_a_url_that_leads_inside_is_refused(database: Ask, cordon: Cordon, url: str) -> None:
    code, printed, error = cordon("webhooks", "add", url, "--description", "a test")
    assert (code, printed, error.startswith("cordon: ")) == (1, "", True)
    assert database("SELECT count(*) FROM webhooks") == 0


def test_what_is_dead_is_seen_and_replayed(database: Ask, cordon: Cordon, migrated_database: DatabaseUrls) -> None:
    add_webhook(migrated_database.owner, "https://one.example/")
    first, second = add_events(migrated_database.owner, prepare_alerts(migrated_database.owner, 2))
    database("UPDATE outbox SET dead_at = now(), last_error = 'the receiver answered 500' RETURNING 1")
    lines = cordon("webhooks", "dead", "--webhook", "1")[1].splitlines()
    assert [line.split()[0] for line in lines[1:]] == [str(second), str(first)]
    assert lines[1].endswith("the receiver answered 500")
    assert cordon("webhooks", "replay", "1", "--event", str(first))[1] == "queued anew: 1\n"
    assert cordon("webhooks", "replay", "1")[1] == "queued anew: 1\n"
    assert cordon("webhooks", "dead", "--webhook", "1")[1].count("\n") == 1
    span = ("--from", "2020-01-01T00:00:00Z", "--to", "2040-01-01T00:00:00Z")
    assert cordon("webhooks", "replay", "1", *span)[1] == "queued anew: 2\n"
    assert cordon("webhooks", "replay", "1", *span[:2])[0] == 1
    assert cordon("webhooks", "replay", "1", "--event", "1", *span)[0] == 1


def test_dead_messages_are_seen_without_words_and_sent_again(
    database: Ask, cordon: Cordon, migrated_database: DatabaseUrls
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        seed_staff(cursor, "officer.a")
        seed_notice(cursor, "officer.a")
        cursor.execute(
            "INSERT INTO messages (recipient, channel, dead_at, last_error)"
            " VALUES ('officer.a', 'email', now(), 'the mail server refused the recipient: 550')"
        )
    listed = cordon("messages", "list", "--dead")[1]
    assert "officer.a" in listed
    assert "550" in listed
    counted = [line.split() for line in cordon("messages", "counts")[1].splitlines()[1:]]
    assert counted == [["email", "dead", "1"], ["email", "waiting", "1"]]
    code, _, error = cordon("messages", "send-again", "1", "2")
    assert (code, "nothing was done: 2" in error) == (1, True)
    assert cordon("messages", "send-again")[0] == 1
    assert cordon("messages", "send-again", "1")[1] == "tried anew: 1\n"
    assert database("SELECT dead_at IS NULL FROM messages")
