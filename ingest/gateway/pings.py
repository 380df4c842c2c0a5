"""`POST /v1/pings`: one canonical ping or an array of them."""

from functools import partial
from http import HTTPStatus

import msgspec
from fastapi import APIRouter, Request, Response

from ingest.gateway.arrays import answer, request_of, responses_of
from ingest.gateway.judging import Judged, judge
from ingest.gateway.requests import JSON, answered, authenticated, read_body, require_media_type
from ingest.gateway.services import GatewayServices
from ingest.ping import NOTHING, READING_ERRORS, Ping, Refusal, explain, split_items
from model.enums import RejectionReason
from store.sources import SourceAccess

PROTOCOL = "pings"
EXAMPLE = {
    "device_id": "TAG-0001",
    "fix_time": "2026-01-31T12:00:00Z",
    "lat": 51.5,
    "lon": -0.12,
    "accuracy_m": 8,
    "mechanism": "GPS",
}
PING_SCHEMA = msgspec.json.schema_components([Ping])[1]["Ping"]
REQUEST = request_of(PING_SCHEMA, EXAMPLE)
RESPONSES = responses_of(
    "ping",
    {
        "accepted": 1,
        "rejected": [{"index": 1, "reason": "unknown_device", "detail": "no device of this `device_id` …"}],
        "notices": [{"index": 0, "notice": "device_on_nobody"}],
    },
)


def pings_router(services: GatewayServices) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/pings", status_code=HTTPStatus.ACCEPTED, openapi_extra=REQUEST, responses=RESPONSES)
    async def receive_pings(request: Request) -> Response:
        """Hand in pings; answers once they are durable. One bad ping keeps the rest."""
        return await answered(_receive(request, services))

    return router


async def _receive(request: Request, services: GatewayServices) -> Response:
    access = await authenticated(request, services)
    require_media_type(request, JSON)
    body = await read_body(request, services.body_max_bytes)
    return await services.in_thread(partial(_append, body, access, services))


def _append(body: bytes, access: SourceAccess, services: GatewayServices) -> Response:
    """Each ping becomes a message of its own, byte for byte as it was sent: what the archive proves."""
    try:
        items = split_items(body)
    except READING_ERRORS as error:
        return _answer(Judged({}, {0: explain(error, body)}, []))
    most = services.decode_limits.pings_max
    if not items or len(items) > most:
        too_many = Refusal(RejectionReason.TOO_LARGE, f"more than {most} pings: send fewer at once")
        return _answer(Judged({}, {0: too_many if items else NOTHING}, []))
    judged = judge(items, access, services)
    if judged.accepted:
        services.sink.append([(serial, items[place]) for place, serial in judged.accepted.items()])
    return _answer(judged)


def _answer(judged: Judged) -> Response:
    notices = [{"index": place, "notice": "device_on_nobody"} for place in judged.on_nobody]
    return answer(PROTOCOL, "ping", len(judged.accepted), judged.refused, notices=notices)
