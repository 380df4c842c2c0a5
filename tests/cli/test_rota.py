"""`cordon rota`: shifts by hand and from a file, with every error at once, and gaps that cannot be overlooked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Cordon

NOW = datetime.now(UTC).replace(microsecond=0)


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat()


@pytest.fixture
def staffed(cordon: Cordon, database: Callable[[str], Any]) -> Cordon:
    assert database("SELECT count(*) FROM rota_shifts") == 0
    for subject in ("dara", "noor"):
        code, _, error = cordon(
            "staff",
            "add",
            subject,
            "--name",
            subject.title(),
            "--role",
            "duty_officer",
            "--email",
            f"{subject}@example.org",
        )
        assert code == 0, error
    return cordon


def file_of(folder: Path, *lines: str) -> str:
    path = folder / "rota.csv"
    path.write_text("\n".join(("role,subject,from,to", *lines)), encoding="utf-8")
    return str(path)


def test_shifts_of_a_file_are_added_and_listed_and_gaps_shown(staffed: Cordon, tmp_path: Path) -> None:
    file = file_of(tmp_path, f"duty_officer,dara,{at(-1)},{at(12)}", f"duty_officer,noor,{at(12)},{at(400)}")
    code, out, error = staffed("rota", "import", file)
    assert (code, out) == (0, "2 shifts added\n"), error
    assert error == "warning: shift 2: noor is on duty for 388 h in one go\n"
    listed = staffed("rota", "list")[1]
    assert [line.split()[:3] for line in listed.splitlines()[1:]] == [
        ["1", "duty_officer", "dara"],
        ["2", "duty_officer", "noor"],
    ]
    code, out, _ = staffed("rota", "gaps")
    assert code == 1
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["manager"]
    staffed("rota", "end", "2")
    assert "duty_officer" in staffed("rota", "gaps")[1]


def test_every_error_of_a_file_is_named_and_nothing_is_added(
    staffed: Cordon, tmp_path: Path, database: Callable[[str], Any]
) -> None:
    file = file_of(
        tmp_path,
        f"duty_officer,dara,{at(1)},{at(12)}",
        f"duty_officer,dara,{at(11)},{at(13)}",
        f"practitioner,dara,{at(1)},{at(12)}",
        f"duty_officer,nobody,{at(1)},{at(12)}",
        "duty_officer,noor,2026-12-01T09:00:00,tomorrow",
        f"duty_officer,noor,{at(3)},{at(2)}",
    )
    code, _, error = staffed("rota", "import", file)
    assert code == 1
    assert [line.split(" ")[:3] for line in error.splitlines()[:-1]] == [
        ["row", "3,", "from"],
        ["row", "4,", "role"],
        ["row", "5,", "subject"],
        ["row", "6,", "from"],
        ["row", "6,", "to"],
        ["row", "7,", "to"],
    ]
    assert database("SELECT count(*) FROM rota_shifts") == 0


def test_a_large_file_is_taken_or_refused_whole(
    staffed: Cordon, tmp_path: Path, database: Callable[[str], Any]
) -> None:
    lines = [f"duty_officer,dara,{at(number)},{at(number + 1)}" for number in range(10_000)]
    assert staffed("rota", "import", file_of(tmp_path, *lines))[0] == 0
    assert database("SELECT count(*) FROM rota_shifts") == 10_000
    code, _, error = staffed("rota", "import", file_of(tmp_path, *lines))
    assert (code, len(error.splitlines())) == (1, 10_001)


def test_what_is_wrong_with_one_shift_is_said(staffed: Cordon) -> None:
    code, _, error = staffed("rota", "add", "duty_officer", "dara", "--from", at(2), "--to", at(1))
    assert (code, "it ends before it starts; exchange the two" in error) == (1, True)
    assert staffed("rota", "end", "7")[0] == 1
