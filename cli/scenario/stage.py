"""The stage: a database, a server of the API and the processes of the service, all of the scenario's own.

Everything is real but time: the processes are stepped one after the other instead of running by themselves, so that
what happens at one moment always happens in the same order.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.app import create_app
from api.server import make_server
from api.services import open_services
from ingest.run import worker_configuration
from ingest.sinks import open_source
from ingest.watch.broker import QueueWatchBroker
from ingest.watch.run import make_watcher
from ingest.watch.watcher import Watcher
from ingest.worker import Worker
from ops.errors import UnavailableError
from ops.settings import Settings
from store.database import SERVICE, Connection, Pool, connect
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.provision import allow_logins, ensure_database
from store.scenario import install_clock, set_clock, waits_for_worker

DATABASE = "scenario"
OWNER = "postgres"
LOOPBACK = "127.0.0.1"
START_WITHIN_S = 20.0
TICK_S = 900
"""Between two looks at everybody. The limits of deafness are set so that this does not seem deaf."""
QUIET_S = 1790


@dataclass(frozen=True, slots=True)
class Stage:
    settings: Settings
    owner: Pool
    url: str  # of the API
    worker: Worker
    watcher: Watcher
    _beats: Connection

    def set_clock(self, reads: datetime) -> None:
        with self.owner.transaction(SERVICE) as cursor:
            set_clock(cursor, reads)

    def judge(self) -> None:
        """The worker takes what came in, to the end; then the watch looks once. Raises UnavailableError if it hangs."""
        with self._beats, self._beats.cursor() as cursor:
            QueueWatchBroker(self.settings).beat(cursor)
        self._work()
        self.watcher.round()

    def _work(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while self._waits():
            if time.monotonic() > deadline:
                raise UnavailableError("the worker does not come to an end with what was sent")
            self.worker.round()

    def _waits(self) -> bool:
        with self.owner.transaction(SERVICE) as cursor:
            return waits_for_worker(cursor)


@contextmanager
def staged(folder: Path, starts: datetime) -> Iterator[Stage]:
    """All of it, ready at the time ``starts``; nothing is left running at the end."""
    with ExitStack() as undo:
        server = undo.enter_context(EmbeddedPostgres(folder, durable=False))
        ensure_database(server.url(), DATABASE)
        owner_url = server.url(DATABASE, OWNER)
        migrate(owner_url)
        allow_logins(owner_url)
        owner = undo.enter_context(closing(Pool(owner_url, "cordon-scenario", size=2)))
        with owner.transaction(SERVICE) as cursor:
            install_clock(cursor, starts)
        settings = _settings(server)
        url = undo.enter_context(_serving(settings))
        worker_url = settings.require_database_url("worker")
        worker = Worker(worker_configuration(settings), open_source(settings), lambda: connect(worker_url, "cordon-worker"))
        undo.callback(worker.close)
        watcher = make_watcher(settings)
        beats = undo.enter_context(closing(connect(worker_url, "cordon-scenario")))
        yield Stage(settings, owner, url, worker, watcher, beats)


def _settings(server: EmbeddedPostgres) -> Settings:
    """The defaults, whatever the environment says, but for limits that the scenario's long steps would run into."""
    defaults = {name: field.get_default(call_default_factory=True) for name, field in Settings.model_fields.items()}
    own = {
        "database_worker_url": server.url(DATABASE, "cordon_worker"),
        "database_api_url": server.url(DATABASE, "cordon_api"),
        "api_port": 0,
        "heartbeat_every_s": 60,
        "deaf_after_s": 2 * TICK_S,
        "deaf_quiet_s": QUIET_S,
    }
    return Settings.model_validate(defaults | own)


@contextmanager
def _serving(settings: Settings) -> Iterator[str]:
    """The address of the API on a server in a thread, which is asked over loopback as any other."""
    server = make_server(create_app(settings, open_services(settings)), settings)
    thread = threading.Thread(target=server.run, name="api")
    thread.start()
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise UnavailableError("the API of the scenario did not start")
            time.sleep(0.01)
        yield f"http://{LOOPBACK}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_WITHIN_S)
