"""The gateway's services: the broker is reached on the first ping, so that alerts are served while it is down."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from access.rate_limits import request_limits
from ingest.decode import DecodeLimits
from ingest.gateway.services import GatewayServices
from ingest.sinks import event_limits, open_event_sink, open_sink
from ingest.source import EventMessage, EventSink, PingSink
from ops.broker import require_broker
from ops.errors import UnavailableError
from ops.settings import Settings
from store.clock import read_service_clock
from store.database import Pool
from store.dead_letters import keep_dead_letter
from store.sources import authenticate_source, device_states

OPENING_WAIT_S = 5.0
FAILED_FOR_S = 1.0

Sink = TypeVar("Sink", bound=PingSink | EventSink)


class _OnDemand(Generic[Sink]):
    """A sink that is opened by its first use; a later use tries again where that failed.

    To open it takes seconds while the broker is away. Those who wait for it share what came of it: one after the other
    they would hold each other up for minutes.
    """

    def __init__(self, open_it: Callable[[], Sink]) -> None:
        self._open = open_it
        self._opening = threading.Lock()
        self._sink: Sink | None = None
        self._failed_until = 0.0
        self._failure = ""

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()

    def opened(self) -> Sink:
        if self._sink is not None:
            return self._sink
        if not self._opening.acquire(timeout=OPENING_WAIT_S):
            raise UnavailableError("the broker is still being connected to")
        try:
            if self._sink is None:
                self._sink = self._try_to_open()
            return self._sink
        finally:
            self._opening.release()

    def _try_to_open(self) -> Sink:
        if time.monotonic() < self._failed_until:
            raise UnavailableError(self._failure)
        try:
            return self._open()
        except UnavailableError as error:
            self._failed_until, self._failure = time.monotonic() + FAILED_FOR_S, str(error)
            raise


class SinkOnDemand(_OnDemand[PingSink]):
    def append(self, messages: Sequence[tuple[str, bytes]]) -> None:
        self.opened().append(messages)


class EventSinkOnDemand(_OnDemand[EventSink]):
    def append(self, messages: Sequence[EventMessage]) -> None:
        self.opened().append(messages)


def open_gateway(settings: Settings, pool: Pool) -> GatewayServices:
    return GatewayServices(
        sink=SinkOnDemand(lambda: open_sink(settings, pool)),
        events=EventSinkOnDemand(lambda: open_event_sink(settings, pool)),
        authenticate=partial(authenticate_source, pool),
        known_devices=partial(device_states, pool),
        keep_dead_letter=partial(keep_dead_letter, pool),
        clock=partial(read_service_clock, pool),
        decode_limits=DecodeLimits(settings.message_max_bytes, settings.region),
        event_limits=event_limits(settings),
        body_max_bytes=settings.request_max_bytes,
        limits=request_limits(settings),
    )


def broker_check(settings: Settings) -> Callable[[], None] | None:
    """How readiness asks for the broker; the embedded queue is the database, which is asked anyway."""
    return partial(require_broker, settings.kafka_bootstrap_servers) if settings.broker == "kafka" else None
