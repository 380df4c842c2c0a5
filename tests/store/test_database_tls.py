"""The way to a real PostgreSQL by TLS: to the one that proves its name, and to no other."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from ops.errors import ConfigurationError, UnavailableError
from ops.settings import Settings
from store.database import connect
from store.embedded import EmbeddedPostgres
from tests.conftest import cannot_be_had
from tests.servers import timescale
from tests.servers.certificates import Authority
from tests.servers.common import ServerUnavailable, free_port

NAME = "db.cordon.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server_url(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that speaks TLS and plainly, under a name that leads to this machine."""
    own = authority.certified("server", NAME)
    settings = {"ssl": "on", "ssl_cert_file": str(own.certificate), "ssl_key_file": str(own.key)}
    try:
        binaries = timescale.local_binaries()
    except ServerUnavailable as missing:
        cannot_be_had(f"the embedded PostgreSQL is built without TLS, and of TimescaleDB's: {missing}")
    folder = tmp_path_factory.mktemp("tls")
    with EmbeddedPostgres(
        folder, durable=False, loopback_port=free_port(), binaries=binaries, settings=settings
    ) as server:
        yield make_dsn(server.url(), host=NAME, hostaddr="127.0.0.1")


def encryption(url: str) -> tuple[bool, str]:
    """Whether the server says that this connection is encrypted, and how."""
    with closing(connect(url, "test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ssl, coalesce(version, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        (found,) = cursor.fetchall()
    return found


def api_url(url: str, **settings: str) -> str:
    return Settings.model_validate({"database_api_url": url, **settings}).require_database_url("api")


def test_a_server_elsewhere_is_reached_by_tls_and_proves_its_name(server_url: str, authority: Authority) -> None:
    is_encrypted, version = encryption(api_url(server_url, database_ca_file=str(authority.file)))
    assert is_encrypted
    assert version >= "TLSv1.2"


def test_one_that_cannot_prove_it_gets_no_password(server_url: str, authority: Authority, tmp_path: Path) -> None:
    another_authority = api_url(server_url, database_ca_file=str(Authority(tmp_path).file))
    another_name = api_url(make_dsn(server_url, host="elsewhere.example"), database_ca_file=str(authority.file))
    of_the_system = api_url(server_url)
    for url in (another_authority, another_name, of_the_system):
        with pytest.raises(UnavailableError, match=r"certificate|SSL error"):
            connect(url, "test")


def test_one_that_speaks_no_tls_is_left(embedded_server: object, authority: Authority, server_url: str) -> None:
    del embedded_server
    switched_off = api_url(server_url, database_tls="off")
    assert parse_dsn(switched_off) == parse_dsn(server_url)
    assert encryption(make_dsn(switched_off, sslmode="disable")) == (False, "")
    with pytest.raises(ConfigurationError, match="CORDON_DATABASE_API_URL asks for sslmode=disable"):
        api_url(make_dsn(server_url, sslmode="disable"), database_ca_file=str(authority.file))
