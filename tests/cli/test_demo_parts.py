"""The demo's parts: its words, its ports, the processes it starts."""

import os
import signal
import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.demo import children
from cli.demo.children import ChildEndedError, running_child, wait_until_ready
from cli.demo.ports import LOOPBACK, choose_port, free_port
from cli.demo.signals import StopRequested, StopSignals
from cli.demo.wording import breach, change_line, figures, how_exact, london_time, relative_to_boundary, told
from ops.die_with_parent import wrapped
from ops.errors import InputError, UnavailableError
from store.summary import AlertNotice, RunFigures, StaffNotice
from tests.support.waiting import wait_until

ENTRY: dict[str, Any] = {"depth_m": 14.2, "accuracy_m": 12.0, "mechanism": "gps"}
BEGAN = datetime(2026, 7, 1, 9, 30, 5, tzinfo=UTC)


def notice(change: str = "raised", **differing: Any) -> AlertNotice:
    values: dict[str, Any] = {
        "event_id": 1,
        "change": change,
        "kind": "exclusion_zone_breach",
        "alert_id": "0a",
        "crn": "X100001",
        "name": "Sam Larkfield",
        "practitioner": "practitioner.north",
        "serial": "TAG-0001",
        "zone_reference": "EZ-0001",
        "zone_name": "3 Ropewalk Terrace, Brixton",
        "began_at": BEGAN,
        "ended_at": None,
        "evidence": {"positions": {"entry": ENTRY}},
    }
    return AlertNotice(**{**values, **differing})


def test_a_breach_says_who_where_when_how_exact_and_what_next() -> None:
    text = breach(notice(), "http://127.0.0.1:8080")
    for part in (
        "Sam Larkfield, CRN X100001, wearing TAG-0001",
        "3 Ropewalk Terrace, Brixton (EZ-0001)",
        "Wednesday 1 July 2026, 10:30:05+01:00 (BST)",
        "14 m inside the boundary",
        "GPS position, accurate to 12 m",
        "http://127.0.0.1:8080/v1/alerts/0a",
    ):
        assert part in text


def test_who_was_told_and_that_it_waits() -> None:
    waits = told(StaffNotice(1, "practitioner.north", "sms", is_waiting=True))
    assert waits.startswith("TOLD: practitioner.north, by text message (nothing sends messages here, so it waits")
    assert told(StaffNotice(1, "demo.manager", "email", is_waiting=False)) == "TOLD: demo.manager, by e-mail."


def test_an_end_says_how_long_the_stay_was() -> None:
    line = change_line(notice("ended", ended_at=BEGAN + timedelta(seconds=42)))
    assert line == (
        "10:30:47+01:00  ended   Sam Larkfield (X100001) left 3 Ropewalk Terrace, Brixton, 42 s after entering"
    )


@pytest.mark.parametrize(
    ("differing", "words"),
    [
        (
            {"kind": "inferred_crossing", "evidence": {}},
            "raised  Sam Larkfield (X100001) crossed, as inferred between two",
        ),
        ({"kind": "authorised_entry"}, "raised  Sam Larkfield (X100001) entered, as authorised, 3 Ropewalk Terrace"),
        ({"kind": "approach_warning"}, "raised  Sam Larkfield (X100001) came near 3 Ropewalk Terrace"),
        ({"kind": "curfew_absence"}, "raised  Sam Larkfield (X100001) is away from 3 Ropewalk Terrace"),
        ({"change": "retracted"}, "retracted  Sam Larkfield (X100001) entered 3 Ropewalk Terrace"),
    ],
)
def test_a_line_says_what_kind_of_alert_it_is(differing: dict[str, Any], words: str) -> None:
    assert words in change_line(notice(**differing))


@pytest.mark.parametrize(
    ("kind", "end_reason", "words"),
    [
        ("exclusion_zone_breach", "regime_changed", ": hours or an authorisation of 3 Ropewalk Terrace, Brixton began"),
        ("exclusion_zone_breach", "device_off", ": the tag came off, after 42 s at 3 Ropewalk Terrace"),
        ("curfew_absence", "left", " came back to 3 Ropewalk Terrace, Brixton, after 42 s"),
    ],
)
def test_who_did_not_leave_is_not_said_to_have_left(kind: str, end_reason: str, words: str) -> None:
    ended = notice("ended", kind=kind, ended_at=BEGAN + timedelta(seconds=42), evidence={"end_reason": end_reason})
    assert f"Sam Larkfield (X100001){words}" in change_line(ended)


