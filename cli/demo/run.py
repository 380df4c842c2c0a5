"""The demo from its first line to its last: start, feed, watch, account, stop."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from cli.demo.crime import DemoCrime
from cli.demo.feed import Feed
from cli.demo.ports import LOOPBACK, choose_port
from cli.demo.processes import Service, running_database, running_service
from cli.demo.seeding import Keys, make_keys, seed
from cli.demo.signals import StopRequested, StopSignals
from cli.demo.watch import AlertWatch
from cli.demo.wording import figures, welcome
from cli.owner import DEMO_DATABASE, OWNER
from ops.settings import Settings
from sim.world import World
from store.database import SERVICE, Pool, connect
from store.summary import Holdings, RunFigures, holdings, run_figures, server_time

SEED = 1
STEP_SECONDS = 0.25
DRAIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Options:
    seconds: float | None
    wearers: int
    port: int | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the run before has left, what this one may use, and the moment from which it counts."""

    found: Holdings
    keys: Keys
    since: datetime


@dataclass(frozen=True, slots=True)
class Running:
    """The demo once its service is ready."""

    service: Service
    pool: Pool
    feed: Feed
    watch: AlertWatch
    crime: DemoCrime
    since: datetime

    def step(self) -> None:
        self.service.check()
        self.feed.send_due(now_us())
        self.watch.tell_changes()
        self.crime.step()

    def figures(self) -> RunFigures:
        with self.pool.transaction(SERVICE) as cursor:
            return run_figures(cursor, self.since)


def run_demo(options: Options, settings: Settings) -> None:
    """Run until asked to stop, or for ``options.seconds`` of pings; CordonError when something it needs ends."""
    began = time.monotonic()
    stopping = StopSignals()
    stopping.listen()
    try:
        with _started(options, settings, stopping, began) as demo:
            _feed_and_watch(demo, stopping, options.seconds)
            if not stopping.requested:
                _drain(demo)
            say(f"\nThis run\n{figures(demo.feed.accepted, demo.feed.refused, demo.figures())}\n\nStopping ...")
    except StopRequested:
        say("\nStopped before it was ready.")
    else:
        say("Stopped: every process it started has ended. The data are kept for the next run.")


@contextmanager
def _started(options: Options, settings: Settings, stopping: StopSignals, began: float) -> Iterator[Running]:
    port, passed_over = choose_port(options.port, settings.api_port)
    address = f"http://{LOOPBACK}:{port}"
    if passed_over:
        say(f"Port {settings.api_port} is busy, so the API listens on {port}.")
    say("Starting PostgreSQL, worker, watch, matcher, duty, sealer and API ...")
    world = World(SEED, options.wearers, start_us=0)
    with running_database(settings, stopping) as server:
        owner_url = server.url(DEMO_DATABASE, OWNER)
        prepared = _prepare(owner_url, world)
        with (
            running_service(settings, server, port, stopping) as service,
            service.blamed(),
            closing(Pool(owner_url, "cordon-demo", size=1)) as pool,
        ):
            say(welcome(prepared.found, prepared.keys, address, options.wearers, options.seconds))
            feed = Feed(replace(world, start_us=now_us()), port, prepared.keys.source)
            crime = DemoCrime(pool, say)
            watch = AlertWatch(pool, address, say, began, crime.happen)
            yield Running(service, pool, feed, watch, crime, prepared.since)


def _prepare(owner_url: str, world: World) -> Prepared:
    with closing(connect(owner_url, "cordon-demo")) as connection, connection, connection.cursor() as cursor:
        found, since = holdings(cursor), server_time(cursor)
        seed(cursor, world)
        return Prepared(found, make_keys(cursor), since)


def _feed_and_watch(demo: Running, stopping: StopSignals, seconds: float | None) -> None:
    until = None if seconds is None else time.monotonic() + seconds
    while not stopping.requested and (until is None or time.monotonic() < until):
        demo.step()
        time.sleep(STEP_SECONDS)


def _drain(demo: Running) -> None:
    """Wait until the worker has judged what was received, so that the account adds up, and a crime is matched."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        demo.service.check()
        demo.watch.tell_changes()
        demo.crime.step()
        run = demo.figures()
        if run.stored + run.quarantined + run.rejected >= demo.feed.accepted and not demo.crime.is_pending:
            return
        time.sleep(STEP_SECONDS)


def now_us() -> int:
    return time.time_ns() // 1000


def say(text: str) -> None:
    print(text, flush=True)
