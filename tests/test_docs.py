"""The documents say what the code does: nothing is left out, and nothing is made up."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from model.enums import PositionFlag, RejectionReason
from tests.docs.reference import (
    PARTS,
    ROOT,
    all_metrics,
    commands,
    documents,
    metric_name,
    routes,
    setting_names,
    with_parts,
)

DOCUMENTS = documents()
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}
OPERATIONS = TEXTS["docs/operations.md"]

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FILE_NAME = re.compile(r"(?:[\w.-]+/)+[\w.-]+\.(?:py|sql|sh|yml|md|toml|json)|(?:[\w-]+/)+")
COMMAND = re.compile(r"\bcordon((?: [a-z][a-z-]+)+)")
ROUTE = re.compile(r"/(?:v1|health)/[\w{}$/.-]+|/metrics\b")
METRIC_ENDINGS = ("", "_bucket", "_sum", "_count")
MADE_BY_USERS = re.compile(r"(zones?|track)\.(geo)?json")
NOT_METRICS = {
    "cordon_owner",
    "cordon_worker",
    "cordon_api",
    "cordon_keeper",
    "cordon_worker_login",
    "cordon_api_login",
    "cordon_sealer",
    "cordon_sealer_login",
    "cordon_keeper_login",
    "cordon_",
    "cordon_protected",
}
"""Names of roles, logins and a schema, and the beginning of every token."""


def code_in(text: str) -> Iterator[str]:
    for found in CODE.finditer(text):
        yield found[0]


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower().replace(" ", "-")
        for heading in HEADING.findall(text)
    }


@pytest.mark.parametrize("name", TEXTS)
def test_generated_parts_are_current(name: str) -> None:
    assert with_parts(TEXTS[name]) == TEXTS[name], "run `make docs`"


def test_every_part_is_in_a_document() -> None:
    found = re.findall(r"<!-- generated: (\w+) -->", "".join(TEXTS.values()))
    assert set(found) == set(PARTS)


@pytest.mark.parametrize("name", TEXTS)
def test_a_setting_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"\bCORDON_[A-Z_]+\b", TEXTS[name]))
    elsewhere = ("CORDON_TEST_", "CORDON_BENCH_")
    unknown = {setting for setting in named - set(setting_names()) if not setting.startswith(elsewhere)}
    assert unknown <= {"CORDON_DATABASE_"}


@pytest.mark.parametrize("name", TEXTS)
def test_a_metric_that_is_named_exists(name: str) -> None:
    known = {metric_name(metric) + ending for metric in all_metrics() for ending in METRIC_ENDINGS}
    assert set(re.findall(r"\bcordon_\w*", TEXTS[name])) <= known | NOT_METRICS


@pytest.mark.parametrize("name", TEXTS)
def test_a_command_that_is_named_exists(name: str) -> None:
    known = [words.split() for words, _ in commands()]
    unknown = []
    for code in code_in(TEXTS[name]):
        for found in COMMAND.finditer(code):
            words = found[0].split()
            # what follows a command's own words are its arguments; a group may be named by itself
            if not any(words[: len(one)] == one or one[: len(words)] == words for one in known):
                unknown.append(found[0])
    assert unknown == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_route_that_is_named_exists(name: str) -> None:
    known = {re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))) for _, path, _ in routes()}
    named = {found[0] for code in code_in(TEXTS[name]) for found in ROUTE.finditer(code)}
    assert {path for path in named if not any(pattern.fullmatch(path) for pattern in known)} == set()


@pytest.mark.parametrize("reason", RejectionReason)
def test_every_rejection_reason_has_its_heading(reason: RejectionReason) -> None:
    assert f"\n#### `{reason}`\n" in OPERATIONS


def test_no_rejection_reason_is_made_up() -> None:
    assert set(re.findall(r"^#### `(\w+)`$", OPERATIONS, re.MULTILINE)) == set(RejectionReason)


def test_every_flag_is_explained() -> None:
    section = TEXTS["docs/detection.md"].split("## What is flagged")[1].split("\n## ")[0]
    explained = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert explained == {str(flag.name).lower() for flag in PositionFlag if flag}


def test_every_alarm_has_its_entry_in_the_runbook() -> None:
    groups = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text(encoding="utf-8"))["groups"]
    alarms = {rule["alert"] for group in groups for rule in group["rules"]}
    assert set(re.findall(r"^### (Cordon\w+)$", OPERATIONS, re.MULTILINE)) == alarms


@pytest.mark.parametrize("name", TEXTS)
def test_a_link_leads_somewhere(name: str) -> None:
    broken = []
    for found in LINK.finditer(TEXTS[name]):
        target, _, anchor = found["target"].partition("#")
        if target.startswith("https://"):
            continue
        path = (ROOT / name).parent / target if target else ROOT / name
        if not path.is_file() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(found["target"])
    assert broken == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_that_is_named_exists(name: str) -> None:
    named = {found[1] for found in re.finditer(r"(?<!`)`([^`\n]+)`(?!`)", TEXTS[name]) if FILE_NAME.fullmatch(found[1])}
    assert {file for file in named if not ((ROOT / file).exists() or MADE_BY_USERS.fullmatch(file))} == set()


@pytest.mark.parametrize("name", TEXTS)
def test_a_test_that_is_named_exists(name: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", TEXTS[name])
    missing = [
        f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_the_two_commands_of_the_readme_are_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    blocks = re.findall(r"^```sh\n(.*?)\n```$", TEXTS["README.md"], re.MULTILINE | re.DOTALL)
    assert blocks == ["make demo", "make test"]
    assert {"demo", "test"} <= targets


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert 'step "make test" make test\n' in script
    assert "export CI=true" in script


def test_documents_are_where_newcomers_look() -> None:
    assert all(Path(ROOT / name).stat().st_size > 0 for name in TEXTS)
    assert {"README.md", "CHANGELOG.md", *(f"docs/{topic}.md" for topic in ("api", "architecture"))} <= TEXTS.keys()
