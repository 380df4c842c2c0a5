"""The gateway behind the API: a ping is in the queue when it is acknowledged, also from a request line with no path."""

import asyncio

import httpx

from store.database import fetch_one
from store.sources import create_source
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner


def queued(api: RunningApi) -> int:
    with as_owner(api.urls.owner) as cursor:
        cursor.execute("SELECT count(*) FROM ping_queue")
        return int(fetch_one(cursor)[0])


def source_key(api: RunningApi) -> str:
    with as_owner(api.urls.owner) as cursor:
        return create_source(cursor, "phone")


def test_an_acknowledged_ping_is_queued(fresh_api: RunningApi) -> None:
    ping = {
        "device_id": "TAG-X100001",
        "fix_time": "2026-03-02T09:00:00Z",
        "lat": 51.5,
        "lon": -0.1,
        "mechanism": "GPS",
    }
    answer = httpx.post(fresh_api.url + "/v1/pings", json=[ping], headers={"X-API-Key": source_key(fresh_api)})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1), answer.text
    assert queued(fresh_api) == 1


def test_a_tracker_without_a_slash_is_answered(fresh_api: RunningApi) -> None:
    async def exchange() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(fresh_api.url.rpartition(":")[2]))
        query = f"?id=TAG-X100001&lat=51.5&lon=-0.1&timestamp=1772442000&key={source_key(fresh_api)}"
        writer.write(f"GET {query} HTTP/1.1\r\nHost: tracker\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer

    assert asyncio.run(exchange()).startswith(b"HTTP/1.1 200 ")
    assert queued(fresh_api) == 1
