"""What the routes work with, made once a process and passed in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.stream import StreamHub
from ops.settings import Settings
from store.database import Pool
from store.migrate import read_migrations

BACKGROUND_CONNECTIONS = 2
BACKGROUND_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Services:
    """``background`` serves the stream's poller and the health checks, so that busy requests do not hide either."""

    pool: Pool
    background: Pool
    hub: StreamHub
    check_broker: Callable[[], None] | None = None  # raises UnavailableError while the broker does not answer
    migrations: frozenset[str] = field(
        default_factory=lambda: frozenset(migration.name for migration in read_migrations())
    )

    def close(self) -> None:
        self.pool.close()
        self.background.close()


def open_services(settings: Settings, check_broker: Callable[[], None] | None = None) -> Services:
    """The services of a process; connects on first use. Raises ConfigurationError without CORDON_DATABASE_API_URL."""
    url = settings.require_database_url("api")
    background = Pool(url, "cordon-api-background", BACKGROUND_CONNECTIONS, BACKGROUND_WAIT_S)
    return Services(
        pool=Pool(url, "cordon-api", settings.database_pool_size),
        background=background,
        hub=StreamHub(background),
        check_broker=check_broker,
    )


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(services_of)]
