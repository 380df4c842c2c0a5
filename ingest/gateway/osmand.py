"""`GET` and `POST /v1/osmand`: Traccar Client and other speakers of the OsmAnd protocol.

Traccar Client can only be given a URL, so its key stands in the query: access logs must not hold queries, and the key
is taken out before anything is kept.
"""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request, Response

from ingest.gateway.phones import RESPONSES, TOO_MANY, deliver, done
from ingest.gateway.requests import FORM, JSON, answered, authenticated, read_body, require_media_type
from ingest.gateway.services import GatewayServices
from ingest.protocols.interpretation import Interpretation
from ingest.protocols.osmand import TOPIC, interpret_json, interpret_parameters, without_parameter
from store.sources import SourceAccess

KEY_PARAMETER = b"key"


def osmand_router(services: GatewayServices) -> APIRouter:
    router = APIRouter()

    async def receive_osmand(request: Request) -> Response:
        """The OsmAnd protocol. X-Cordon-Rejected names why a payload was kept as a dead letter."""
        return await answered(_receive(request, services))

    for method in ("GET", "POST"):  # one route each, so that each has an operation id of its own
        router.add_api_route(
            "/v1/osmand",
            receive_osmand,
            methods=[method],
            operation_id=f"{method.lower()}_osmand",
            responses={**RESPONSES, 200: {"content": {"text/plain": {}}, "description": "Taken"}},
            response_class=Response,
        )
    return router


async def _receive(request: Request, services: GatewayServices) -> Response:
    access = await authenticated(request, services, key_in_query=True, too_many=TOO_MANY)
    body = await read_body(request, services.body_max_bytes)
    given = require_media_type(request, FORM, JSON, "") if body else ""
    query: bytes = request.scope["query_string"]
    interpret = partial(interpret_json, body) if given == JSON else partial(_interpret_parameters, query, body)
    return await services.in_thread(partial(_deliver, interpret, access, services))


def _interpret_parameters(query: bytes, body: bytes) -> Interpretation:
    """Traccar Client sends a form body to a URL whose own query holds the key, so both count."""
    parts = [without_parameter(part, KEY_PARAMETER) for part in (query, body)]
    return interpret_parameters(b"&".join(part for part in parts if part))


def _deliver(interpret: Callable[[], Interpretation], access: SourceAccess, services: GatewayServices) -> Response:
    found = interpret()
    serials = [str(ping["device_id"]) for ping in found.pings.values()]
    serial = serials[0] if serials else access.device_serial
    return done("", "text/plain", deliver(TOPIC, found, serial, access, services))
