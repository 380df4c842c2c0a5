"""The folder of an embedded PostgreSQL: its locks, what a killed server leaves in it, and where its socket is."""

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from store.embedded.account import Account

_LONGEST_SOCKET_FOLDER = 80
"""A socket's path ends at 103 to 107 bytes, and PostgreSQL adds a name and `.lock`."""

_FORMER_SERVER_SECONDS = 30.0


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be started or stopped; the message says why."""


def running_url(folder: Path, database: str, user: str) -> str | None:
    """The libpq address of a database of the server that runs on a folder, whoever started it; None: none is ready."""
    try:
        with (folder / "server.lock").open("rb") as lock:
            if _locked(lock):
                return None
        socket_folder = ready_socket_folder(folder / "data")
    except FileNotFoundError:
        return None
    if socket_folder is None:
        return None
    return f"postgresql://{quote(user)}@/{quote(database)}?host={quote(socket_folder, safe='')}"


def ready_socket_folder(data: Path) -> str | None:
    """What the server's own note says: line 5 is the socket's folder, line 8 the state."""
    lines = [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    return lines[4] if lines[7:8] == ["ready"] else None


@contextmanager
def owner_lock(folder: Path) -> Iterator[None]:
    """Held by the one program that may start a server on the folder."""
    with (folder / "owner.lock").open("ab") as lock:
        if not _locked(lock):
            raise EmbeddedPostgresError(f"PostgreSQL is already running on {folder}, started by another program")
        yield


@contextmanager
def server_lock(folder: Path) -> Iterator[IO[bytes]]:
    """Inherited by every process of the server: whoever gets it knows that none is left of an earlier server."""
    with (folder / "server.lock").open("ab") as lock:
        deadline = time.monotonic() + _FORMER_SERVER_SECONDS
        while not _locked(lock):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"the former PostgreSQL on {folder} does not end")
            time.sleep(0.05)
        yield lock


def forget_dead_server(data: Path) -> None:
    """Remove what a killed server left, as its process number may be another process's by now."""
    pid_file = data / "postmaster.pid"
    if sys.platform != "linux" or not pid_file.exists():
        return  # PostgreSQL judges the file itself, by the number alone
    pid = pid_file.read_text().partition("\n")[0]
    if _works_in(pid, data):
        raise EmbeddedPostgresError(f"PostgreSQL is already running on {data} as process {pid}")
    pid_file.unlink()


@contextmanager
def socket_folder(folder: Path, account: Account) -> Iterator[Path]:
    """A private folder whose path a socket can have: `socket` in the folder itself, or else a temporary one.

    libpq and PostgreSQL read a comma as the start of another socket's path.
    """
    own = folder / "socket"
    if len(os.fsencode(own)) <= _LONGEST_SOCKET_FOLDER and not {",", '"'} & set(str(own)):
        own.mkdir(mode=0o700, exist_ok=True)
        account.take(own)
        yield own
        return
    with tempfile.TemporaryDirectory(prefix="cordon-", ignore_cleanup_errors=True) as name:
        account.take(Path(name))
        yield Path(name)


def tail(log: Path) -> str:
    """The last lines of a server's log, for an error."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _works_in(pid: str, data: Path) -> bool:
    """Whether the process works in the cluster, as a PostgreSQL server of it does."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except (FileNotFoundError, PermissionError):  # ended, or of a user who cannot be the cluster's
        return False
