"""The way into the database as libpq takes it: with the password of a file, and by verified TLS unless it is local."""

import os
from collections.abc import Iterator, Mapping
from typing import Literal

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from ops.errors import ConfigurationError
from ops.loopback import is_loopback

DatabaseTls = Literal["verify-full", "off"]
VERIFIED = "verify-full"
AUTHORITIES_OF_THE_SYSTEM = "system"


def complete_url(variable: str, url: str, password: str, tls: DatabaseTls, ca_file: str) -> str:
    """``url`` with ``password`` where it holds none, and with TLS that checks the server's name against its
    certificate; a server at a socket or on loopback is left as it is, and so are all with ``tls`` off.

    Raises ConfigurationError that names ``variable``, and nothing of the URL, where it is no URL or asks for less.
    """
    try:
        given = parse_dsn(url)
    except psycopg2.ProgrammingError:
        raise ConfigurationError(
            f"{variable} is no PostgreSQL URL: give one such as postgresql://user@host:5432/cordon"
        ) from None
    added = {} if given.get("password") or not password else {"password": password}
    if tls == VERIFIED and not all(map(_is_local, _hosts(given))):
        if given.get("sslmode", VERIFIED) != VERIFIED:
            raise ConfigurationError(
                f"{variable} asks for sslmode={given['sslmode']}, which does not check whose server answers: take it"
                " out, or say CORDON_DATABASE_TLS=off where the network is the database's own"
            )
        added |= {"sslmode": VERIFIED, "sslrootcert": given.get("sslrootcert", ca_file or AUTHORITIES_OF_THE_SYSTEM)}
    return make_dsn(url, **added) if added else url


def _hosts(given: Mapping[str, str]) -> Iterator[str]:
    """Names and addresses of the servers; with none, libpq takes its own variables, and then its socket."""
    if given.get("service") or os.environ.get("PGSERVICE"):
        yield "of a service file"
    for name, variable in (("host", "PGHOST"), ("hostaddr", "PGHOSTADDR")):
        yield from (given.get(name) or os.environ.get(variable, "")).split(",")


def _is_local(host: str) -> bool:
    return not host or host.startswith(("/", "@")) or is_loopback(host)