@pytest.mark.parametrize(
    ("position", "words"),
    [
        (ENTRY, "GPS position, accurate to 12 m"),
        (ENTRY | {"accuracy_m": None}, "GPS position, accuracy not stated"),
        (ENTRY | {"accuracy_m": 0.0}, "GPS position, accuracy not stated"),
        (ENTRY | {"mechanism": "lbs", "accuracy_m": 600.0}, "cell tower position, accurate to 600 m"),
    ],
)
def test_the_accuracy_is_the_receiver_s_own_statement(position: dict[str, Any], words: str) -> None:
    assert how_exact(position) == words


def test_the_boundary_is_named_as_people_do() -> None:
    assert [relative_to_boundary(depth_m) for depth_m in (0.4, 7.0, -7.0)] == [
        "on the boundary",
        "7 m inside the boundary",
        "7 m outside the boundary",
    ]


def test_the_repeated_hour_in_october_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert london_time(first) == "Sunday 25 October 2026, 01:30:00+01:00 (BST)"
    assert london_time(first + timedelta(hours=1)) == "Sunday 25 October 2026, 01:30:00+00:00 (GMT)"


def test_figures_without_an_alert_say_so() -> None:
    text = figures(5, 0, RunFigures(5, 0, 0, 0, 0, None, None))
    assert text.count("no alert in this run") == 2
    assert "quarantined" not in text


def test_a_busy_port_that_was_asked_for_is_an_error_and_the_usual_one_is_passed_over() -> None:
    with socket.create_server((LOOPBACK, 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} is busy: stop what listens there, or give another"):
            choose_port(port, 8080)
        chosen, passed_over = choose_port(None, port)
        assert passed_over
        assert chosen != port
    assert choose_port(port, 8080) == (port, False)
    assert choose_port(None, port) == (port, False)
    assert choose_port(0, 8080)[0] > 0


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a child runs instead of `cordon COMMAND`."""
    script = [""]
    monkeypatch.setattr(
        "cli.demo.children.wrapped",
        lambda _command, last_signal: wrapped([sys.executable, "-c", script[0]], last_signal),
    )
    return script


def test_a_child_that_ends_is_named_with_its_last_words(program: list[str], tmp_path: Path) -> None:
    program[0] = "import sys; print('out of luck'); sys.exit(3)"
    with running_child("worker", "worker", tmp_path / "worker.log", dict(os.environ)) as child:
        child.process.wait()
        with pytest.raises(ChildEndedError, match=r"(?s)the worker ended by itself \(exit code 3\).*out of luck"):
            wait_until_ready(child, free_port(), StopSignals())


def test_a_child_that_ignores_sigterm_is_killed(
    program: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "STOP_SECONDS", 0.2)
    program[0] = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    log = tmp_path / "worker.log"
    with running_child("worker", "worker", log, dict(os.environ)) as child:
        wait_until(lambda: "deaf" in log.read_text())
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_never_gets_ready_is_given_up(
    program: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "READY_SECONDS", 0.3)
    program[0] = "import time; print('thinking', flush=True); time.sleep(60)"
    with running_child("API", "api", tmp_path / "api.log", dict(os.environ)) as child:
        wait_until(lambda: "thinking" in child.log.read_text())
        with pytest.raises(UnavailableError, match=r"(?s)the API is not ready.*thinking"):
            wait_until_ready(child, free_port(), StopSignals())


def test_a_stop_while_waiting_unwinds_the_start(program: list[str], tmp_path: Path) -> None:
    program[0] = "import time; time.sleep(60)"
    stopping = StopSignals()
    stopping.requested = True
    with running_child("API", "api", tmp_path / "api.log", dict(os.environ)) as child, pytest.raises(StopRequested):
        wait_until_ready(child, free_port(), stopping)
    assert child.process.returncode is not None


def test_the_log_of_the_run_before_is_kept(program: list[str], tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    for run in ("first", "second"):
        program[0] = f"print('{run}')"
        with running_child("API", "api", log, dict(os.environ)) as child:
            child.process.wait()
    assert log.read_text() == "second\n"
    assert (tmp_path / "api.log.1").read_text() == "first\n"
