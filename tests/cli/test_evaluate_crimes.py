"""`cordon evaluate-crimes`: nobody who was there is ruled out, and the figures do not depend on how work is split."""

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.crime_evaluation import read_incidents
from cli.main import COMMANDS, build_application
from ops.errors import CordonError

HEADINGS = "Type,Date,Latitude,Longitude"


def evaluated(incidents: Path, *options: str) -> str:
    modules = [COMMANDS["demo"], COMMANDS["evaluate-crimes"]]  # typer makes one command alone nameless
    arguments = ["evaluate-crimes", str(incidents), "--wearers", "4", *options]
    result = CliRunner().invoke(build_application(modules), arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def incidents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some hundred, over three days about the middle of London."""
    rng, start = np.random.default_rng(5), datetime(2019, 3, 4, tzinfo=UTC)
    places = np.round(np.array([51.5, -0.1]) + rng.normal(0, (0.02, 0.03), size=(600, 2)), 6)
    lines = [
        f"Person search,{(start + timedelta(minutes=7 * number)).isoformat()},{lat},{lon}"
        for number, (lat, lon) in enumerate(places.tolist())
    ]
    file = tmp_path_factory.mktemp("incidents") / "incidents.csv"
    file.write_text("\n".join([HEADINGS, *lines, "Person search,2019-03-04T00:00:00+00:00,,"]), encoding="utf-8")
    return file


def test_nobody_who_was_there_is_ruled_out(incidents: Path) -> None:
    figures: dict[str, Any] = json.loads(evaluated(incidents, "--seed", "3", "--json"))
    assert figures["incidents"] == 600
    assert figures["there"]["pairs"] > 3
    assert figures["present"]["pairs"] > 1
    assert figures["present"]["nearly"] == 1.0
    assert figures["there"]["verdicts"]["absent"] == figures["false_absent"] == 0
    assert figures["elsewhere"]["verdicts"]["absent"] > figures["pairs"] / 2
    assert sum(figures["cannot_say_by_reason"].values()) == figures["verdicts"]["cannot_say"]


def test_the_figures_are_the_same_however_many_processes_judge(incidents: Path) -> None:
    assert evaluated(incidents, "--seed", "4") == evaluated(incidents, "--seed", "4", "--processes", "2")


def test_three_days_of_real_incidents(shared_data: Path, tmp_path: Path) -> None:
    whole, part = shared_data / "incidents" / "2019-01-metropolitan-timed-incidents.csv", tmp_path / "part.csv"
    with whole.open(encoding="utf-8") as lines:
        part.write_text("".join(islice(lines, 1500)), encoding="utf-8")
    figures = json.loads(evaluated(part, "--seed", "101", "--json"))
    assert figures["there"]["pairs"] > 3
    assert figures["false_absent"] == figures["false_absent_by_a_wrong_clock"] == 0
    assert figures["present"]["nearly"] == 1.0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Type,Latitude,Longitude\nsearch,51.5,-0.1\n", "KeyError"),
        (f"{HEADINGS}\nsearch,2019-01-01T00:00:00,51.5,-0.1\n", "has no zone"),
        (f"{HEADINGS}\nsearch,2019-01-01T00:00:00Z,north,-0.1\n", "could not convert"),
        (f"{HEADINGS}\nsearch,2019-01-01T00:00:00Z,,\n", "no incident with a place and a time"),
    ],
)
def test_a_file_that_is_none_of_this_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "incidents.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CordonError, match=problem):
        read_incidents(file)
    with pytest.raises(CordonError, match="cannot be read as incidents"):
        read_incidents(tmp_path / "missing.csv")
