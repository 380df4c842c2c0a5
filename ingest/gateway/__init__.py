"""The HTTP gateway: where sources hand in pings. A ping is acknowledged once it is durable, never before."""

from fastapi import APIRouter

from ingest.gateway.events import events_router
from ingest.gateway.osmand import osmand_router
from ingest.gateway.owntracks import owntracks_router
from ingest.gateway.pings import pings_router
from ingest.gateway.services import GatewayServices


def gateway_router(services: GatewayServices) -> APIRouter:
    """Every route of the gateway.

    Mount it with EmptyPathMiddleware around the application, on uvicorn with h11 and without its access log: Traccar
    Client can only be given a URL, so its key travels in the query.
    """
    router = APIRouter(tags=["intake"])
    router.include_router(pings_router(services))
    router.include_router(events_router(services))
    router.include_router(owntracks_router(services))
    router.include_router(osmand_router(services))
    return router
