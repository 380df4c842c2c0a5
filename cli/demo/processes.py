"""The service as the demo runs it: PostgreSQL, then worker, watch, matcher, duty and API."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cli.demo.children import Child, running_child, wait_until_ready
from cli.demo.ports import LOOPBACK, free_port
from cli.demo.signals import StopSignals
from cli.owner import DEMO_DATABASE, OWNER, postgres_folder
from ops.errors import UnavailableError
from ops.settings import Settings
from store.embedded import EmbeddedPostgres, EmbeddedPostgresError
from store.migrate import migrate
from store.provision import allow_logins, ensure_database

BLAME_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Service:
    """Every process that the demo has started."""

    server: EmbeddedPostgres
    api: Child
    worker: Child
    watch: Child
    matcher: Child
    duty: Child

    def check(self) -> None:
        """Raise ChildEndedError, or EmbeddedPostgresError, when one of them has ended."""
        self.server.url()
        self.api.check()
        self.worker.check()
        self.watch.check()
        self.matcher.check()
        self.duty.check()

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Name the process whose end is behind an UnavailableError; a killed one takes a moment to be gone."""
        try:
            yield
        except UnavailableError:
            deadline = time.monotonic() + BLAME_SECONDS
            while time.monotonic() < deadline:
                self.check()
                time.sleep(0.1)
            raise


@contextmanager
def running_database(settings: Settings, stopping: StopSignals) -> Iterator[EmbeddedPostgres]:
    """The embedded PostgreSQL with its database, up to date."""
    try:
        with EmbeddedPostgres(postgres_folder(settings)) as server:
            stopping.check()
            ensure_database(server.url(), DEMO_DATABASE)
            owner_url = server.url(DEMO_DATABASE, OWNER)
            migrate(owner_url)
            allow_logins(owner_url)
            stopping.check()
            yield server
    except EmbeddedPostgresError as error:
        stopping.check()  # Ctrl-C reaches initdb too, which then fails
        raise UnavailableError(str(error)) from None


@contextmanager
def running_service(
    settings: Settings, server: EmbeddedPostgres, api_port: int, stopping: StopSignals
) -> Iterator[Service]:
    """API, worker, watch, matcher and duty; on the way out the API goes first, so that all that came in is judged."""
    logs = settings.data_folder.absolute() / "logs"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    health_port, watch_port, match_port, duty_port = (free_port() for _ in range(4))
    environment = {
        **_of_no_other_service(os.environ),
        "CORDON_BROKER": "embedded",
        "CORDON_API_HOST": LOOPBACK,
        "CORDON_API_PORT": str(api_port),
        "CORDON_WORKER_HEALTH_HOST": LOOPBACK,
        "CORDON_WORKER_HEALTH_PORT": str(health_port),
        "CORDON_WATCH_HEALTH_HOST": LOOPBACK,
        "CORDON_WATCH_HEALTH_PORT": str(watch_port),
        "CORDON_MATCH_HEALTH_HOST": LOOPBACK,
        "CORDON_MATCH_HEALTH_PORT": str(match_port),
        "CORDON_DUTY_HEALTH_HOST": LOOPBACK,
        "CORDON_DUTY_HEALTH_PORT": str(duty_port),
    }
    worker_environment = environment | {"CORDON_DATABASE_WORKER_URL": server.url(DEMO_DATABASE, "cordon_worker")}
    api_environment = environment | {
        "CORDON_DATABASE_API_URL": server.url(DEMO_DATABASE, "cordon_api"),
        "CORDON_LOCAL_SIGN_IN": "true",
    }
    with (
        running_child("worker", "worker", logs / "worker.log", worker_environment) as worker,
        running_child("watch", "watch", logs / "watch.log", worker_environment) as watch,
        running_child("matcher", "match", logs / "match.log", worker_environment) as matcher,
        running_child("duty", "duty", logs / "duty.log", worker_environment) as duty,
        running_child("API", "api", logs / "api.log", api_environment) as api,
    ):
        wait_until_ready(worker, health_port, stopping)
        wait_until_ready(watch, watch_port, stopping)
        wait_until_ready(matcher, match_port, stopping)
        wait_until_ready(duty, duty_port, stopping)
        wait_until_ready(api, api_port, stopping)
        yield Service(server, api, worker, watch, matcher, duty)


def _of_no_other_service(environment: Mapping[str, str]) -> dict[str, str]:
    """Each process gets the one database login that it needs, and nobody signs in at a provider of real accounts."""
    others = ("CORDON_DATABASE_", "CORDON_OIDC_")
    return {name: value for name, value in environment.items() if not name.startswith(others)}
