"""What tests share: real servers, started on first use and once a session, and fresh databases on them."""

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

import psycopg2
import pytest
from hypothesis import settings
from psycopg2 import sql

from store.embedded import EmbeddedPostgres
from tests.servers import common, identity_provider, kafka_process, timescale
from tests.servers import kafka as broker
from tests.servers.broker import Kafka
from tests.servers.timescale import DatabaseServer
from tests.support.database import DatabaseUrls, prepare_database

if os.environ.get("CI") != "true":  # there, Hypothesis is patient and repeatable of its own accord
    settings.register_profile("patient", deadline=None)  # a busy machine is not a failure
    settings.load_profile("patient")

INSTALLED_BY = {
    "kafka": kafka_process.NAME,
    "timescale_server": timescale.NAME,
    "identity_provider_packages": identity_provider.NAME,
}


LONGEST = (
    "test_faults.py",
    "test_demo.py",
    "test_scenario.py",
    "test_deaf.py",
    "test_matching_faults.py",
    "test_kafka_source.py",
)
"""These files begin, so that the run does not end by waiting for one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The test that comes first also installs the server, which may take longer than a test may."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
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
def identity_provider_packages() -> Path:
    """The folder of what an identity provider of a test runs from."""
    with _or_skip():
        return identity_provider.packages()


@pytest.fixture(scope="session")
def embedded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("embedded"), durable=False) as running:
        yield running


@pytest.fixture
def empty_timescale_database(timescale_server: DatabaseServer) -> Iterator[str]:
    """The superuser's address of a fresh database on TimescaleDB."""
    with fresh_database(timescale_server) as url:
        yield url


@pytest.fixture
def empty_embedded_database(embedded_server: DatabaseServer) -> Iterator[str]:
    """The superuser's address of a fresh database on the embedded PostgreSQL."""
    with fresh_database(embedded_server) as url:
        yield url


@pytest.fixture(scope="session")
def embedded_template(embedded_server: DatabaseServer) -> Iterator[str]:
    """The name of a migrated database that others are copied from, which takes a quarter of the time."""
    with _migrated_template(embedded_server) as name:
        yield name


@pytest.fixture(scope="session")
def timescale_template(timescale_server: DatabaseServer) -> Iterator[str]:
    """The same on TimescaleDB."""
    with _migrated_template(timescale_server) as name:
        yield name


@pytest.fixture
def migrated_database(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[DatabaseUrls]:
    """A fresh, migrated database on the embedded PostgreSQL, with logins that own nothing."""
    with fresh_database(embedded_server, embedded_template) as url:
        yield DatabaseUrls.of(url)


@pytest.fixture
def migrated_timescale_database(timescale_server: DatabaseServer, timescale_template: str) -> Iterator[DatabaseUrls]:
    """The same on TimescaleDB."""
    with fresh_database(timescale_server, timescale_template) as url:
        yield DatabaseUrls.of(url)


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
def fresh_database(server: DatabaseServer, template: str = "template0") -> Iterator[str]:
    """The superuser's address of a copy of ``template`` that is dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    _execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield server.url(name)
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def _migrated_template(server: DatabaseServer) -> Iterator[str]:
    """Closed to connections, for a database is copied only while nobody is in it, not even TimescaleDB's scheduler."""
    with fresh_database(server) as url:
        prepare_database(url)
        with closing(psycopg2.connect(url)) as connection:
            name = connection.info.dbname
        _execute(server, "ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
        with closing(psycopg2.connect(server.url())) as connection, connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield name


def _execute(server: DatabaseServer, statement: str, *names: str) -> None:
    """Run a statement that no transaction may hold."""
    with closing(psycopg2.connect(server.url())) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
