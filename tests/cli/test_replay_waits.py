"""`cordon replay` while the gateway does not answer."""

import pytest

from cli.replay import senders
from cli.replay.senders import GatewaySender, Sent
from ops.errors import UnavailableError


def test_who_waits_is_told_what_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(senders, "PATIENCE_S", 0.1)
    monkeypatch.setattr(senders, "PAUSE_S", 0.1)
    with pytest.raises(UnavailableError, match="Connection refused"):
        GatewaySender("http://127.0.0.1:1", "key").send([b"{}"], Sent())
    assert capsys.readouterr().err.count("Connection refused") == 1
