"""Tables in a terminal."""

import pytest

from cli.tables import print_table


def test_foreign_text_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """The reference of a crime is a police file's: C1 controls and marks of direction are text to it."""
    print_table(("ONE", "TWO"), [("CRI\N{RIGHT-TO-LEFT OVERRIDE}1", "\x9b2J\x1b[2Jé")])
    assert capsys.readouterr().out.splitlines() == ["ONE    TWO", "CRI\N{REPLACEMENT CHARACTER}1  \ufffd2J\ufffd[2Jé"]
