"""Where the identity provider of these tests cannot be had, that is told plainly."""

from pathlib import Path

import pytest

from tests.conftest import cannot_be_had
from tests.servers import common, identity_provider
from tests.servers.common import ServerUnavailable


def test_without_a_way_to_packages_the_reason_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(common, "INSTALLED", tmp_path / "servers")
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(ServerUnavailable, match="fetching oidc-provider with npm failed") as missing:
        identity_provider.packages()
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception):
        cannot_be_had(str(missing.value))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        cannot_be_had(str(missing.value))
