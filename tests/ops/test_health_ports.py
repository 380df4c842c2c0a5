"""The ports of background processes tell health and figures, to nobody's harm."""

import http.client
import socket
from collections.abc import Iterator

import pytest

from ops.health import health_server


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with health_server("127.0.0.1", 0, lambda: {"broker": True}) as open_port:
        yield open_port


def ask(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_they_answer_three_questions_and_no_other(port: int) -> None:
    assert [ask(port, "GET", path) for path in ("/health/live", "/health/ready", "/metrics")] == [200, 200, 200]
    for path in ("/", "/v1/people", "/metrics/", "/health", "/../etc/passwd", "/health/ready/../../metrics"):
        assert ask(port, "GET", path) == 404, path
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert ask(port, method, "/metrics") == 405, method


def test_a_client_that_says_nothing_does_not_hold_up_the_probes(port: int) -> None:
    """Else anybody who reaches the port has the process taken for dead, and restarted."""
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.send(b"GET /health/li")
        assert ask(port, "GET", "/health/live") == 200
