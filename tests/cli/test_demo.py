"""`cordon demo` as a person runs it: on real servers, with its account checked, and ended in every way."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import httpx
import psycopg2
import pytest

from cli.demo.ports import LOOPBACK, free_port
from store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
FIGURE = re.compile(r"^  ([a-z0-9 ,]+): +([\d.]+)", re.MULTILINE)
START_SECONDS = 60.0
WEARERS = 50


@pytest.fixture
def data_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose path has a space in it; nothing may be left running on it, whatever the test does."""
    folder = tmp_path / "a clone" / "data"
    yield folder
    left = processes_on(folder)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, "the demo left processes behind"


def processes_on(folder: Path) -> list[int]:
    """Every process, of whatever kind, that was started with this data folder; zombies have no environment."""
    wanted = f"CORDON_DATA_FOLDER={folder}".encode()
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                variables = (process / "environ").read_bytes().split(b"\0")
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue  # it ended meanwhile, or is another user's
            if wanted in variables:
                found.append(int(process.name))
    return found


def all_end(folder: Path, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while processes_on(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def command(*options: str) -> list[str]:
    return [sys.executable, "-P", "-m", "cli", "demo", "--wearers", str(WEARERS), *options]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CORDON_")}
    return {**kept, "CORDON_DATA_FOLDER": str(folder), "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command("--port", "0", *options),
        env=environment(folder),
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        try:
            yield demo
        finally:
            if demo.poll() is None:
                demo.kill()


def read_until(output: IO[str] | None, word: str) -> str:
    """What the demo prints up to and with the line that holds ``word``; a demo that ends before fails the test."""
    assert output is not None
    text = ""
    for line in output:
        text += line
        if word in line:
            return text
    pytest.fail(f"the demo ended without saying {word!r}:\n{text}")


@pytest.fixture
def ask(data_folder: Path) -> Iterator[Callable[[str], float]]:
    """The number that a query gives, on the demo's database after the demo has ended."""
    with EmbeddedPostgres(data_folder / "postgres") as server:
        yield lambda query: _number(server.url("cordon"), query)


def _number(url: str, query: str) -> float:
    with closing(psycopg2.connect(url, options="-c search_path=cordon")) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        assert row is not None
        return float(row[0])


@pytest.fixture
def unattended(data_folder: Path) -> str:
    """What `cordon demo --for 20` prints in a whole run on a new folder."""
    ended = subprocess.run(
        command("--for", "20", "--port", str(free_port())),
        env=environment(data_folder),
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_an_unattended_run_accounts_for_every_ping(unattended: str, ask: Callable[[str], float]) -> None:
    told = {name: float(value) for name, value in FIGURE.findall(unattended)}
    assert told["pings received"] == told["pings stored"] > WEARERS * 20 / 5
    assert told["pings stored"] == ask("SELECT count(*) FROM positions")
    assert told["pings rejected"] == ask("SELECT count(*) FROM dead_letters") == 0
    assert told["visits"] == ask("SELECT count(*) FROM visits")
    assert told["alerts"] == ask("SELECT count(*) FROM alerts") >= 1
    delays = "percentile_cont({}) WITHIN GROUP (ORDER BY extract(epoch FROM raised_at - received_at))"
    for name, share in (("ping to alert, 50th percentile", 0.5), ("ping to alert, 99th percentile", 0.99)):
        assert told[name] == pytest.approx(ask(f"SELECT {delays.format(share)} FROM alerts"), abs=0.001)
    assert unattended.count("BREACH ALERT") == 1
    assert unattended.count("TOLD: practitioner.") == 1
    assert ask("SELECT count(*) FROM notices WHERE template = 'alert'") >= 1
    assert unattended.count("CRIME MATCHED") == 1
    verdicts = re.search(r"present (\d+), possible (\d+), absent (\d+), cannot say (\d+)", unattended)
    assert verdicts is not None
    assert sum(map(int, verdicts.groups())) == WEARERS
    assert int(verdicts[1]) + int(verdicts[2]) >= 1, "whoever entered the zone was there"
    took = re.search(r"First alert (\d+) s after the start", unattended)
    assert took is not None
    assert int(took[1]) < START_SECONDS


def test_ctrl_c_ends_everything_and_the_next_run_finds_the_data(data_folder: Path) -> None:
    with running_demo(data_folder) as demo:
        said = read_until(demo.stdout, "Evidence")
        duty_officer, practitioner = signed_in(said)
        (alert,) = re.findall(r"Evidence +(http\S+)", said)
        assert httpx.get(alert, headers=duty_officer).json()["zone"]["reference"] in said
        on_duty = httpx.get(f"{address(said)}/v1/people", headers=duty_officer).json()
        caseload = httpx.get(f"{address(said)}/v1/people", headers=practitioner).json()
        assert 0 < len(on_duty["people"]) < WEARERS, "of whom an alert is open, and nobody else"
        assert 0 < len(caseload["people"]) < WEARERS
        form = {"token": duty_officer["Authorization"].removeprefix("Bearer ")}
        asked = httpx.post(f"{address(said)}/sign-in/local", data=form, headers={"Origin": address(said)})
        assert (asked.status_code, asked.headers["location"]) == (303, "/v1/me"), "the browser's own way in"
        assert len(processes_on(data_folder)) > 3
        assert_stops(demo, signal.SIGINT)
    assert processes_on(data_folder) == []
    with running_demo(data_folder) as again:
        said = read_until(again.stdout, "Waiting for the first breach")
        assert "Found the data of earlier runs: 50 people" in said
        assert httpx.get(f"{address(said)}/v1/people", headers=duty_officer).status_code == 401, "revoked"
        assert httpx.get(f"{address(said)}/v1/people", headers=signed_in(said)[0]).status_code == 200
        read_until(again.stdout, "BREACH ALERT")
        assert_stops(again, signal.SIGINT)


def signed_in(said: str) -> list[dict[str, str]]:
    """The headers of the duty officer and of the practitioner, whose tokens stand in lines of their own."""
    return [{"Authorization": f"Bearer {token}"} for token in re.findall(r"^ +(cordon_\S+)$", said, re.MULTILINE)]


def address(said: str) -> str:
    found = re.search(r"Open +(http://\S+)", said)
    assert found is not None
    return found[1]


def test_another_polite_signal_ends_everything_too(data_folder: Path) -> None:
    with running_demo(data_folder) as demo:
        read_until(demo.stdout, "Waiting for the first breach")
        assert_stops(demo, signal.SIGTERM)
    assert processes_on(data_folder) == []


def assert_stops(demo: subprocess.Popen[str], number: signal.Signals) -> None:
    demo.send_signal(number)
    assert demo.stdout is not None
    assert "Stopped: every process it started has ended." in demo.stdout.read()
    assert demo.wait(20) == 0


def test_a_killed_demo_takes_its_processes_with_it(data_folder: Path) -> None:
    with running_demo(data_folder) as demo:
        read_until(demo.stdout, "Open")
        assert len(processes_on(data_folder)) > 3
        demo.kill()
        demo.wait(10)
        assert all_end(data_folder)


@pytest.mark.parametrize("child", ["worker", "api"])
def test_a_child_that_dies_is_named_and_ends_the_demo(data_folder: Path, child: str) -> None:
    with running_demo(data_folder) as demo:
        read_until(demo.stdout, "Open")
        os.kill(_process_of(data_folder, child), signal.SIGKILL)
        assert demo.stdout is not None
        said = demo.stdout.read()
        assert demo.wait(30) == 1
    assert f"the {'API' if child == 'api' else child} ended by itself" in said
    assert "Its last log lines" in said
    assert processes_on(data_folder) == []


def _process_of(folder: Path, child: str) -> int:
    ending = f"-m\0cli\0{child}\0".encode()
    (pid,) = (pid for pid in processes_on(folder) if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(ending))
    return pid


def test_postgres_that_dies_ends_the_demo(data_folder: Path) -> None:
    with running_demo(data_folder) as demo:
        read_until(demo.stdout, "Open")
        os.kill(int((data_folder / "postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        assert demo.stdout is not None
        said = demo.stdout.read()
        assert demo.wait(60) == 1
    assert re.search(r"PostgreSQL on .* has ended", said), said
    assert "Traceback" not in said


def test_a_stop_during_the_start_is_a_clean_one(data_folder: Path) -> None:
    with running_demo(data_folder) as demo:
        read_until(demo.stdout, "Starting PostgreSQL")
        demo.send_signal(signal.SIGINT)
        assert demo.stdout is not None
        assert "Stopped before it was ready." in demo.stdout.read()
        assert demo.wait(60) == 0


def test_a_busy_port_is_an_error_that_says_what_to_do(data_folder: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as busy:
        port = str(busy.getsockname()[1])
        ended = subprocess.run(
            command("--port", port), env=environment(data_folder), capture_output=True, text=True, check=False
        )
    assert ended.returncode == 1
    assert f"port {port} is busy: stop what listens there, or give another with --port" in ended.stderr
    assert not data_folder.exists()


def test_two_demos_on_one_folder_are_one_too_many(data_folder: Path) -> None:
    with running_demo(data_folder) as demo:
        read_until(demo.stdout, "Open")
        ended = subprocess.run(
            command("--port", "0"), env=environment(data_folder), capture_output=True, text=True, check=False
        )
        assert ended.returncode == 1
        assert "already running" in ended.stderr
        assert_stops(demo, signal.SIGINT)
