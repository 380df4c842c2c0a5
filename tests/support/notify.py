"""A small HTTP server that speaks GOV.UK Notify's API, as far as Cordon uses it."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SERVICE = "8b3aa916-ec82-434e-b0c5-d5d9b371d6a3"
SECRET = "4f1b2a0e-1f26-4f3f-9b6b-6f2f1f4b6c11"  # noqa: S105  of a server that lives as long as its test
API_KEY = f"test-{SERVICE}-{SECRET}"
ERRORS = {
    400: {"error": "BadRequestError", "message": "Can't send to officer@probation.example using a team-only API key"},
    403: {"error": "AuthError", "message": "Invalid token: API key not found"},
    429: {"error": "RateLimitError", "message": "Exceeded rate limit for key type LIVE"},
    500: {"error": "Exception", "message": "Internal server error"},
}


@dataclass(slots=True)
class Notify:
    """``refusal`` is a status that it answers with instead; ``status`` what it says of what it took."""

    url: str
    refusal: int = 0
    hangs: bool = False
    status: str = "sending"
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)  # by their ids
    freed: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: Notify

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gives up on a server that hangs is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        state = self.server.state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if state.hangs:
            state.freed.wait(60)
            return
        if state.refusal:
            errors = {"status_code": state.refusal, "errors": [ERRORS[state.refusal]]}
            self._answer(state.refusal, errors)
            return
        assert self.path in {"/v2/notifications/email", "/v2/notifications/sms"}
        assert self.headers["Authorization"].startswith("Bearer ")
        notification_id = str(uuid.uuid4())
        state.taken[notification_id] = {"path": self.path, **body}
        self._answer(201, {"id": notification_id, "reference": body.get("reference"), "content": {}})

    def do_GET(self) -> None:
        state = self.server.state
        notification_id = self.path.rpartition("/")[2]
        if notification_id in state.taken:
            self._answer(200, {"id": notification_id, "status": state.status})
        else:
            self._answer(
                404, {"status_code": 404, "errors": [{"error": "NoResultFound", "message": "No result found"}]}
            )

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's own name
        pass


@contextmanager
def notify_server() -> Iterator[Notify]:
    server = _Server(("127.0.0.1", 0), _Handler)
    state = server.state = Notify(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.freed.set()
        server.shutdown()
        server.server_close()
        thread.join()
