"""The command as a user runs it, in this process."""

from collections.abc import Callable

import pytest
import structlog

from cli.main import main

Cordon = Callable[..., tuple[int, str, str]]
"""Runs the command with these arguments; its exit code, what it printed, and what it complained of."""


def in_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cordon:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cordon", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        structlog.reset_defaults()  # a service's command logs to the captured stream, which ends with the test
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run
