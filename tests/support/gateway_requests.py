"""What the gateway's tests know of its sources and devices, and the requests they make."""

import base64
import json
import socket
from collections.abc import Mapping
from typing import Any

import httpx

from ingest.decode import DecodeLimits, decode
from ingest.source import PartitionBatch
from store.sources import SourceAccess
from tests.support.gateway import Recorder

LIMITS = DecodeLimits(message_max_bytes=20_000, region=(49.0, -9.0, 61.0, 2.5), pings_max=100)
BODY_MAX = 50_000
FLEET, BOUND = "fleet-key", "bound-key"
SOURCES = {FLEET: SourceAccess(1, "fleet", None), BOUND: SourceAccess(2, "one phone", "TAG1")}
DEVICES = {"TAG1": True, "TAG2": True, "SPARE": False}
PING: dict[str, Any] = {"device_id": "TAG1", "fix_time": "2026-01-05T10:11:12Z", "lat": 51.5, "lon": -0.12}
LOCATION: dict[str, Any] = {"_type": "location", "lat": 51.5, "lon": -0.12, "tst": 1_767_607_872, "vel": 36}
QUERY = "id=TAG1&lat=51.5&lon=-0.12&timestamp=1767607872"
JSON_HEADERS = {"Authorization": f"Bearer {FLEET}", "Content-Type": "application/json"}


def post_pings(client: httpx.Client, body: Any, headers: Mapping[str, str] = JSON_HEADERS) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/v1/pings", content=content, headers=headers)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def only_ping(recorder: Recorder) -> dict[str, Any]:
    """The one message, which the worker's own decoder takes."""
    ((serial, value),) = recorder.messages
    decoded = decode(PartitionBatch(0, [0], [0], [serial.encode()], [value], 1, 0), LIMITS)
    assert decoded.rejections == []
    ping: dict[str, Any] = json.loads(value)
    return ping


def raw_request(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        return connection.recv(65536)
