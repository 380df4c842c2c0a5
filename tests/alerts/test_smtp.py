"""E-mail through a real mail server: encrypted, with its certificate checked, and what its answers mean."""

from pathlib import Path
from typing import Any

import pytest

from alerts.channels.outcomes import OutgoingMessage, Verdict
from alerts.channels.smtp import SmtpChannel, SmtpServer
from tests.support.mail import PASSWORD, mail_server, make_certificate
from tests.support.receivers import receiver, unused_port


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trusted, as a service trusts its own authority."""
    made = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    return made


def message(
    address: str = "officer@probation.example", subject: str = "Cordon: breach", **more: Any
) -> OutgoingMessage:
    return OutgoingMessage(7, address, subject, more.get("body", "Öffnen: £5 €6\n.\nend\n"), "sms")


def channel(port: int, security: Any = "starttls", timeout_s: float = 1, **more: Any) -> SmtpChannel:
    return SmtpChannel(SmtpServer("localhost", port, security, "cordon@service.example", timeout_s, **more))


def test_a_mail_arrives_encrypted_whole_and_known_by_its_id(certificate: Path) -> None:
    with mail_server(certificate, login=True) as mailbox:
        sender = channel(mailbox.port, user="cordon", password=PASSWORD)
        assert [sender.send(message()).verdict for _ in range(2)] == [Verdict.ACCEPTED] * 2
    assert mailbox.was_encrypted == [True, True]
    first, second = mailbox.mails
    assert first["To"] == "officer@probation.example"
    assert first["From"] == "cordon@service.example"
    assert first["Subject"] == "Cordon: breach"
    assert first["Message-ID"] == second["Message-ID"] == "<cordon-message-7@service.example>"
    assert first.get_content_type() == "text/plain"
    assert first.get_content_charset() == "utf-8"
    assert first.get_content().replace("\r\n", "\n") == "Öffnen: £5 €6\n.\nend\n"


def test_a_wrong_password_is_a_setting_to_put_right(certificate: Path) -> None:
    with mail_server(certificate, login=True) as mailbox:
        outcome = channel(mailbox.port, user="cordon", password="wrong").send(message())  # noqa: S106
    assert (outcome.verdict, outcome.status) == (Verdict.REFUSED, 535)
    assert outcome.error == "the mail server refused the login, 535: see CORDON_SMTP_USER and its password"
    assert mailbox.mails == []


def test_a_certificate_that_nobody_trusts_gets_no_mail(tmp_path: Path) -> None:
    with mail_server(make_certificate(tmp_path)) as mailbox:
        outcome = channel(mailbox.port).send(message())
    assert outcome.verdict is Verdict.REFUSED
    assert "certificate" in (outcome.error or "")
    assert mailbox.mails == []


def test_a_certificate_of_another_name_gets_no_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_certificate(tmp_path, "another.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    with mail_server(made) as mailbox:
        outcome = channel(mailbox.port).send(message())
    assert outcome.verdict is Verdict.REFUSED
    assert mailbox.mails == []


def test_a_server_without_encryption_gets_no_mail() -> None:
    with mail_server(None) as mailbox:
        outcome = channel(mailbox.port).send(message())
        assert outcome.verdict is Verdict.REFUSED
        assert mailbox.mails == []
        assert channel(mailbox.port, "none").send(message()).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("asked", "answer", "verdict"),
    [
        ("rcpt", "550 no such mailbox", Verdict.NEVER),
        ("rcpt", "451 greylisted", Verdict.LATER),
        ("data", "452 full", Verdict.LATER),
        ("data", "554 against our rules", Verdict.REFUSED),
    ],
)
def test_what_the_answers_mean(asked: str, answer: str, verdict: Verdict) -> None:
    with mail_server(None) as mailbox:
        mailbox.answers[asked] = answer
        outcome = channel(mailbox.port, "none").send(message())
    assert (outcome.verdict, outcome.status) == (verdict, int(answer[:3]))
    assert answer[4:] not in (outcome.error or ""), "its words may quote the address"


def test_a_server_that_is_away_or_hangs_is_tried_later() -> None:
    assert channel(unused_port(), "none").send(message()).verdict is Verdict.LATER
    with receiver("hang") as one:  # speaks no SMTP: it never greets
        port = int(one.url.split(":")[2].split("/")[0])
        assert channel(port, "none").send(message()).verdict is Verdict.LATER


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nBcc: all@c.example", "a@b.example, c@d.example", "no address", "", "a@b.example\n", "<a@b"],
)
def test_no_address_adds_a_header_or_a_recipient(address: str) -> None:
    with mail_server(None) as mailbox:
        outcome = channel(mailbox.port, "none").send(message(address))
    assert outcome.verdict is Verdict.NEVER
    assert mailbox.mails == []


def test_no_subject_adds_a_header() -> None:
    with mail_server(None) as mailbox:
        outcome = channel(mailbox.port, "none").send(message(subject="breach\r\nBcc: all@c.example"))
    assert outcome.verdict is Verdict.NEVER
    assert mailbox.mails == []
