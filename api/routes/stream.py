"""The alert stream (server-sent events): what was missed first, then what happens, without gaps or doubles."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from access.audit import Action, Subject, record_allowed
from access.refusals import NotLetInError
from access.roles import Permission
from api.credentials import find_bearer
from api.documentation import documented
from api.errors import ProblemError
from api.security import LARGEST_BIGINT, Caller, Requires
from api.services import CurrentServices, Services
from api.stream import Notice, Subscription
from model.enums import AlertChangeKind
from ops.errors import UnavailableError
from ops.logs import get_logger
from store.alert_events import AlertEvent, last_event_id, list_events
from store.database import SERVICE

router = APIRouter(tags=["alerts"])

HISTORY_PAGE = 200
HEARTBEAT_S = 15.0
SEND_TIMEOUT_S = 30.0  # a client that reads nothing for so long is cut off
RECONNECT_AFTER_MS = 2_000

_log = get_logger("api")

_EXAMPLE = """id: 4711
event: alert
data: {"event_id":4711,"change":"raised","happened_at":"2026-11-22T09:58:14.310000Z",\
"alert_id":"0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55","kind":"exclusion_zone_breach","severity":"breach",\
"urgency":"immediate","state":"open",\
"person_id":17,"crn":"X123456","zone_name":"Market Square","began_at":"2026-11-22T09:58:12Z",\
"last_evidence_at":"2026-11-22T09:58:12Z","ended_at":null}

"""


class AlertStreamResponse(EventSourceResponse):
    """A client that takes nothing for SEND_TIMEOUT_S is cut off, which is its own affair and no fault of ours."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            _log.warning("a client of the alert stream reads nothing and is cut off")


@router.get(
    "/v1/alerts/stream",
    response_class=EventSourceResponse,
    **documented(Permission.ALERTS_READ, _EXAMPLE, media_type="text/event-stream"),
)
def stream_alerts(
    caller: Annotated[Caller, Depends(Requires(Permission.ALERTS_READ, Action.ALERTS_STREAM))],
    services: CurrentServices,
    last_event_id_header: Annotated[
        int | None,
        Header(
            alias="Last-Event-ID", ge=0, le=LARGEST_BIGINT, description="Go on behind this event; left out: from now"
        ),
    ] = None,
) -> EventSourceResponse:
    """Changes of the alerts that the caller may see, as they happen.

    Events: `alert`; `interrupted` and `resumed` while the service cannot read its database; `end` with the reason
    (`too_slow`, `token_ended`, `closing`, `interrupted`) before the service closes the stream: connect again with
    Last-Event-ID. A comment comes at least every 15 seconds, with the id to resume from. No places are sent.
    The times are the alert's as they stand when the event is sent; `state` is the event's own. Of what staff did
    (`change` is `worked`) `action`, `acted_by` and `status` say what, who, and how far the alert is worked since.
    """
    with services.pool.transaction(SERVICE) as transaction:
        newest = last_event_id(transaction)
    start = newest if last_event_id_header is None else last_event_id_header
    if start > newest:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "There is no such event yet: read GET /v1/alerts, then connect without Last-Event-ID.",
            errors=[{"where": "header.Last-Event-ID", "problem": "no such event"}],
        )
    with services.pool.transaction(caller.identity) as transaction:
        record_allowed(transaction, caller.identity, Action.ALERTS_STREAM, Subject(detail={"after": start}))
    return AlertStreamResponse(_AlertStream(services, caller, start).events(), ping=0, send_timeout=SEND_TIMEOUT_S)


class _AlertStream:
    """One client's stream."""

    def __init__(self, services: Services, caller: Caller, start: int) -> None:
        self._services = services
        self._caller = caller
        self._last = start
        self._check_token_at = time.monotonic() + HEARTBEAT_S

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(comment="connected", id=str(self._last), retry=RECONNECT_AFTER_MS)
        try:
            async for event in self._history():
                yield event
            subscription = await self._services.hub.subscribe((self._caller.identity.subject, self._caller.role))
            try:
                async for event in self._history():  # what came between the last page and the subscription
                    yield event
                self._last = max(self._last, subscription.since)
                async for event in self._live(subscription):
                    yield event
            finally:
                self._services.hub.unsubscribe(subscription)
        except UnavailableError:
            yield _end("interrupted")

    async def _history(self) -> AsyncIterator[ServerSentEvent]:
        """The log from behind the last event sent, in bounded pages, to its end."""
        while True:
            page = await self._services.hub.in_thread(self._read_page)
            for event in page:
                yield self._send(event)
            if len(page) < HISTORY_PAGE:
                return

    async def _live(self, subscription: Subscription) -> AsyncIterator[ServerSentEvent]:
        while await self._token_lives():
            item = await self._next(subscription)
            if item is None:
                yield ServerSentEvent(comment="alive", id=str(self._last))
            elif isinstance(item, AlertEvent):
                if item.event_id > self._last:  # the history may have been ahead of the poller
                    yield self._send(item)
            elif subscription.ended is None:
                yield ServerSentEvent(event=item.word, data="{}")
            if subscription.ended is not None and subscription.queue.empty():
                yield _end(subscription.ended)
                return
        yield _end("token_ended")

    async def _next(self, subscription: Subscription) -> AlertEvent | Notice | None:
        """The next thing to tell; None when it is time for a heartbeat or the token ends."""
        left_s = (self._caller.expires_at - datetime.now(UTC)).total_seconds()
        try:
            async with asyncio.timeout(max(0.0, min(HEARTBEAT_S, left_s))):
                return await subscription.queue.get()
        except TimeoutError:
            return None

    async def _token_lives(self) -> bool:
        """Its end is known; whether it was revoked, or its session is over, is asked at each heartbeat."""
        if datetime.now(UTC) >= self._caller.expires_at:
            return False
        if time.monotonic() < self._check_token_at:
            return True
        self._check_token_at = time.monotonic() + HEARTBEAT_S
        return await self._services.hub.in_thread(self._bearer_is_the_same)

    def _bearer_is_the_same(self) -> bool:
        """An open stream is no use of a session: it would never be idle on a screen that nobody looks at."""
        try:
            bearer = find_bearer(self._services, self._caller.credential, is_use=False)
        except NotLetInError:
            return False
        return bearer is not None and bearer.role is self._caller.role

    def _read_page(self) -> list[AlertEvent]:
        with self._services.pool.transaction(self._caller.identity) as transaction:
            return list_events(transaction, self._last, HISTORY_PAGE)

    def _send(self, event: AlertEvent) -> ServerSentEvent:
        self._last = event.event_id
        return ServerSentEvent(event="alert", id=str(event.event_id), data=_data(event))


def _data(event: AlertEvent) -> str:
    is_open = event.state == "open"
    fields: dict[str, Any] = {
        "event_id": event.event_id,
        "change": event.change,
        "happened_at": event.happened_at,
        "alert_id": event.alert_id,
        "kind": event.kind,
        "severity": event.severity,
        "urgency": event.urgency,
        "state": event.state,
        "person_id": event.person_id,
        "crn": event.crn,
        "zone_name": event.zone_name,
        "began_at": event.began_at,
        "last_evidence_at": event.last_evidence_at,
        "ended_at": None if is_open else event.ended_at,
    }
    if event.change == AlertChangeKind.WORKED:
        fields |= {"status": event.status, "action": event.action, "acted_by": event.acted_by}
    return msgspec.json.encode(fields).decode()


def _end(why: str) -> ServerSentEvent:
    return ServerSentEvent(event="end", data=msgspec.json.encode({"reason": why}).decode())
