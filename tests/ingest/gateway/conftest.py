"""The gateway over a real network: a uvicorn server on h11, as a deployment runs it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.api_server import NO_TLS
from tests.support.gateway import Recorder, running_gateway
from tests.support.gateway_requests import BODY_MAX, DEVICES, LIMITS, SOURCES


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Recorder, int]]:
    recorder = Recorder(SOURCES, DEVICES)
    with running_gateway(recorder.services(LIMITS, BODY_MAX)) as port:
        yield recorder, port


@pytest.fixture
def recorder(running: tuple[Recorder, int]) -> Recorder:
    running[0].messages.clear()
    running[0].dead_letters.clear()
    running[0].events.clear()
    running[0].failing.clear()
    return running[0]


@pytest.fixture
def port(running: tuple[Recorder, int]) -> int:
    return running[1]


@pytest.fixture
def client(recorder: Recorder, port: int) -> Iterator[httpx.Client]:
    assert recorder.messages == []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=NO_TLS) as client:
        yield client
