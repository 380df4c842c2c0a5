"""The feed of simulated pings: each is sent until it is acknowledged, and none twice after that."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from cli.demo import feed
from cli.demo.feed import Feed
from cli.demo.ports import LOOPBACK, free_port
from model.times import SECOND_US
from ops.errors import ConfigurationError, UnavailableError
from sim.world import World

START_US = 1_795_000_000 * SECOND_US
WORLD = World(7, 5, START_US)
Answer = Callable[[list[dict[str, Any]]], tuple[int, dict[str, Any]]]


@contextmanager
def gateway(answer: Answer) -> Iterator[int]:
    """A stand-in for the HTTP gateway, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Authorization"]) == ("/v1/pings", "Bearer the key")
            status, body = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_arguments: object) -> None:
            """Tests are quiet."""

    with HTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_every_ping_is_sent_once_whatever_the_steps() -> None:
    taken: list[dict[str, Any]] = []

    def answer(pings: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        taken.extend(pings)
        return 202, {"accepted": len(pings), "rejected": []}

    with gateway(answer) as port:
        sender = Feed(WORLD, port, "the key")
        for second in (1, 1, 4, 60):  # the last step is as after a machine slept
            sender.send_due(START_US + second * SECOND_US)
    assert taken == WORLD.pings(START_US, START_US + 60 * SECOND_US)
    assert (sender.accepted, sender.refused) == (len(taken), 0)


def test_a_gateway_that_is_away_gets_the_same_pings_later() -> None:
    batches: list[list[dict[str, Any]]] = []

    def answer(pings: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        batches.append(pings)
        return (503, {}) if len(batches) == 1 else (202, {"accepted": len(pings), "rejected": []})

    with gateway(answer) as port:
        sender = Feed(WORLD, port, "the key")
        sender.send_due(START_US + 5 * SECOND_US)
        assert sender.accepted == 0
        sender.send_due(START_US + 5 * SECOND_US)
    assert batches[0] == batches[1] == WORLD.pings(START_US, START_US + 5 * SECOND_US)
    assert sender.accepted == len(batches[1])


@pytest.mark.parametrize("status", [202, 422])
def test_refused_pings_are_counted_and_not_sent_again(status: int) -> None:
    def answer(pings: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        refused = [{"index": place, "reason": "unknown_device"} for place in range(len(pings) if status == 422 else 1)]
        return status, {"rejected": refused}

    due = len(WORLD.pings(START_US, START_US + 5 * SECOND_US))
    with gateway(answer) as port:
        sender = Feed(WORLD, port, "the key")
        sender.send_due(START_US + 5 * SECOND_US)
    assert (sender.accepted, sender.refused) == ((0, due) if status == 422 else (due - 1, 1))


def test_a_key_that_is_refused_is_said_at_once() -> None:
    with (
        gateway(lambda _pings: (401, {"detail": "no such key"})) as port,
        pytest.raises(ConfigurationError, match="401"),
    ):
        Feed(WORLD, port, "the key").send_due(START_US + 5 * SECOND_US)


def test_a_gateway_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PATIENCE_SECONDS", 0.0)
    sender = Feed(WORLD, free_port(), "the key")
    sender.send_due(START_US + 5 * SECOND_US)
    with pytest.raises(UnavailableError, match="has taken no ping"):
        sender.send_due(START_US + 5 * SECOND_US)
