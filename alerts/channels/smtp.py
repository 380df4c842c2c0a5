"""E-mail by a mail server: encrypted with its certificate checked, except on loopback."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from alerts.channels.outcomes import OutgoingMessage, Progress, SendOutcome, Verdict

PERMANENT = 500
DIALOGUE_ANSWERS = 10
"""Answers of the server in one dialogue, for the limit of its whole time."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """``host`` is the name that its certificate has to state."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    timeout_s: float
    user: str = ""
    password: str = field(default="", repr=False)


class SmtpChannel:
    """A dialogue a message: a kept one that the server has left is found out only with a message in hand."""

    tells_progress = False

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def send(self, message: OutgoingMessage) -> SendOutcome:
        try:
            mail = compose(message, self._server.sender)
        except (ValueError, IndexError, HeaderParseError):
            return SendOutcome(Verdict.NEVER, error="the recipient's address is no e-mail address")
        try:
            with self._dialogue() as dialogue:
                dialogue.send_message(mail, self._server.sender, [message.address])
        except (OSError, ValueError) as error:  # smtplib's own are OSErrors
            return _outcome_of(error)
        return SendOutcome(Verdict.ACCEPTED, reference=message.reference)

    def progress(self, reference: str) -> tuple[Progress, str | None]:
        """A mail server says nothing more."""
        del reference
        return Progress.UNKNOWN, None

    @contextmanager
    def _dialogue(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        context = ssl.create_default_context()
        if server.security == "tls":
            dialogue: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout_s, context=context
            )
        else:
            dialogue = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
        watchdog = threading.Timer(server.timeout_s * DIALOGUE_ANSWERS, _break_off, [dialogue])
        watchdog.daemon = True
        watchdog.start()
        try:
            if server.security == "starttls":
                dialogue.starttls(context=context)  # raises where the server has none: nothing goes out in the clear
            if server.user:
                dialogue.login(server.user, server.password)
            yield dialogue
            with suppress(OSError, smtplib.SMTPException):
                dialogue.quit()  # it was taken already: what goes wrong now changes nothing
        finally:
            watchdog.cancel()
            dialogue.close()


def compose(message: OutgoingMessage, sender: str) -> EmailMessage:
    """Plain text in UTF-8, with an id of its own for good.

    Raises ValueError, IndexError or HeaderParseError on an address that is none, whichever the library comes to.
    Its headers refuse line breaks, so that no value can add a header.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(addr_spec=sender)
    mail["To"] = Address(addr_spec=message.address)
    mail["Subject"] = message.subject
    mail["Message-ID"] = f"<{message.reference}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    mail.set_content(message.body, charset="utf-8")
    return mail


def _break_off(dialogue: smtplib.SMTP) -> None:
    """From another thread: wakes up whoever waits for a server that answers a byte at a time."""
    connection = dialogue.sock
    if connection is not None:
        with suppress(OSError, ValueError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _outcome_of(error: Exception) -> SendOutcome:
    """By the server's codes (RFC 5321): 4xx passes, 5xx does not. Its words may quote the address and are not kept."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            status = max(code for code, _ in error.recipients.values())
            verdict = Verdict.NEVER if status >= PERMANENT else Verdict.LATER
            return SendOutcome(verdict, status=status, error=f"the mail server refused the recipient: {status}")
        case smtplib.SMTPResponseException():
            verdict = Verdict.REFUSED if error.smtp_code >= PERMANENT else Verdict.LATER
            words = f"the mail server answered {error.smtp_code} ({type(error).__name__})"
            if isinstance(error, smtplib.SMTPAuthenticationError):
                words = f"the mail server refused the login, {error.smtp_code}: see CORDON_SMTP_USER and its password"
            return SendOutcome(verdict, status=error.smtp_code, error=words)
        case smtplib.SMTPNotSupportedError():
            return SendOutcome(Verdict.REFUSED, error="the mail server offers no encryption or no login as it is set")
        case ssl.SSLCertVerificationError():
            words = f"the mail server's certificate does not hold: {error.verify_message}"
            return SendOutcome(Verdict.REFUSED, error=words)
        case _:
            return SendOutcome(Verdict.LATER, error=f"the mail server did not take it: {type(error).__name__}")
