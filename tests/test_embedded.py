"""The embedded PostgreSQL on this machine: what it keeps, what it closes, and how it ends."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from store.embedded import EmbeddedPostgres, EmbeddedPostgresError, running_url
from store.embedded import account as accounts
from store.embedded.account import Account

OWNER = """
import sys, time
from pathlib import Path
from store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to put off being root")


def value(url: str, statement: str) -> object:
    """Run one statement in its own transaction; the first column of its first row, or None."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def gone(pid: int, seconds: float = 15) -> bool:
    """Whether no process of that number is left within the time; a zombie that nobody waits for counts as gone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another program that has started a server on tmp_path/pg, and the server's process number."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "pg")], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        yield program, int(program.stdout.readline())
        program.kill()


def test_data_survive_a_restart(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    with server:
        assert value(server.url(), "SHOW server_encoding") == "UTF8"
        assert value(server.url(), "SHOW fsync") == "on"
        value(server.url(), "CREATE TABLE kept AS SELECT 'façade' AS word")
    with server:
        assert value(server.url(), "SELECT word FROM kept") == "façade"


def test_only_the_private_folder_leads_in() -> None:
    # not pytest's folder, whose path may be so long that the socket lies elsewhere
    with tempfile.TemporaryDirectory() as short, EmbeddedPostgres(Path(short) / "pg") as server:
        assert value(server.url(), "SHOW listen_addresses") == ""
        assert [mode(server.folder / name) for name in (".", "data", "socket")] == [0o700] * 3
        assert "host" not in {
            line.split()[0]
            for line in (server.folder / "data/pg_hba.conf").read_text().splitlines()
            if line and not line.startswith("#") and not line.endswith("reject")
        }


def test_parent_folders_keep_their_rights(tmp_path: Path) -> None:
    parent = tmp_path / "closed"
    parent.mkdir(mode=0o700)
    with EmbeddedPostgres(parent / "pg") as server:
        value(server.url(), "SELECT 1")
    assert mode(parent) == 0o700


def test_a_long_path_gets_a_short_socket_that_is_removed(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / ("long" * 40), durable=False) as server:
        sockets = Path(str(value(server.url(), "SHOW unix_socket_directories")).strip('"'))
        assert mode(sockets) == 0o700
        assert value(server.url("template1"), "SELECT current_database()") == "template1"
    assert not sockets.exists()


@pytest.mark.parametrize("name", ["a b", "a,b", "a&b%20=?'\""])
def test_a_path_with_marks_that_addresses_use(name: str) -> None:
    with (
        tempfile.TemporaryDirectory() as parent,  # shorter than tmp_path, so that the socket is in the folder if it can
        EmbeddedPostgres(Path(parent) / name, durable=False) as server,
    ):
        assert value(server.url(), "SHOW fsync") == "off"


def test_the_address_is_found_by_another_program(tmp_path: Path) -> None:
    assert running_url(tmp_path / "pg", "postgres", "postgres") is None
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        assert running_url(tmp_path / "pg", "postgres", "postgres") == server.url()
    assert running_url(tmp_path / "pg", "postgres", "postgres") is None
    with pytest.raises(EmbeddedPostgresError, match="not started"):
        server.url()


def test_a_second_start_says_who_is_in_the_way(tmp_path: Path) -> None:
    with (
        EmbeddedPostgres(tmp_path / "pg", durable=False) as server,
        pytest.raises(EmbeddedPostgresError, match="already running"),
    ):
        EmbeddedPostgres(server.folder).start()


def test_another_program_s_server_is_in_the_way(tmp_path: Path, owner: tuple[subprocess.Popen[str], int]) -> None:
    assert running_url(tmp_path / "pg", "postgres", "postgres") is not None
    with pytest.raises(EmbeddedPostgresError, match="already running"):
        EmbeddedPostgres(tmp_path / "pg").start()
    assert owner[0].poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_killing_the_program_leaves_no_orphan(tmp_path: Path, owner: tuple[subprocess.Popen[str], int]) -> None:
    program, server_pid = owner
    program.kill()
    program.wait()
    with EmbeddedPostgres(tmp_path / "pg") as server:  # waits for the former server's end by itself
        assert value(server.url(), "SELECT 1") == 1
    assert gone(server_pid)


def test_a_killed_server_starts_again(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    with server:
        value(server.url(), "CREATE TABLE kept AS SELECT 7 AS number")
        os.kill(server.pid, signal.SIGKILL)
    assert (server.folder / "data/postmaster.pid").exists()
    with server:
        assert value(server.url(), "SELECT number FROM kept") == 7


def test_a_stale_note_with_a_number_in_use_does_not_stop_the_next_start(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False)
    with server:
        note = (server.folder / "data/postmaster.pid").read_text()
    lines = note.splitlines(keepends=True)
    (server.folder / "data/postmaster.pid").write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    with server:
        assert value(server.url(), "SELECT 1") == 1


def test_a_broken_first_start_leaves_no_half(tmp_path: Path) -> None:
    unfinished = tmp_path / "pg/data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        assert value(server.url(), "SELECT 1") == 1


def test_a_failing_start_tells_the_server_s_own_words(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False, settings={"no_such_setting": "1"})
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        server.start()
    with EmbeddedPostgres(server.folder, durable=False) as repaired:
        assert value(repaired.url(), "SELECT 1") == 1


def test_the_log_keeps_statements_to_itself(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        value(server.url(), "CREATE TABLE people (name text PRIMARY KEY)")
        value(server.url(), "INSERT INTO people VALUES ('Ann Example')")
        with pytest.raises(psycopg2.errors.UniqueViolation):
            value(server.url(), "INSERT INTO people VALUES ('Ann Example')")
    log = (server.folder / "server.log").read_text()
    assert "duplicate key" in log
    assert "Ann Example" not in log


def test_a_thread_that_may_end_first_is_refused(tmp_path: Path) -> None:
    errors: list[EmbeddedPostgresError] = []

    def start() -> None:
        try:
            EmbeddedPostgres(tmp_path / "pg").start()
        except EmbeddedPostgresError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(errors[0])


@as_root
def test_root_without_namespaces_uses_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "pg", durable=False) as before:
        value(before.url(), "CREATE TABLE kept AS SELECT 7 AS number")

    def shut(folder: Path, program: Path) -> Account | None:
        del folder, program
        return None

    with monkeypatch.context() as patch:
        patch.setattr(accounts, "_namespace", shut)
        with EmbeddedPostgres(closed / "pg", durable=False) as server:
            status = Path(f"/proc/{server.pid}/status").read_text()
            assert "Uid:\t0\t" not in status
            assert value(server.url(), "SELECT number FROM kept") == 7
    with EmbeddedPostgres(closed / "pg", durable=False) as after:
        assert value(after.url(), "SELECT number FROM kept") == 7


@as_root
def test_root_with_no_way_out_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedPostgresError, match="another user"):
        EmbeddedPostgres(tmp_path / "pg").start()
