"""Settings that contradict each other, are mistyped or leave something open stop a process before it can mislead."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from ops.errors import ConfigurationError
from ops.setting_sources import FILE_ENDING, is_secret, variable_of
from ops.settings import Settings, load_settings
from tests.servers.certificates import Authority

SECRETS = [name for name, field in Settings.model_fields.items() if is_secret(field)]


def test_a_tag_that_speaks_all_the_time_is_never_quiet_between_two_notes_of_it() -> None:
    Settings(heard_every_s=60, heartbeat_every_s=10, deaf_quiet_s=70)
    with pytest.raises(ValidationError, match="CORDON_DEAF_QUIET_S must be at least CORDON_HEARD_EVERY_S and"):
        Settings(heard_every_s=60, heartbeat_every_s=10, deaf_quiet_s=69)


def test_every_field_that_holds_a_secret_is_known_as_one() -> None:
    words = ("password", "secret", "api_key", "_token", "database_owner_url", "database_worker_url", "database_api_url")
    named = {name for name in Settings.model_fields if name.endswith(words)}
    assert named == {name for name in SECRETS if not name.startswith("database_") or name in named}


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_is_taken_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text("  a s3cret, \n")
    monkeypatch.delenv(variable_of(name), raising=False)
    monkeypatch.setenv(variable_of(name) + FILE_ENDING, str(file))
    secret: SecretStr = getattr(load_settings(), name)
    assert secret.get_secret_value() == "a s3cret,"
    monkeypatch.setenv(variable_of(name), "another")
    with pytest.raises(ConfigurationError, match="are both set"):
        load_settings()


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read"), (b"\n", "is empty"), (b"\xff", "not UTF-8")])
def test_a_file_without_a_secret_is_named(
    content: bytes | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("CORDON_KAFKA_PASSWORD_FILE", str(file))
    with pytest.raises(ConfigurationError, match=rf"CORDON_KAFKA_PASSWORD_FILE: \S+secret .*{why}"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("CORDON_API_PROT", "did you mean CORDON_API_PORT?"),
        ("CORDON_KAFKA_GROUP_FILE", "docs/operations.md lists every setting"),  # no secret
        ("CORDON_QQQ", "docs/operations.md lists every setting"),
    ],
)
def test_a_mistyped_setting_is_named_and_not_ignored(name: str, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "s3cret")
    with pytest.raises(ConfigurationError, match="there is no such setting") as refused:
        load_settings()
    assert name in str(refused.value)
    if name != "CORDON_KAFKA_GROUP_FILE":
        assert remedy in str(refused.value)
    assert "s3cret" not in str(refused.value)


def kafka(servers: str = "kafka:9092", **other: Any) -> Settings:
    return Settings.model_validate({"broker": "kafka", "kafka_bootstrap_servers": servers, **other})


@pytest.mark.parametrize("servers", ["localhost:9092", "127.0.0.1:9092,[::1]:9093"])
def test_a_broker_on_this_machine_may_be_spoken_to_plainly(servers: str) -> None:
    assert kafka(servers).kafka_security == {"security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "CORDON_KAFKA_SECURITY_PROTOCOL is not set and the broker is not on this machine"),
        ({"servers": "localhost:9092,kafka:9092"}, "CORDON_KAFKA_SECURITY_PROTOCOL is not set"),
        ({"kafka_security_protocol": "SASL_SSL", "kafka_user": "u"}, "needs CORDON_KAFKA_USER and CORDON_KAFKA_PASS"),
        ({"kafka_security_protocol": "SASL_PLAINTEXT"}, "kafka_security_protocol"),
        ({"kafka_security_protocol": "PLAINTEXT", "kafka_ca_file": "ca.pem"}, "nothing is encrypted"),
        ({"kafka_security_protocol": "SSL", "kafka_key_file": "key.pem"}, "go together"),
    ],
)
def test_a_way_to_the_broker_that_is_open_by_mistake_is_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        kafka(**settings)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    missing = kafka(kafka_security_protocol="SSL", kafka_ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(ConfigurationError, match="CORDON_KAFKA_CA_FILE cannot be used"):
        _ = missing.kafka_security
    authority = Authority(tmp_path)
    one, other = authority.certified("one"), authority.certified("other")
    mixed = kafka(
        kafka_security_protocol="SSL",
        kafka_ca_file=str(authority.file),
        kafka_certificate_file=str(one.certificate),
        kafka_key_file=str(other.key),
    )
    with pytest.raises(ConfigurationError, match="CORDON_KAFKA_KEY_FILE cannot be used"):
        _ = mixed.kafka_security


def test_a_network_of_proxies_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="CORDON_TRUSTED_PROXIES"):
        Settings(trusted_proxies="10.0.0.0/24, everywhere")


def test_a_setting_that_is_no_json_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORDON_OIDC_ROLES", "CN=Duty")
    with pytest.raises(ConfigurationError, match="oidc_roles") as refused:
        load_settings()
    assert "CN=Duty" not in str(refused.value)
