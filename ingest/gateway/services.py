"""What the gateway works with: handed in, so that it runs on any sink and any registry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from access.rate_limits import RequestLimits
from ingest.decode import DecodeLimits
from ingest.event import EventLimits
from ingest.source import EventSink, PingSink
from store.dead_letters import NewDeadLetter
from store.sources import SourceAccess

THREADS = 32

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """The callables may block and are called in threads; each raises UnavailableError when it cannot do its work."""

    sink: PingSink
    events: EventSink
    authenticate: Callable[[str], SourceAccess | None]  # by the source's key
    known_devices: Callable[[Sequence[str]], Mapping[str, bool]]  # registered serial → on somebody now
    keep_dead_letter: Callable[[NewDeadLetter], None]  # durable on return
    clock: Callable[[], datetime]  # the service's, aware: when something is received
    decode_limits: DecodeLimits
    event_limits: EventLimits
    body_max_bytes: int
    limits: RequestLimits
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(THREADS))

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run what waits for the broker or the database. Not on the requests' common threads: while the broker is
        away every ping waits, and alerts would not be served.
        """
        return await anyio.to_thread.run_sync(call, limiter=self.threads)
