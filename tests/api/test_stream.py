"""The alert stream: nothing lost, nothing twice, nothing that is not the client's, and an end that says why."""

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
from sse_starlette import ServerSentEvent
from starlette.types import Message

from access.roles import Role
from api import stream
from api.routes import stream as stream_route
from ops.errors import UnavailableError
from ops.metrics import REGISTRY
from store.alert_events import AlertEvent
from store.database import fetch_one
from tests.support.alert_stream import Event, read_events
from tests.support.api_server import RunningApi
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, Wearer, as_owner, end_alert, seed_alert, seed_token, seed_zone

PATH = "/v1/alerts/stream"


@contextmanager
def opened(api: RunningApi, token: str, last_event_id: int | None = None) -> Iterator[Iterator[Event]]:
    headers = {"Authorization": f"Bearer {token}"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = str(last_event_id)
    with httpx.stream("GET", api.url + PATH, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = read_events(answer)
        assert next(events).comment == "connected"
        yield events


def wait_until_listening() -> None:
    while REGISTRY.get_sample_value("cordon_stream_clients") != 1:
        time.sleep(0.02)


def alerts_of(events: Iterator[Event], count: int) -> list[Event]:
    found: list[Event] = []
    for event in events:
        assert event.name != "end", event
        if event.name == "alert":
            found.append(event)
        if len(found) == count:
            break
    return found


def raise_alerts(urls: DatabaseUrls, wearer: Wearer, zone_id: int, count: int, first: int = 0) -> list[str]:
    raised = []
    for number in range(first, first + count):
        with as_owner(urls.owner) as cursor:
            raised.append(str(seed_alert(cursor, wearer, zone_id, MORNING + timedelta(minutes=number))))
    return raised


def zone_of(api: RunningApi, reference: str) -> int:
    with as_owner(api.urls.owner) as cursor:
        return seed_zone(cursor, reference)


def test_a_change_reaches_the_client_without_its_place(fresh_api: RunningApi) -> None:
    zone = zone_of(fresh_api, "LIVE")
    with opened(fresh_api, fresh_api.tokens[Role.PRACTITIONER]) as events:
        [alert_id] = raise_alerts(fresh_api.urls, fresh_api.own, zone, 1)
        with as_owner(fresh_api.urls.owner) as cursor:
            end_alert(cursor, uuid.UUID(alert_id), MORNING + timedelta(minutes=9))
        raised, ended = alerts_of(events, 2)
    assert (raised.data.pop("severity"), raised.data.pop("urgency")) == ("breach", "immediate")
    assert raised.data == {
        "event_id": int(raised.id or 0),
        "change": "raised",
        "happened_at": "2026-03-02T09:00:00Z",
        "alert_id": alert_id,
        "kind": "exclusion_zone_breach",
        "state": "open",
        "person_id": fresh_api.own.person_id,
        "crn": "X100001",
        "zone_name": "Zone LIVE",
        "began_at": "2026-03-02T09:00:00Z",
        "last_evidence_at": "2026-03-02T09:00:00Z",
        "ended_at": None,
    }
    assert (ended.data["state"], ended.data["ended_at"]) == ("ended", "2026-03-02T09:09:00Z")
    connected, *given = fresh_api.audit("alerts.stream")
    assert connected == ("allowed", "the.practitioner", None, None, "not stated")
    assert sum(rows or 0 for _, _, _, rows, _ in given) >= 2, "each event is on record before it is given"
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT sum(row_count) >= 2 FROM looks_at(%s)", (fresh_api.own.person_id,))
        assert cursor.fetchone() == (True,)


def test_a_client_sees_only_its_caseload_live_and_in_history(fresh_api: RunningApi) -> None:
    zone = zone_of(fresh_api, "CASELOAD")
    with (
        opened(fresh_api, fresh_api.tokens[Role.PRACTITIONER], 0) as own,
        opened(fresh_api, fresh_api.tokens[Role.MANAGER], 0) as every,
    ):
        raise_alerts(fresh_api.urls, fresh_api.other, zone, 2)
        raise_alerts(fresh_api.urls, fresh_api.own, zone, 1)
        seen_by_own = alerts_of(own, 2)  # one seeded before, one live
        seen_by_all = alerts_of(every, 6)
    assert {event.data["person_id"] for event in seen_by_own} == {fresh_api.own.person_id}
    assert [event.data["event_id"] for event in seen_by_all] == [1, 2, 3, 4, 5, 6]


def test_a_changed_caseload_counts_at_once(fresh_api: RunningApi) -> None:
    zone = zone_of(fresh_api, "MOVED")
    with opened(fresh_api, fresh_api.tokens[Role.PRACTITIONER]) as events:
        with as_owner(fresh_api.urls.owner) as cursor:
            cursor.execute("UPDATE people SET practitioner = 'the.practitioner' WHERE crn = 'X100002'")
            cursor.execute("UPDATE people SET practitioner = NULL WHERE crn = 'X100001'")
        raise_alerts(fresh_api.urls, fresh_api.own, zone, 1)
        raise_alerts(fresh_api.urls, fresh_api.other, zone, 1)
        [event] = alerts_of(events, 1)
    assert event.data["person_id"] == fresh_api.other.person_id


def test_resuming_at_random_moments_loses_and_doubles_nothing(
    fresh_api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_route, "HISTORY_PAGE", 7)  # so that the history has many pages
    zone = zone_of(fresh_api, "RESUME")
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT max(event_id) FROM alert_events")
        last: int = fetch_one(cursor)[0]
    total = 300
    writers = [
        threading.Thread(target=raise_alerts, args=(fresh_api.urls, wearer, zone, total // 2))
        for wearer in (fresh_api.own, fresh_api.other)
    ]
    for writer in writers:
        writer.start()
    found: list[int] = []
    while len(found) < total:
        with opened(fresh_api, fresh_api.tokens[Role.MANAGER], last) as events:
            for event in alerts_of(events, min(41, total - len(found))):
                last = int(event.id or 0)
                found.append(event.data["event_id"])
    for writer in writers:
        writer.join()
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT event_id FROM alert_events ORDER BY event_id OFFSET 3")
        assert found == [row[0] for row in cursor.fetchall()]


def test_forty_streams_starve_nobody(fresh_api: RunningApi) -> None:
    zone = zone_of(fresh_api, "CROWD")
    ready = threading.Barrier(41)

    def listen(number: int) -> list[int]:
        role = Role.MANAGER if number % 2 else Role.DUTY_OFFICER
        with opened(fresh_api, fresh_api.tokens[role]) as events:
            ready.wait(30)
            return [event.data["event_id"] for event in alerts_of(events, 20)]

    with ThreadPoolExecutor(40) as clients:
        listening = [clients.submit(listen, number) for number in range(40)]
        ready.wait(30)
        began = time.perf_counter()
        for _ in range(20):
            assert fresh_api.get(Role.MANAGER, "/v1/alerts").status_code == 200
        each_s = (time.perf_counter() - began) / 20
        raise_alerts(fresh_api.urls, fresh_api.own, zone, 20)
        seen = [future.result(30) for future in listening]
    assert all(events == seen[0] for events in seen)
    assert each_s < 0.5


def test_a_client_that_does_not_keep_up_is_told_and_resumes(
    fresh_api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "WAITING_PER_CLIENT", 5)
    zone = zone_of(fresh_api, "SLOW")
    with opened(fresh_api, fresh_api.tokens[Role.MANAGER]) as events:
        wait_until_listening()  # before that, the log is read, at the client's own pace
        with as_owner(fresh_api.urls.owner) as cursor:  # all visible at once: more than may wait
            for minute in range(40):
                seed_alert(cursor, fresh_api.own, zone, MORNING + timedelta(minutes=minute))
        received = list(events)
    assert (received[-1].name, received[-1].data) == ("end", {"reason": "too_slow"})
    first_part = [event.data["event_id"] for event in received if event.name == "alert"]
    with opened(fresh_api, fresh_api.tokens[Role.MANAGER], first_part[-1]) as events:
        rest = [event.data["event_id"] for event in alerts_of(events, 40 - len(first_part))]
    assert first_part + rest == list(range(first_part[0], first_part[0] + 40))


def test_the_stream_ends_with_its_token(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        token = seed_token(cursor, Role.MANAGER, "short", timedelta(seconds=2))
    with opened(fresh_api, token) as events:
        began = time.monotonic()
        assert list(events)[-1].data == {"reason": "token_ended"}
    assert time.monotonic() - began < 5


def test_a_revoked_token_ends_the_stream_at_the_next_heartbeat(
    fresh_api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_route, "HEARTBEAT_S", 0.3)
    with opened(fresh_api, fresh_api.tokens[Role.MANAGER]) as events:
        heartbeat = next(events)
        assert (heartbeat.comment, heartbeat.id) == ("alive", "3")
        with as_owner(fresh_api.urls.owner) as cursor:
            cursor.execute("UPDATE access_tokens SET revoked_at = now()")
        assert list(events)[-1].data == {"reason": "token_ended"}


def test_an_event_that_never_was_is_refused(api: RunningApi) -> None:
    answer = api.get(Role.MANAGER, PATH, headers={"Last-Event-ID": "4000"})
    assert answer.status_code == 422
    for rubbish in ("x", "-1", "1e3", "99999999999999999999"):
        assert api.get(Role.MANAGER, PATH, headers={"Last-Event-ID": rubbish}).status_code == 422


def test_a_stopping_service_ends_its_streams(fresh_api: RunningApi) -> None:
    with opened(fresh_api, fresh_api.tokens[Role.MANAGER]) as events:
        fresh_api.app.state.services.hub.end_streams()
        assert list(events)[-1].data == {"reason": "closing"}


def test_a_client_that_takes_nothing_is_cut_off() -> None:
    closed: list[bool] = []

    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            while True:
                yield ServerSentEvent(comment="alive")
        finally:
            closed.append(True)

    async def receive() -> Message:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(3600)

    async def answer() -> None:
        response = stream_route.AlertStreamResponse(events(), ping=0, send_timeout=0.1)
        async with asyncio.timeout(10):
            await response({"type": "http", "method": "GET"}, receive, send)

    asyncio.run(answer())
    assert closed == [True]


def test_a_database_that_goes_away_is_told_and_nothing_is_lost(
    fresh_api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = zone_of(fresh_api, "AWAY")
    hub = fresh_api.app.state.services.hub
    reads = hub._events_after

    def fails(position: int) -> list[AlertEvent]:
        raise UnavailableError(f"no answer behind {position}")

    with opened(fresh_api, fresh_api.tokens[Role.MANAGER]) as events:
        monkeypatch.setattr(hub, "_events_after", fails)
        assert next(events).name == "interrupted"
        [alert_id] = raise_alerts(fresh_api.urls, fresh_api.own, zone, 1)
        monkeypatch.setattr(hub, "_events_after", reads)
        assert next(events).name == "resumed"
        assert next(events).data["alert_id"] == alert_id
