"""The way to a real broker by TLS: with a password, with a certificate, and refused for whoever has neither."""

import os
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from alerts.kafka_channel import KafkaAlertChannel
from ingest.kafka import KafkaPingSink, KafkaPingSource
from ingest.kafka_admin import KafkaAdministration
from ops.settings import Settings
from tests.servers.broker import Kafka
from tests.servers.certificates import Authority
from tests.servers.secure_listeners import SecureListeners


@pytest.fixture
def secure(kafka: Kafka) -> SecureListeners:
    if kafka.secure is None:
        pytest.skip("only the broker that the tests start from Kafka's own jars has doors by TLS")
    return kafka.secure


def by_password(secure: SecureListeners, **other: Any) -> Settings:
    named = {
        "broker": "kafka",
        "kafka_bootstrap_servers": secure.password_servers,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_ca_file": str(secure.authority.file),
        "kafka_user": secure.user,
        "kafka_password": secure.password,
    }
    return Settings.model_validate(named | other)


def by_certificate(secure: SecureListeners, **other: Any) -> Settings:
    named = {
        "broker": "kafka",
        "kafka_bootstrap_servers": secure.certificate_servers,
        "kafka_security_protocol": "SSL",
        "kafka_ca_file": str(secure.authority.file),
        "kafka_certificate_file": str(secure.client.certificate),
        "kafka_key_file": str(secure.client.key),
    }
    return Settings.model_validate(named | other)


def administration(settings: Settings) -> KafkaAdministration:
    return KafkaAdministration(settings.kafka_bootstrap_servers, settings.kafka_security)


@pytest.mark.parametrize("settings_for", [by_password, by_certificate])
def test_every_client_of_ours_goes_by_tls(kafka: Kafka, secure: SecureListeners, settings_for: Any) -> None:
    settings = settings_for(secure)
    servers, security = settings.kafka_bootstrap_servers, settings.kafka_security
    topic = f"secured-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(topic)
    with closing(administration(settings)) as broker:
        assert list(broker.topics([topic])) == [topic]
    with closing(KafkaPingSink(servers, topic, security)) as sink:
        sink.append([("TAG-1", b"{}")])
    with closing(KafkaPingSource(servers, topic, f"group-{topic}", 10, 6000, 15_000, security)) as source:
        assert source.partition_count() == 1
    with closing(KafkaAlertChannel(servers, topic, security)) as channel:
        channel.open()


def test_a_stranger_on_either_side_ends_it(secure: SecureListeners, tmp_path: Path) -> None:
    """Whoever has no right password or certificate, and a broker that cannot prove its name. In processes of their
    own, side by side: each is tried for 10 s, and kafka-python leaves sockets open whose handshake failed.
    """
    secret = tmp_path / "password"
    secret.write_text(secure.password + "\n")
    right = {
        "CORDON_BROKER": "kafka",
        "CORDON_KAFKA_BOOTSTRAP_SERVERS": secure.password_servers,
        "CORDON_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "CORDON_KAFKA_CA_FILE": str(secure.authority.file),
        "CORDON_KAFKA_USER": secure.user,
        "CORDON_KAFKA_PASSWORD_FILE": str(secret),
    }
    attempts = {
        "right": right,
        "a wrong user": right | {"CORDON_KAFKA_USER": "another"},
        "no certificate": right
        | {"CORDON_KAFKA_BOOTSTRAP_SERVERS": secure.certificate_servers, "CORDON_KAFKA_SECURITY_PROTOCOL": "SSL"},
        "a broker of another authority": right | {"CORDON_KAFKA_CA_FILE": str(Authority(tmp_path, "other").file)},
        "a broker of another name": right | {"CORDON_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.2:{secure.password_port}"},
    }
    running = {
        name: subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", "topics", "list"],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, environment in attempts.items()
    }
    said = {name: process.communicate(timeout=60)[0] for name, process in running.items()}
    assert {name for name, process in running.items() if process.returncode == 0} == {"right"}, said
    assert all("broker does not answer" in words for name, words in said.items() if name != "right"), said
    assert not any(secure.password in words for words in said.values())
