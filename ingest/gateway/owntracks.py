"""`POST /v1/owntracks`: the OwnTracks app in HTTP mode. Its password is the source's key."""

from functools import partial

from fastapi import APIRouter, Request, Response

from ingest.gateway.phones import RESPONSES, TOO_MANY, deliver, done
from ingest.gateway.requests import JSON, answered, authenticated, read_body, require_media_type, user_name
from ingest.gateway.services import GatewayServices
from ingest.ping import Refusal
from ingest.protocols.interpretation import Interpretation
from ingest.protocols.owntracks import TOPIC, interpret
from model.enums import RejectionReason
from store.sources import SourceAccess

NO_DEVICE = Refusal(
    RejectionReason.MISSING_FIELD, "no device: bind the source to one, or set the app's device or user to its serial"
)


def owntracks_router(services: GatewayServices) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/owntracks", responses={**RESPONSES, 200: {"description": "An empty array: no commands"}})
    async def receive_owntracks(request: Request) -> Response:
        """The OwnTracks protocol over HTTP. X-Cordon-Rejected names why a payload was kept as a dead letter."""
        return await answered(_receive(request, services))

    return router


async def _receive(request: Request, services: GatewayServices) -> Response:
    access = await authenticated(request, services, too_many=TOO_MANY)
    require_media_type(request, JSON, "")
    body = await read_body(request, services.body_max_bytes)
    serial = access.device_serial or request.headers.get("x-limit-d") or user_name(request)
    return await services.in_thread(partial(_deliver, body, serial, access, services))


def _deliver(body: bytes, serial: str | None, access: SourceAccess, services: GatewayServices) -> Response:
    if serial:
        found = interpret(body, serial, services.decode_limits.pings_max)
    else:
        found = Interpretation([body], refused={0: NO_DEVICE})
    return done("[]", JSON, deliver(TOPIC, found, serial, access, services))
