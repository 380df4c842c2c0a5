"""Receivers of webhooks: real HTTP servers that take, refuse, hang or break off, as a test tells them."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


@dataclass(slots=True)
class Receiver:
    """``behave`` is a status, or ``hang``, ``close`` (in mid-answer) or ``drip`` (a byte at a time)."""

    url: str
    behave: int | str = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0
    received: list[tuple[dict[str, str], bytes, float]] = field(default_factory=list)  # taken or not, and when
    freed: threading.Event = field(default_factory=threading.Event)  # lets go of those that hang

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(body) for _, body, _ in self.received]

    @property
    def event_ids(self) -> list[int]:
        return [document["event_id"] for document in self.documents]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: Receiver

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gives up on a receiver that hangs is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: _Server

    def do_POST(self) -> None:
        state = self.server.state
        behave = state.behave
        body = self.rfile.read(int(self.headers["Content-Length"]))
        state.received.append(({name.lower(): value for name, value in self.headers.items()}, body, time.time()))
        time.sleep(state.delay_s)
        with suppress(OSError):
            self._answer(behave, state)

    def _answer(self, behave: int | str, state: Receiver) -> None:
        if isinstance(behave, int):
            self.send_response(behave)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0" if behave == HTTPStatus.NO_CONTENT else "2")
            self.end_headers()
            self.wfile.write(b"" if behave == HTTPStatus.NO_CONTENT else b"ok")
            return
        self.close_connection = True
        if behave == "hang":
            state.freed.wait(60)
        elif behave == "close":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        while behave == "drip" and not state.freed.wait(0.05):
            self.wfile.write(b"H")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's own name
        pass


@contextmanager
def receiver(behave: int | str = 200, **options: Any) -> Iterator[Receiver]:
    server = _Server(("127.0.0.1", 0), _Handler)
    state = server.state = Receiver(url=f"http://127.0.0.1:{server.server_port}/alerts", behave=behave, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.freed.set()
        server.shutdown()
        server.server_close()
        thread.join()


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
