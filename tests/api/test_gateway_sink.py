"""The gateway while its broker is away: those who wait share one failure, and the rest of the API is served."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest

from api.gateway import SinkOnDemand
from ingest.decode import DecodeLimits
from ops.errors import UnavailableError
from store.sources import SourceAccess
from tests.support.gateway import Recorder, running_gateway

OPENING_S = 0.3
CLIENTS = 60
PING = {"device_id": "TAG-1", "fix_time": "2026-03-02T10:00:00Z", "lat": 51.5, "lon": -0.1}


def test_those_who_wait_for_a_sink_share_its_failure() -> None:
    tries: list[float] = []

    def fail() -> Recorder:
        tries.append(time.monotonic())
        time.sleep(OPENING_S)
        raise UnavailableError("no broker")

    sink = SinkOnDemand(fail)

    def append(_number: int) -> None:
        with pytest.raises(UnavailableError, match="no broker"):
            sink.append([("TAG-1", b"{}")])

    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(append, range(20)))
    assert len(tries) == 1
    assert time.monotonic() - began < 5 * OPENING_S


class StuckSink:
    """A sink of a broker that does not answer."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def append(self, _messages: Sequence[tuple[str, bytes]]) -> None:
        self.let_go.wait(30)
        raise UnavailableError("no broker")

    def close(self) -> None:
        """Nothing to let go of."""


def test_pings_that_wait_for_the_broker_leave_other_routes_their_threads() -> None:
    recorder = Recorder({"key": SourceAccess(1, "supplier", None)}, {"TAG-1": True})
    stuck = StuckSink()
    services = replace(recorder.services(DecodeLimits(1_000_000, (49.0, -9.0, 61.0, 2.5)), 1_000_000), sink=stuck)
    with running_gateway(services) as port, ThreadPoolExecutor(CLIENTS) as pool:
        url = f"http://127.0.0.1:{port}"
        waiting = [
            pool.submit(httpx.post, f"{url}/v1/pings", json=PING, headers={"X-API-Key": "key"}, timeout=60)
            for _ in range(CLIENTS)
        ]
        try:
            time.sleep(1)
            assert httpx.get(f"{url}/blocking", timeout=5).status_code == httpx.codes.OK
        finally:
            stuck.let_go.set()
        assert {answer.result().status_code for answer in waiting} == {httpx.codes.SERVICE_UNAVAILABLE}
