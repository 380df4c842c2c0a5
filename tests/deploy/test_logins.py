"""The script that makes the database's owner and logins, run on a real server; then migrated as that owner."""

import os
import subprocess
from collections import Counter
from contextlib import closing
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from ingest.retention import Run
from model.retention import default_document, parse_rules
from store.database import SCHEMA, connect
from store.embedded import wheel_binaries
from store.migrate import migrate
from tests.deploy.compose import ROOT
from tests.servers.timescale import DatabaseServer
from tests.support.matching import IDENTITY

SCRIPT = ROOT / "deploy/database/10-logins.sh"
PASSWORDS = {
    "owner": "ownerpassword0001",
    "worker": "workerpassword0001",
    "api": "apipassword000001",
    "sealer": "sealerpassword0001",
    "keeper": "keeperpassword0001",
}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    for role, password in PASSWORDS.items():
        (tmp_path / f"database_{role}_password").write_text(password)
    return tmp_path


def _run(superuser_url: str, secrets: Path) -> subprocess.CompletedProcess[str]:
    server = parse_dsn(superuser_url)
    environment = {
        "PATH": f"{wheel_binaries()}{os.pathsep}{os.environ['PATH']}",
        "SECRETS_FOLDER": str(secrets),
        "PGHOST": server["host"],
        "PGPORT": server["port"],
        "PGPASSWORD": server.get("password", ""),
        "POSTGRES_USER": server["user"],
        "POSTGRES_DB": server["dbname"],
    }
    command = ["bash", str(SCRIPT)]  # the machine's bash
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _attempt(url: str, statement: str) -> None:
    with (
        closing(psycopg2.connect(url, options=f"-c search_path={SCHEMA}")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def _log_settings(url: str) -> tuple[str, ...]:
    names = ("log_min_error_statement", "log_error_verbosity", "log_statement", "log_min_duration_statement")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting(name) FROM unnest(%s) WITH ORDINALITY AS one (name, place)", (list(names),)
        )
        return tuple(value for (value,) in cursor.fetchall())


def test_the_owner_migrates_and_the_logins_own_nothing(timescale_server: DatabaseServer, secrets: Path) -> None:
    database = "cordon_logins"
    with closing(psycopg2.connect(timescale_server.url())) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(f"DROP DATABASE IF EXISTS {database}")
        cursor.execute(f"CREATE DATABASE {database} TEMPLATE template0")
    superuser_url = timescale_server.url(database)
    try:
        made = _run(superuser_url, secrets)
        assert made.returncode == 0, made.stderr
        logins = {"owner": "cordon_owner"} | {role: f"cordon_{role}_login" for role in ("worker", "api", "keeper")}
        urls = {role: make_dsn(superuser_url, user=login, password=PASSWORDS[role]) for role, login in logins.items()}

        assert migrate(urls["owner"])
        assert migrate(urls["owner"]) == []

        _attempt(urls["worker"], "CREATE TEMPORARY TABLE arriving (LIKE positions) ON COMMIT DELETE ROWS")
        _attempt(urls["worker"], "SELECT FROM positions")
        _attempt(urls["api"], "CREATE TEMPORARY TABLE staged (crn text) ON COMMIT DROP")
        _attempt(urls["api"], "SELECT FROM alerts")
        with closing(connect(urls["keeper"], "test")) as connection:
            assert Run(connection, parse_rules(default_document()), IDENTITY).delete() == Counter()
        assert _log_settings(urls["api"]) == ("panic", "terse", "none", "-1"), "no statement, and no row, is in a log"
        for role, forbidden in [
            ("worker", "CREATE TABLE cordon.mine ()"),
            ("worker", "CREATE TABLE public.mine ()"),
            ("worker", "DELETE FROM positions"),
            ("worker", "UPDATE positions SET flags = 0"),
            ("worker", "SELECT FROM audit_log"),
            ("keeper", "INSERT INTO people (crn, name) VALUES ('X1', 'Sam')"),
            ("keeper", "UPDATE positions SET flags = 0"),
            ("keeper", "SELECT FROM audit_log"),
            ("keeper", "SELECT FROM cordon_protected.addresses"),
            ("api", "SELECT FROM positions"),
            ("api", "SELECT FROM audit_log"),
            ("api", "SELECT FROM access_tokens"),
            ("api", "CREATE ROLE mine"),
            ("owner", "CREATE ROLE mine"),
        ]:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                _attempt(urls[role], forbidden)
    finally:
        with closing(psycopg2.connect(timescale_server.url())) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(f"DROP DATABASE {database} WITH (FORCE)")
            cursor.execute("DROP ROLE IF EXISTS cordon_owner, cordon_worker_login, cordon_api_login")
            cursor.execute("DROP ROLE IF EXISTS cordon_keeper_login")


@pytest.mark.parametrize("weak", ["", "short", "with-a-dash-and-20-characters", "quote'sixteencharacters"])
def test_a_weak_or_unfit_password_is_refused(secrets: Path, weak: str) -> None:
    (secrets / "database_api_password").write_text(weak)
    refused = _run("postgresql://postgres@127.0.0.1:1/postgres", secrets)
    assert refused.returncode != 0
    assert "database_api_password must have at least 16" in refused.stderr
    assert weak == "" or weak not in refused.stderr
