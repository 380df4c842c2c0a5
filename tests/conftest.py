"""What tests share: real servers, started on first use and once a session, and fresh databases on them."""

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

import psycopg2
import pytest
from psycopg2 import sql

from store.embedded import EmbeddedPostgres
from tests.servers import common, kafka_process, timescale
from tests.servers import kafka as broker
from tests.servers.broker import Kafka
from tests.servers.timescale import DatabaseServer
from tests.support.database import DatabaseUrls, prepare_database

INSTALLED_BY = {"kafka": kafka_process.NAME, "timescale_server": timescale.NAME}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The test that comes first also installs the server, which may take longer than a test may."""
    missing = {fixture for fixture, name in INSTALLED_BY.items() if not (common.INSTALLED / name).exists()}
    for item in items:
        if missing & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(common.INSTALL_SECONDS + 180))


def cannot_be_had(reason: str) -> NoReturn:
    """A visible skip; in CI, where everything has to be there, a failure."""
    if os.environ.get("CI") == "true":
        raise pytest.fail.Exception(reason, pytrace=False) from None
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real broker. A test that stops it takes `stoppable_kafka`."""
    with _or_skip(), broker.running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture
def stoppable_kafka(kafka: Kafka) -> Iterator[Kafka]:
    """The same broker, for a test that stops, kills or freezes it; it runs again afterwards."""
    if not kafka.controllable:
        cannot_be_had(f"the Kafka that {broker.VARIABLE} names is not ours to stop")
    try:
        yield kafka
    finally:
        kafka.ensure_running()


@pytest.fixture(scope="session")
def timescale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    with _or_skip(), timescale.running_timescale(tmp_path_factory.mktemp("timescale")) as running:
        yield running


@pytest.fixture(scope="session")
def embedded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("embedded"), durable=False) as running:
        yield running


@pytest.fixture
def empty_timescale_database(timescale_server: DatabaseServer) -> Iterator[str]:
    """The superuser's address of a fresh database on TimescaleDB."""
    with _fresh_database(timescale_server) as url:
        yield url


@pytest.fixture
def empty_embedded_database(embedded_server: DatabaseServer) -> Iterator[str]:
    """The superuser's address of a fresh database on the embedded PostgreSQL."""
    with _fresh_database(embedded_server) as url:
        yield url


@pytest.fixture
def migrated_database(empty_embedded_database: str) -> DatabaseUrls:
    """A fresh, migrated database on the embedded PostgreSQL, with logins that own nothing."""
    return prepare_database(empty_embedded_database)


@pytest.fixture
def migrated_timescale_database(empty_timescale_database: str) -> DatabaseUrls:
    """The same on TimescaleDB."""
    return prepare_database(empty_timescale_database)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that is too large for the repository."""
    folder = common.ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        cannot_be_had(f"the shared data are not in {folder}")
    return folder


@contextmanager
def _or_skip() -> Iterator[None]:
    try:
        yield
    except common.ServerUnavailable as missing:
        cannot_be_had(str(missing))


@contextmanager
def _fresh_database(server: DatabaseServer) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _execute(server.url(), sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        yield server.url(name)
    finally:
        _execute(server.url(), sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(url: str, statement: sql.Composed) -> None:
    """Run a statement that no transaction may hold."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
