"""A background process's own small HTTP server: /health/live, /health/ready, /metrics, in the API's words."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import make_wsgi_app

from ops.errors import ConfigurationError
from ops.metrics import REGISTRY

Readiness = Callable[[], dict[str, bool]]
"""What must be true for work to be done, by name."""


SILENT_S = 5.0


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    """A client that says nothing must not hold up the probes, which would have the process restarted."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    timeout = SILENT_S  # of the socket, for each read and write

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's own name
        """Probes come every few seconds: their lines would drown the log."""


@contextmanager
def health_server(
    host: str, port: int, readiness: Readiness, port_setting: str = "CORDON_WORKER_HEALTH_PORT"
) -> Iterator[int]:
    """Serve until the block ends; gives the port, which is a free one where ``port`` is 0."""
    try:
        server = make_server(host, port, _application(readiness), _ThreadingServer, _QuietHandler)
    except OSError as error:
        raise ConfigurationError(
            f"the health server cannot listen on {host}:{port} ({error.strerror}): set {port_setting}"
        ) from None
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _application(readiness: Readiness) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    metrics = make_wsgi_app(REGISTRY)

    def answer(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environment["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _json(start_response, "405 Method Not Allowed", {"status": "only GET"})
        path = environment["PATH_INFO"]
        if path == "/metrics":
            page: Iterable[bytes] = metrics(environment, start_response)
            return page
        if path == "/health/live":
            return _json(start_response, "200 OK", {"status": "live"})
        if path == "/health/ready":
            checks = {name: "ok" if good else "failing" for name, good in readiness().items()}
            if set(checks.values()) <= {"ok"}:
                return _json(start_response, "200 OK", {"status": "ready", "checks": checks})
            return _json(start_response, "503 Service Unavailable", {"status": "not_ready", "checks": checks})
        return _json(start_response, "404 Not Found", {"status": "no such page"})

    return answer


def _json(start_response: StartResponse, status: str, document: dict[str, object]) -> list[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(document).encode()]
