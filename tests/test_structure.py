"""What keeps the code findable, and what must never be in it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.servers.common import ROOT

LONGEST_FILE = 300
CODE = {".py", ".sql", ".sh", ".yml", ".toml", ".ts"}
ELSEWHERE = re.compile(
    r"""
    (?<![\w.])/(?:home|root|Users|work)/\w   # a folder of somebody's machine
    | [A-Za-z]:\\Users\\
    | (?:index[_-]url|registry|mirror)\s*[=:]\s*["']?https?://   # where packages come from is the user's setting
    | //[\w.-]*(?:pypi|pythonhosted|npmjs|repo\d*\.maven|docker\.io|ghcr|quay|deb\.debian)[\w.-]*/
    """,
    re.VERBOSE,
)


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - the machine's git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


FILES = _tracked()
PACKAGES = [path for path in FILES if path.name == "__init__.py"]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_files_stay_short() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in FILES
        if path.suffix in CODE and (lines := len(_text(path).splitlines())) > LONGEST_FILE
    }
    assert long == {}


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.relative_to(ROOT).as_posix())
def test_a_package_says_what_it_is_or_is_empty(path: Path) -> None:
    tree = ast.parse(_text(path))
    assert not tree.body or ast.get_docstring(tree)


def test_no_file_names_a_place_of_one_machine_or_a_registry() -> None:
    this = Path(__file__).resolve()
    named = {
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in FILES
        if path != this
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if ELSEWHERE.search(line)
    }
    assert named == set()


def test_every_room_of_the_readme_is_there_and_none_is_left_out() -> None:
    named = set(re.findall(r"^\| `(\w+)/` \|", _text(ROOT / "README.md"), re.MULTILINE))
    folders = {path.relative_to(ROOT).parts[0] for path in FILES if len(path.relative_to(ROOT).parts) > 1}
    assert named == {folder for folder in folders if not folder.startswith(".")} - {"docs", "typings"}
