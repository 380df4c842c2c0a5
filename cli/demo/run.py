"""The demo from its first line to its last: start, feed, watch, account, stop."""

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime

from cli.demo.feed import Feed
from cli.demo.ports import LOOPBACK, choose_port
from cli.demo.processes import Service, running_database, running_service
from cli.demo.seeding import Keys, make_keys, seed
from cli.demo.signals import StopRequested, StopSignals
from cli.demo.watch import AlertWatch
from cli.demo.wording import figures
from cli.owner import DEMO_DATABASE, OWNER
from ops.settings import Settings
from sim.world import World
from store.database import Connection, connect
from store.summary import Holdings, holdings, run_figures, server_time

SEED = 1
STEP_SECONDS = 0.25
DRAIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Options:
    seconds: float | None
    wearers: int
    port: int | None


def run_demo(options: Options, settings: Settings) -> None:
    """Run until asked to stop, or for ``options.seconds`` of pings; CordonError when something it needs ends."""
    began = time.monotonic()
    with StopSignals() as stopping:
        try:
            _run(options, settings, stopping, began)
        except StopRequested:
            say("\nStopped before it was ready.")
        else:
            say("Stopped: every process it started has ended. The data are kept for the next `make demo`.")


def say(text: str) -> None:
    print(text, flush=True)


def _run(options: Options, settings: Settings, stopping: StopSignals, began: float) -> None:
    port, passed_over = choose_port(options.port, settings.api_port)
    address = f"http://{LOOPBACK}:{port}"
    if passed_over:
        say(f"Port {settings.api_port} is busy, so the API listens on {port}.")
    say("Starting PostgreSQL, worker and API ...")
    with ExitStack() as running:
        server = running.enter_context(running_database(settings, stopping))
        connection = running.enter_context(closing(connect(server.url(DEMO_DATABASE, OWNER), "cordon-demo")))
        world = World(SEED, options.wearers, start_us=0)
        found, since, keys = _prepare(connection, world)
        service = running.enter_context(running_service(settings, server, port, stopping))
        say(_welcome(found, options, address, keys))
        feed = Feed(replace(world, start_us=_now_us()), port, keys.source)
        watch = AlertWatch(connection, address, say, began)
        _loop(feed, watch, service, stopping, options.seconds)
        if not stopping.requested:
            _drain(connection, feed, watch, service, since)
        with connection, connection.cursor() as cursor:
            say(f"\nThis run\n{figures(feed.received, run_figures(cursor, since))}\n")
        say("Stopping ...")


def _prepare(connection: Connection, world: World) -> tuple[Holdings, datetime, Keys]:
    """What an earlier run has left, the moment from which this one counts, and the keys of this one."""
    with connection, connection.cursor() as cursor:
        found, since = holdings(cursor), server_time(cursor)
        seed(cursor, world)
    return found, since, make_keys(connection)


def _now_us() -> int:
    return time.time_ns() // 1000


def _welcome(found: Holdings, options: Options, address: str, keys: Keys) -> str:
    before = (
        f"Found the data of earlier runs: {found.people} people, {found.positions} positions, {found.alerts} alerts."
        if found.people
        else "A new database."
    )
    until = "until Ctrl-C" if options.seconds is None else f"for {options.seconds:g} seconds"
    return f"""
{before}
{options.wearers} simulated wearers send a position every 2 to 5 seconds each, {until}.

  Open       {address}/docs
  Sign in    as the duty officer, who sees everybody, with the token
               {keys.duty_officer}
             or as {keys.practitioner_subject}, who sees their own caseload, with
               {keys.practitioner}
  Try        curl -H 'Authorization: Bearer {keys.duty_officer}' '{address}/v1/alerts'

Waiting for the first breach; some wearers are about to enter their exclusion zones ..."""


def _loop(feed: Feed, watch: AlertWatch, service: Service, stopping: StopSignals, seconds: float | None) -> None:
    until = None if seconds is None else time.monotonic() + seconds
    while not stopping.requested and (until is None or time.monotonic() < until):
        service.check()
        feed.send_due(_now_us())
        watch.tell_changes()
        time.sleep(STEP_SECONDS)


def _drain(connection: Connection, feed: Feed, watch: AlertWatch, service: Service, since: datetime) -> None:
    """Wait until the worker has judged what was received, so that the account adds up."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        service.check()
        watch.tell_changes()
        with connection, connection.cursor() as cursor:
            run = run_figures(cursor, since)
        if run.stored + run.quarantined + run.rejected >= feed.received:
            return
        time.sleep(STEP_SECONDS)
