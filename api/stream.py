"""The alert stream's hub: one poller a process reads the log of alert changes and hands it to every client.

Clients never read the database while they listen, so their number costs nothing but memory; what each may see is asked
for all of them at once, by row security's own rule.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from access.audit import Action, Subject, record_allowed
from ops.errors import UnavailableError
from ops.logs import get_logger
from ops.metrics import STREAM_CLIENTS
from store.alert_events import AlertEvent, Caller, last_event_id, list_events, visible_pairs
from store.database import SERVICE, Cursor, Identity, Pool

POLL_EVERY_S = 0.5
EVENTS_PER_POLL = 500
WAITING_PER_CLIENT = 256
STREAM_THREADS = 4  # of their own, so that a crowd of reconnecting clients leaves other routes theirs

T = TypeVar("T")

_log = get_logger("api")


@dataclass(frozen=True, slots=True)
class Notice:
    """The stream's own news: it is interrupted while the database does not answer, and resumed."""

    word: str


@dataclass(eq=False, slots=True)
class Subscription:
    """One client's share: every event behind ``since`` that its caller may see, until it lags or the hub closes."""

    identity: Identity
    since: int
    queue: asyncio.Queue[AlertEvent | Notice] = field(default_factory=lambda: asyncio.Queue(WAITING_PER_CLIENT))
    ended: str | None = None

    @property
    def caller(self) -> Caller:
        return self.identity.subject, self.identity.role

    def offer(self, item: AlertEvent | Notice) -> None:
        """Hand over without waiting. A client that does not keep up is told so, once it has what already waits."""
        if self.ended is None:
            try:
                self.queue.put_nowait(item)
            except asyncio.QueueFull:
                self.ended = "too_slow"

    def end(self, why: str) -> None:
        self.ended = self.ended or why
        if self.queue.empty():
            self.queue.put_nowait(Notice(why))  # wakes a client that waits


class StreamHub:
    def __init__(self, pool: Pool, poll_every_s: float = POLL_EVERY_S) -> None:
        self._pool = pool
        self._poll_every_s = poll_every_s
        self._limiter: CapacityLimiter | None = None
        self._position: int | None = None  # None while nobody listens
        self._subscriptions: set[Subscription] = set()
        self._opening = asyncio.Lock()
        self._interrupted = False
        self._closed = False

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await asyncio.sleep(self._poll_every_s)
            self._drop_ended()
            if not self._subscriptions:
                self._position = None
                continue
            try:
                while await self._pass_on():
                    pass
            except UnavailableError as error:
                self._interrupt(str(error))
            except Exception as error:  # noqa: BLE001 -- a poller that dies in silence would look like a quiet night
                self._interrupt(type(error).__name__)

    async def subscribe(self, identity: Identity) -> Subscription:
        """Every event behind the subscription's ``since``; what came before is in the log."""
        async with self._opening:
            if self._position is None:
                self._position = await self.in_thread(self._last_event_id)
            subscription = Subscription(identity, self._position)
            self._subscriptions.add(subscription)
        if self._closed:
            subscription.end("closing")
        STREAM_CLIENTS.set(len(self._subscriptions))
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)
        STREAM_CLIENTS.set(len(self._subscriptions))

    def end_streams(self) -> None:
        """The service stops: every client is told, and comes back with its Last-Event-ID."""
        self._closed = True
        for subscription in list(self._subscriptions):
            subscription.end("closing")

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run what waits for the database on the streams' own few threads."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(STREAM_THREADS)
        return await anyio.to_thread.run_sync(call, limiter=self._limiter)

    async def _pass_on(self) -> bool:
        """Read one page behind the position and hand it out; whether there may be more."""
        position = self._position
        if position is None:
            return False
        events = await self.in_thread(lambda: self._events_after(position))
        self._resume()
        if not events:
            return False
        # Who subscribes from here on begins behind these events and finds them in the log.
        self._position = events[-1].event_id
        clients = list(self._subscriptions)
        callers = sorted({client.caller for client in clients})
        people = list({event.person_id for event in events})
        try:
            visible = await self.in_thread(lambda: self._visible(callers, people))
            shown = {
                client: [event for event in events if (client.caller, event.person_id) in visible] for client in clients
            }
            await self.in_thread(lambda: self._record(shown))
        except BaseException:
            self._give_up(clients)
            raise
        for client, theirs in shown.items():
            for event in theirs:
                client.offer(event)
        return len(events) == EVENTS_PER_POLL

    def _give_up(self, clients: list[Subscription]) -> None:
        """These events were not handed out: their clients come back and find them in the log."""
        for client in clients:
            client.end("interrupted")

    def _interrupt(self, cause: str) -> None:
        if not self._interrupted:
            _log.warning("the alert stream is interrupted", cause=cause)
            self._interrupted = True
            self._tell("interrupted")

    def _resume(self) -> None:
        if self._interrupted:
            _log.warning("the alert stream goes on")
            self._interrupted = False
            self._tell("resumed")

    def _tell(self, word: str) -> None:
        for subscription in self._subscriptions:
            subscription.offer(Notice(word))

    def _drop_ended(self) -> None:
        self._subscriptions = {one for one in self._subscriptions if one.ended is None}

    def _last_event_id(self) -> int:
        with self._pool.transaction(SERVICE) as cursor:
            return last_event_id(cursor)

    def _events_after(self, position: int) -> list[AlertEvent]:
        with self._pool.transaction(SERVICE) as cursor:
            return list_events(cursor, position, EVENTS_PER_POLL)

    def _record(self, shown: dict[Subscription, list[AlertEvent]]) -> None:
        """Before anything is handed out: what cannot be recorded is not given."""
        if any(shown.values()):
            with self._pool.transaction(SERVICE) as cursor:
                for client, events in shown.items():
                    record_stream(cursor, client.identity, events)

    def _visible(self, callers: list[Caller], people: list[int | None]) -> set[tuple[Caller, int | None]]:
        with self._pool.transaction(SERVICE) as cursor:
            return visible_pairs(cursor, callers, people)


def record_stream(cursor: Cursor, identity: Identity, events: Sequence[AlertEvent]) -> None:
    """One record of what one client is given at once."""
    if events:
        about = Subject(
            row_count=len(events),
            detail={"from_event": events[0].event_id, "to_event": events[-1].event_id},
            person_ids=[event.person_id for event in events],
        )
        record_allowed(cursor, identity, Action.ALERTS_STREAM, about)
