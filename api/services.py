"""What the routes work with, made once a process and passed in."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import Depends, Request

from access.openid.sign_in import SignIn
from api.gateway import broker_check, open_gateway
from api.stream import StreamHub
from ingest.gateway.services import GatewayServices
from ops.settings import Settings
from store.database import Pool
from store.migrate import read_migrations

BACKGROUND_CONNECTIONS = 2
BACKGROUND_WAIT_S = 2.0
UPLOADS_OF_A_FORCE = 4
"""At once: each may be as large as a police file, and one force's must not fill the disk or keep out another's."""


@dataclass(frozen=True, slots=True)
class Services:
    """``background`` serves the stream's poller and the health checks, so that busy requests do not hide either."""

    pool: Pool
    background: Pool
    hub: StreamHub
    settings: Settings
    gateway: GatewayServices
    sign_in: SignIn | None = None  # without an identity provider, nobody signs in at one
    rehearsing: BoundedSemaphore = field(default_factory=BoundedSemaphore)  # one holds up the other requests enough
    importing: asyncio.Semaphore = field(default_factory=asyncio.Semaphore)  # and so does one police file
    uploading: defaultdict[str, asyncio.Semaphore] = field(  # by police force
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(UPLOADS_OF_A_FORCE))
    )
    check_broker: Callable[[], None] | None = None  # raises UnavailableError while the broker does not answer
    migrations: frozenset[str] = field(
        default_factory=lambda: frozenset(migration.name for migration in read_migrations())
    )

    def close(self) -> None:
        if self.sign_in is not None:
            self.sign_in.close()
        self.gateway.sink.close()
        self.gateway.events.close()
        self.pool.close()
        self.background.close()


def open_services(settings: Settings) -> Services:
    """The services of a process; connects on first use. Raises ConfigurationError without CORDON_DATABASE_API_URL."""
    url = settings.require_database_url("api")
    background = Pool(url, "cordon-api-background", BACKGROUND_CONNECTIONS, BACKGROUND_WAIT_S)
    pool = Pool(url, "cordon-api", settings.database_pool_size)
    return Services(
        pool=pool,
        background=background,
        hub=StreamHub(background),
        settings=settings,
        gateway=open_gateway(settings, pool),
        sign_in=SignIn(settings) if settings.oidc_issuer else None,
        check_broker=broker_check(settings),
    )


async def services_of(request: Request) -> Services:
    """Asynchronous, so that it needs none of the requests' threads, which may all be busy."""
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(services_of)]
