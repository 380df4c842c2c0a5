"""What ends a process is logged without its message."""

import sys

import pytest
import structlog

from ops.logs import configure_logging


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)


def float_of(text: str) -> float:
    return float(text)


def test_an_error_that_ends_a_process_does_not_quote_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    with pytest.raises(ValueError, match="Failing row") as ended:
        float_of("Failing row contains (TAG-1, 51.5014, -0.1419)")
    sys.excepthook(ended.type, ended.value, ended.tb)
    structlog.reset_defaults()
    said = capsys.readouterr().err
    assert "51.5014" not in said
    assert '"kind": "ValueError"' in said
    assert "test_last_words.py" in said
