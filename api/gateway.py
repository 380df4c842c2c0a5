"""The gateway's services: the broker is reached on the first ping, so that alerts are served while it is down."""

import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial

from ingest.decode import DecodeLimits
from ingest.gateway.services import GatewayServices
from ingest.sinks import open_sink
from ingest.source import PingSink
from ops.errors import UnavailableError
from ops.settings import Settings
from store.database import Pool
from store.dead_letters import keep_dead_letter
from store.sources import authenticate_source, device_states

CHECK_TIMEOUT_S = 2.0
DEFAULT_KAFKA_PORT = "9092"


class SinkOnDemand:
    """A sink that is opened by its first use; the next use tries again where that failed."""

    def __init__(self, open_it: Callable[[], PingSink]) -> None:
        self._open = open_it
        self._opening = threading.Lock()
        self._sink: PingSink | None = None

    def append(self, messages: Sequence[tuple[str, bytes]]) -> None:
        with self._opening:
            if self._sink is None:
                self._sink = self._open()
        self._sink.append(messages)

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()


def open_gateway(settings: Settings, pool: Pool) -> GatewayServices:
    return GatewayServices(
        sink=SinkOnDemand(lambda: open_sink(settings, pool)),
        authenticate=partial(authenticate_source, pool),
        known_devices=partial(device_states, pool),
        keep_dead_letter=partial(keep_dead_letter, pool),
        decode_limits=DecodeLimits(settings.message_max_bytes, settings.region),
        body_max_bytes=settings.request_max_bytes,
    )


def broker_check(settings: Settings) -> Callable[[], None] | None:
    """How readiness asks for the broker; the embedded queue is the database, which is asked anyway."""
    return partial(_check_kafka, settings.kafka_bootstrap_servers) if settings.broker == "kafka" else None


def _check_kafka(bootstrap_servers: str) -> None:
    """Raises UnavailableError when none of the servers accepts a connection."""
    causes = []
    for server in bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            with socket.create_connection((host or port, int(port if host else DEFAULT_KAFKA_PORT)), CHECK_TIMEOUT_S):
                return
        except (OSError, ValueError) as error:
            causes.append(f"{server}: {error}")
    raise UnavailableError(f"no Kafka broker accepts a connection: {'; '.join(causes)}")
