"""The FastAPI application. Made with its settings and services; nothing is global."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from api.documentation import DESCRIPTION, DocumentedApi
from api.errors import install_handlers
from api.local_sign_in import refuse_local_sign_in_elsewhere
from api.middleware import BodyLimitMiddleware, KnownHostMiddleware, RequestContextMiddleware
from api.routes import (
    alerts,
    audit,
    authorisations,
    break_glass,
    casework,
    condition_decisions,
    condition_drafts,
    conditions,
    cover,
    crime_batches,
    crime_sheets,
    crimes,
    deliveries,
    detection_precision,
    devices_health,
    eligibility,
    eliminations,
    episodes,
    evidence,
    explanations,
    exports,
    hand_overs,
    health,
    holds,
    legal_bases,
    matches,
    me,
    messages,
    operations,
    people,
    people_changes,
    police_questions,
    police_trails,
    registry_imports,
    rehearsals,
    response_plans,
    rota,
    scene_searches,
    sign_in,
    staff,
    stream,
    tracks,
    trail_requests,
    victim_addresses,
    victim_tasks,
    victims,
    wearing,
    webhooks,
    zone_proofs,
    zones,
)
from api.security import Requires, all_dependants
from api.services import Services
from ingest.gateway import gateway_router
from ingest.gateway.empty_path import EmptyPathMiddleware
from ops.errors import ConfigurationError
from ops.settings import Settings

HEALTH_PATHS = frozenset({"/health/live", "/health/ready"})
OPEN_PATHS = HEALTH_PATHS | sign_in.OPEN_PATHS
STREAMED_BODIES = frozenset({("POST", path) for path in (crime_batches.PATH, *registry_imports.PATHS)})
ROUTERS = (
    me.router,
    people.router,
    people_changes.router,
    eligibility.router,
    holds.router,
    wearing.router,
    staff.router,
    registry_imports.router,
    tracks.router,
    stream.router,
    alerts.router,
    episodes.router,
    detection_precision.router,
    casework.router,
    explanations.router,
    response_plans.router,  # before zones, whose references may hold slashes
    conditions.router,
    condition_drafts.router,
    condition_decisions.router,
    rota.router,
    hand_overs.router,
    cover.router,
    break_glass.router,
    legal_bases.router,
    authorisations.router,  # before zones, whose references may hold slashes
    zone_proofs.router,  # likewise
    operations.router,  # likewise
    zones.router,
    rehearsals.router,
    crime_batches.router,
    crimes.router,
    crime_sheets.router,
    matches.router,
    eliminations.router,
    scene_searches.router,
    evidence.router,
    exports.router,
    trail_requests.router,
    police_trails.router,
    police_questions.router,
    devices_health.router,
    victims.router,
    victim_addresses.router,
    victim_tasks.router,
    audit.router,
    webhooks.router,
    deliveries.router,
    messages.router,
    sign_in.router,
    health.router,
)


def create_app(settings: Settings, services: Services) -> FastAPI:
    """The application; it closes ``services`` when it ends. Raises ConfigurationError if a route has no policy,
    or the demo's sign-in is set up for anything else.
    """
    app = DocumentedApi(
        title="Cordon",
        version="1",
        description=DESCRIPTION,
        openapi_url=None,  # served behind a token by our own route
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.services = services
    refuse_local_sign_in_elsewhere(services)
    refuse_unguarded(ROUTERS)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(gateway_router(services.gateway))  # each of its routes asks for a source's own key
    install_handlers(app)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.request_max_bytes, unlimited=STREAMED_BODIES)
    app.add_middleware(KnownHostMiddleware, hosts=settings.known_hosts)
    app.add_middleware(RequestContextMiddleware)
    app.add_middleware(EmptyPathMiddleware)  # the last one added is the outermost
    return app


def refuse_unguarded(routers: Iterable[APIRouter]) -> None:
    """A route without a policy is a hole: better no service than that one."""
    unguarded = [
        getattr(route, "path", repr(route))
        for router in routers
        for route in router.routes
        if not (isinstance(route, APIRoute) and (route.path in OPEN_PATHS or is_guarded(route)))
    ]
    if unguarded:
        raise ConfigurationError(f"these routes have no policy: {unguarded}; give them api.security.Requires")


def is_guarded(route: APIRoute) -> bool:
    return any(isinstance(dependency.call, Requires) for dependency in all_dependants(route.dependant))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    poller = asyncio.create_task(services.hub.run())
    try:
        yield
    finally:
        services.hub.end_streams()
        poller.cancel()
        with suppress(asyncio.CancelledError):
            await poller
        services.close()
