"""Whoever is told: real HTTP servers on loopback. What stands here is what arrived, not what was meant to be sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"
EVENT_ID_HEADER = "webhook-id"
SMS_PATH = "/v2/notifications/sms"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message of staff: ``channel`` is sms or email, ``address`` theirs, ``subject`` of an e-mail alone."""

    reference: str
    channel: str
    address: str
    subject: str | None
    body: str


@dataclass(slots=True)
class NotifyReceiver:
    """Speaks as GOV.UK Notify does. Telephones in ``switched_off`` get nothing: their messages stay underway."""

    switched_off: set[str] = field(default_factory=set)
    arrived: list[Arrived] = field(default_factory=list)
    _taken: int = 0
    _addresses: dict[str, str] = field(default_factory=dict)  # by Notify's own id

    def take(self) -> list[Arrived]:
        """What arrived since the last time."""
        found = self.arrived[self._taken :]
        self._taken += len(found)
        return found

    def answer(self, method: str, path: str, body: Any) -> tuple[HTTPStatus, Any]:
        if method == "GET":
            notification_id = path.rpartition("/")[2]
            is_off = self._addresses.get(notification_id) in self.switched_off
            return HTTPStatus.OK, {"id": notification_id, "status": "sending" if is_off else "delivered"}
        reference, words = body["reference"], body["personalisation"]
        is_sms = path == SMS_PATH
        address = body["phone_number" if is_sms else "email_address"]
        notification_id = f"notification-{reference}"
        if notification_id not in self._addresses:  # the same message may be sent twice, and arrives once
            channel = "sms" if is_sms else "email"
            self.arrived.append(Arrived(reference, channel, address, words.get("subject"), words["body"]))
        self._addresses[notification_id] = address
        return HTTPStatus.CREATED, {"id": notification_id, "reference": reference}


class Mood(Enum):
    TAKES = auto()
    DOWN = auto()  # answers 503
    HANGS = auto()  # takes the request and does not answer


@dataclass(slots=True)
class WebhookReceiver:
    """Takes alert events; each is counted once, however often it comes."""

    mood: Mood = Mood.TAKES
    taken: dict[str, Any] = field(default_factory=dict)  # by the event's id, in the order of their arrival
    refused: int = 0
    _wakes: threading.Event = field(default_factory=threading.Event)

    def come_back(self) -> None:
        """Take everything from now on; who waits for an answer gets one."""
        self.mood = Mood.TAKES
        self._wakes.set()

    def hear(self, event_id: str, body: Any) -> HTTPStatus:
        if self.mood is Mood.HANGS:
            self._wakes.wait()
            return HTTPStatus.SERVICE_UNAVAILABLE
        if self.mood is Mood.DOWN:
            self.refused += 1
            return HTTPStatus.SERVICE_UNAVAILABLE
        self.taken.setdefault(event_id, body)
        return HTTPStatus.NO_CONTENT


@contextmanager
def listening(receiver: NotifyReceiver | WebhookReceiver) -> Iterator[str]:
    """Its address, while it listens."""
    server = _Server((LOOPBACK, 0), _handler(receiver))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="receiver")
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}"
    finally:
        if isinstance(receiver, WebhookReceiver):
            receiver.come_back()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: who waited too long for an answer has gone, which is the sender's to note."""


def _handler(receiver: NotifyReceiver | WebhookReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, *_: Any) -> None:
            """Nothing: what it says is not the service's."""

        def _answer(self, body: Any) -> None:
            content = b""
            if isinstance(receiver, NotifyReceiver):
                status, document = receiver.answer(self.command, self.path, body)
                content = json.dumps(document).encode()
            else:
                status = receiver.hear(self.headers[EVENT_ID_HEADER], body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
