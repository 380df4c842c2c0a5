"""The stage: a database, a server of the API and the processes of the service, all of the scenario's own.

Everything is real but time: the processes are stepped one after the other instead of running by themselves, so that
what happens at one moment always happens in the same order.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from alerts.deliver_all import message_sender, webhook_sender
from alerts.deliver_messages import MessageSender
from alerts.deliver_webhooks import WebhookSender
from alerts.duty.duty import Duty
from alerts.duty.run import make_duty
from api.app import create_app
from api.server import make_server
from api.services import open_services
from ingest.run import worker_configuration
from ingest.sinks import open_source
from ingest.watch.broker import QueueWatchBroker
from ingest.watch.run import make_watcher
from ingest.watch.watcher import Watcher
from ingest.worker import Worker
from model.notices import NoticeChannel
from ops.errors import UnavailableError
from ops.settings import Settings
from store.database import SERVICE, Connection, Cursor, Pool, connect
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.one_at_work import OneAtWork
from store.provision import allow_logins, ensure_database
from store.scenario import install_clock, set_clock, waiting_channels, waits_for_provider, waits_for_worker
from store.webhooks import channel_of

DATABASE = "scenario"
OWNER = "postgres"
LOOPBACK = "127.0.0.1"
START_WITHIN_S = 20.0
TICK_S = 900
"""Between two looks at everybody. The limits of deafness are set so that this does not seem deaf."""
QUIET_S = 1790


@dataclass(frozen=True, slots=True)
class Webhook:
    channel: str  # its name in the outbox
    sender: WebhookSender


@dataclass(frozen=True, slots=True)
class Stage:
    settings: Settings
    owner: Pool
    url: str  # of the API
    worker: Worker
    watcher: Watcher
    duty: Duty
    message_senders: Sequence[MessageSender]
    _beats: Connection

    @contextmanager
    def owned(self) -> Iterator[Cursor]:
        """A cursor of the database's owner, in one transaction."""
        with self.owner.transaction(SERVICE) as cursor:
            yield cursor

    def set_clock(self, reads: datetime) -> None:
        with self.owned() as cursor:
            set_clock(cursor, reads)

    def webhook(self, webhook_id: int) -> Webhook:
        """One that is registered."""
        return Webhook(channel_of(webhook_id), webhook_sender(self.settings, self._connect_worker, webhook_id))

    def be_on_duty(self) -> None:
        """The timetable does what is due, and what it told is sent; messages taken before may have arrived by now."""
        self._send_messages()
        while self.duty.round() == 0:
            pass
        self._send_messages()

    def post(self, webhooks: Sequence[Webhook]) -> None:
        """The alert events that wait for these receivers."""
        with self.owned() as cursor:
            channels = waiting_channels(cursor)
        _step_to_the_end([one.sender for one in webhooks if one.channel in channels])

    def _send_messages(self) -> None:
        if self._asks(waits_for_provider):
            _step_to_the_end(self.message_senders)

    def _connect_worker(self) -> Connection:
        return connect(self.settings.require_database_url("worker"), "cordon-deliver")

    def judge(self) -> None:
        """The worker takes what came in, to the end; then the watch looks once. Raises UnavailableError if it hangs."""
        with self._beats, self._beats.cursor() as cursor:
            QueueWatchBroker(self.settings).beat(cursor)
        self._work()
        self.watcher.round()

    def _work(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        self.worker.round()
        while self._asks(waits_for_worker):
            if time.monotonic() > deadline:
                raise UnavailableError("the worker does not come to an end with what was sent")
            self.worker.round()

    def _asks(self, waits: Callable[[Cursor], bool]) -> bool:
        with self.owned() as cursor:
            return waits(cursor)


@contextmanager
def staged(folder: Path, starts: datetime, notify_url: str) -> Iterator[Stage]:
    """All of it, ready at the time ``starts``; nothing is left running at the end. Messages go to ``notify_url``."""
    with ExitStack() as undo:
        server = undo.enter_context(EmbeddedPostgres(folder, durable=False))
        ensure_database(server.url(), DATABASE)
        owner_url = server.url(DATABASE, OWNER)
        migrate(owner_url)
        allow_logins(owner_url)
        owner = undo.enter_context(closing(Pool(owner_url, "cordon-scenario", size=2)))
        with owner.transaction(SERVICE) as cursor:
            install_clock(cursor, starts)
        settings = _settings(server, notify_url)
        url = undo.enter_context(_serving(settings))
        worker_url = settings.require_database_url("worker")
        connect_worker = partial(connect, worker_url, "cordon-worker")
        worker = Worker(worker_configuration(settings), open_source(settings), connect_worker)
        undo.callback(worker.close)
        senders = [message_sender(settings, connect_worker, channel) for channel in NoticeChannel]
        beats = undo.enter_context(closing(connect_worker()))
        watcher, duty = make_watcher(settings), make_duty(settings)
        message_senders = [sender for sender in senders if sender is not None]
        for one in (watcher, duty, *message_senders):
            undo.callback(let_go, one)
        yield Stage(settings, owner, url, worker, watcher, duty, message_senders, beats)


def _step_to_the_end(ones: Sequence[OneAtWork]) -> None:
    for one in ones:
        while one.round() == 0:
            pass


def let_go(one: OneAtWork) -> None:
    """Of its connections: as a process that is told to stop does, without another round."""
    stopped = threading.Event()
    stopped.set()
    one.run(stopped)


def _settings(server: EmbeddedPostgres, notify_url: str) -> Settings:
    """The defaults, whatever the environment says, but for limits that the scenario's long steps would run into."""
    defaults = {name: field.get_default(call_default_factory=True) for name, field in Settings.model_fields.items()}
    own = {
        "database_worker_url": server.url(DATABASE, "cordon_worker"),
        "database_api_url": server.url(DATABASE, "cordon_api"),
        "api_port": 0,
        "heartbeat_every_s": 60,
        "deaf_after_s": 2 * TICK_S,
        "deaf_quiet_s": QUIET_S,
        "public_url": "https://cordon.example",
        "email_by": "notify",
        "notify_url": notify_url,
        "notify_api_key": f"scenario-{UUID(int=1)}-{UUID(int=2)}",
        "notify_email_template": str(UUID(int=3)),
        "notify_sms_template": str(UUID(int=4)),
        "webhook_allow_http": True,
        "webhook_timeout_s": 2,
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
