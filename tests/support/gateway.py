"""The gateway on a real uvicorn server with h11, its surroundings recorded and able to fail."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import uvicorn
from fastapi import FastAPI

from access.rate_limits import request_limits
from ingest.decode import DecodeLimits
from ingest.event import EventLimits
from ingest.gateway import gateway_router
from ingest.gateway.empty_path import EmptyPathMiddleware
from ingest.gateway.services import GatewayServices
from ingest.source import EventMessage
from ops.errors import UnavailableError
from ops.settings import Settings
from store.dead_letters import NewDeadLetter
from store.sources import SourceAccess


@dataclass
class Recorder:
    """A sink, a registry and a table of dead letters that can all be told to fail."""

    sources: Mapping[str, SourceAccess]  # by key
    devices: Mapping[str, bool]  # serial → on somebody now
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    dead_letters: list[NewDeadLetter] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    events: list[EventMessage] = field(default_factory=list)

    def append(self, messages: Sequence[tuple[str, bytes]]) -> None:
        self.fail("sink")
        self.messages += messages

    def close(self) -> None:
        """Nothing to let go of."""

    def authenticate(self, key: str) -> SourceAccess | None:
        self.fail("sources")
        return self.sources.get(key)

    def known_devices(self, serials: Sequence[str]) -> Mapping[str, bool]:
        self.fail("devices")
        return {serial: self.devices[serial] for serial in serials if serial in self.devices}

    def keep_dead_letter(self, letter: NewDeadLetter) -> None:
        self.fail("dead letters")
        self.dead_letters.append(letter)

    def fail(self, part: str) -> None:
        if part in self.failing:
            raise UnavailableError("told to fail")

    def services(self, limits: DecodeLimits, body_max_bytes: int) -> GatewayServices:
        return GatewayServices(
            sink=self,
            events=RecordedEvents(self),
            authenticate=self.authenticate,
            known_devices=self.known_devices,
            keep_dead_letter=self.keep_dead_letter,
            clock=lambda: datetime.now(UTC),
            decode_limits=limits,
            event_limits=EventLimits(limits.message_max_bytes, max_age_days=400, max_future_s=300),
            body_max_bytes=body_max_bytes,
            limits=request_limits(Settings()),
        )


@dataclass(frozen=True, slots=True)
class RecordedEvents:
    """The recorder's sink of device events."""

    recorder: Recorder

    def append(self, messages: Sequence[EventMessage]) -> None:
        self.recorder.fail("events")
        self.recorder.events += messages

    def close(self) -> None:
        """Nothing to let go of."""


@contextmanager
def running_gateway(services: GatewayServices) -> Iterator[int]:
    """Its port."""
    app = FastAPI()
    app.include_router(gateway_router(services))
    app.get("/blocking")(lambda: "served on a common thread")
    app.add_middleware(EmptyPathMiddleware)
    config = uvicorn.Config(app, port=0, http="h11", ws="none", access_log=False, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
