"""The threat model names what proves it: no row without a test, no test that does not exist, no boundary left out."""

import re

import pytest

from tests.docs.reference import ROOT

TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
CELL = re.compile(r"(?<!\\)\|")
TEST = re.compile(r"`(?P<file>tests/[\w/]+\.py)(?:::(?P<name>test_\w+))?`")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under the heading, without its head."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in CELL.split(line)[1:-1]] for line in lines[2:]]


THREATS = rows("Threats")


@pytest.mark.parametrize("row", THREATS, ids=lambda row: str(row[0])[:60])
def test_each_threat_has_what_stands_against_it_and_a_test_that_exists(row: list[str]) -> None:
    assert len(row) == 3, "threat, what stands against it, proved by"
    assert all(row)
    named = list(TEST.finditer(row[2]))
    assert named, "name a test as `tests/file.py::test_name`"
    for found in named:
        source = (ROOT / found["file"]).read_text(encoding="utf-8")
        assert "def test_" in source
        assert found["name"] is None or f"def {found['name']}(" in source, found[0]
    assert re.sub(r"[\s,]+", "", TEST.sub("", row[2])) == "", "tests and nothing else"


def test_no_threat_stands_twice() -> None:
    assert len({row[0] for row in THREATS}) == len(THREATS)


@pytest.mark.parametrize("heading", ["What is protected", "From whom", "Trust boundaries", "Threats"])
def test_the_model_has_its_parts(heading: str) -> None:
    assert all(all(row) for row in rows(heading))
    assert len(rows(heading)) >= 8
