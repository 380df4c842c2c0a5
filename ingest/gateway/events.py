"""`POST /v1/events`: one device event or an array of them."""

from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

import msgspec
from fastapi import APIRouter, Request, Response

from ingest.event import Event, read_event, split_events
from ingest.gateway.arrays import answer, request_of, responses_of
from ingest.gateway.judging import OTHER_DEVICE, UNKNOWN_DEVICE
from ingest.gateway.requests import JSON, answered, authenticated, read_body, require_media_type
from ingest.gateway.services import GatewayServices
from ingest.ping import Refusal
from ingest.source import EventMessage
from model.times import MILLISECOND_US, to_microseconds
from store.sources import SourceAccess

PROTOCOL = "events"
EXAMPLE = {"device_id": "TAG-0001", "event": "battery_low", "event_time": "2026-01-31T12:00:00Z", "battery_pct": 18}
EVENT_SCHEMA = msgspec.json.schema_components([Event])[1]["Event"]
REQUEST = request_of(EVENT_SCHEMA, EXAMPLE)
RESPONSES = responses_of(
    "event",
    {
        "accepted": 1,
        "rejected": [{"index": 1, "reason": "unknown_event", "detail": "`event` must be one of …"}],
    },
)


@dataclass(slots=True)
class _Judged:
    """By place in the body: what goes in, and refusals of the rest."""

    accepted: dict[int, EventMessage] = field(default_factory=dict)
    refused: dict[int, Refusal] = field(default_factory=dict)


def events_router(services: GatewayServices) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/events", status_code=HTTPStatus.ACCEPTED, openapi_extra=REQUEST, responses=RESPONSES)
    async def receive_events(request: Request) -> Response:
        """Hand in what tags say of themselves; answers once it is durable. One bad event keeps the rest."""
        return await answered(_receive(request, services))

    return router


async def _receive(request: Request, services: GatewayServices) -> Response:
    access = await authenticated(request, services)
    require_media_type(request, JSON)
    body = await read_body(request, services.body_max_bytes)
    return await services.in_thread(partial(_append, body, access, services))


def _append(body: bytes, access: SourceAccess, services: GatewayServices) -> Response:
    items = split_events(body, services.event_limits.events_max)
    if isinstance(items, Refusal):
        return answer(PROTOCOL, "event", 0, {0: items})
    judged = _judge(items, access, services)
    if judged.accepted:
        services.events.append(list(judged.accepted.values()))
    return answer(PROTOCOL, "event", len(judged.accepted), judged.refused)


def _judge(items: list[bytes], access: SourceAccess, services: GatewayServices) -> _Judged:
    """Raises UnavailableError when the registry does not answer."""
    judged = _Judged()
    received_ms = to_microseconds(services.clock()) // MILLISECOND_US
    for place, item in enumerate(items):
        found = read_event(item, received_ms, services.event_limits)
        if isinstance(found, Refusal):
            judged.refused[place] = found
        elif access.device_serial not in {None, found.serial}:
            judged.refused[place] = OTHER_DEVICE
        else:
            judged.accepted[place] = found
    serials = sorted({message.serial for message in judged.accepted.values()})
    known = services.known_devices(serials) if serials else {}
    for place, message in list(judged.accepted.items()):
        if message.serial not in known:
            judged.refused[place] = UNKNOWN_DEVICE
            del judged.accepted[place]
    return judged
