"""`cordon evaluate`: the figures that are asked for, and the same ones however the work is split."""

import json
from typing import Any

from typer.testing import CliRunner

from cli.main import COMMANDS, build_application

KEYS = {"false_confirmed_per_wearer_day", "missed_long_visits", "confirmed_within_two", "delay_seconds", "flapping"}


def evaluated(*options: str) -> str:
    application = build_application([COMMANDS["demo"], COMMANDS["evaluate"]])  # typer makes one command alone nameless
    result = CliRunner().invoke(application, ["evaluate", "--wearers", "4", "--days", "3", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_figures_are_the_same_however_many_processes_judge() -> None:
    told = evaluated("--seed", "3", "--json")
    assert told == evaluated("--seed", "3", "--json", "--processes", "2")
    figures: dict[str, Any] = json.loads(told)
    assert figures.keys() >= KEYS
    assert figures["plain_dot"].keys() >= KEYS
    assert figures["delay_seconds"].keys() == {"p50", "p95", "p99"}
    assert set(figures["by_meaning"]) == {"victim_home", "town_centre", "curfew"}
    assert figures["plain_dot"]["false_confirmed"] > figures["false_confirmed"]
    assert told != evaluated("--seed", "4", "--json")


def test_the_figures_as_a_person_reads_them() -> None:
    told = evaluated("--seed", "3")
    assert "false confirmed alerts a wearer-day" in told
    assert "PLAIN DOT" in told
    assert "50 M OR DEEPER" in told
