"""Settings of the broker: which it is, and how the way to Kafka is secured."""

import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from ops.errors import ConfigurationError
from ops.loopback import is_loopback


class BrokerSettings(BaseSettings):
    """Part of ``ops.settings.Settings``; never read alone."""

    broker: Literal["embedded", "kafka"] = Field(
        default="embedded", description="where pings wait: the database's own queue, or Kafka"
    )
    kafka_bootstrap_servers: str = Field(default="", description="host:port, separated by commas")
    kafka_security_protocol: Literal["", "SSL", "SASL_SSL", "PLAINTEXT"] = Field(
        default="",
        description="SSL: TLS with a certificate of ours; SASL_SSL: TLS with a password; PLAINTEXT: neither, for a"
        " network that is the broker's own; empty: PLAINTEXT on loopback, and a refusal to start elsewhere",
    )
    kafka_ca_file: str = Field(
        default="", description="PEM file of the authorities that sign the broker's certificate; empty: the system's"
    )
    kafka_certificate_file: str = Field(default="", description="PEM file of our own certificate for Kafka")
    kafka_key_file: str = Field(default="", description="PEM file of the private key to it")
    kafka_key_password: SecretStr = Field(default=SecretStr(""), description="password of that key, where it has one")
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        default="SCRAM-SHA-512", description="how the password is given with SASL_SSL"
    )
    kafka_user: str = Field(default="", description="login at Kafka with SASL_SSL")
    kafka_password: SecretStr = Field(default=SecretStr(""), description="password of that login")
    kafka_group: str = Field(default="cordon-worker", description="consumer group of the workers")
    kafka_pings_topic: str = Field(default="tag.pings", description="topic of pings, keyed by device id")
    kafka_alerts_topic: str = Field(default="breach.alerts", description="topic that alert changes go to")
    kafka_events_topic: str = Field(default="tag.events", description="topic of device events, keyed by device id")
    kafka_commands_topic: str = Field(default="tag.commands", description="topic that commands to tags go to")
    kafka_session_timeout_ms: Annotated[int, Field(ge=1000, le=60000)] = Field(
        default=10_000, description="a worker unheard for this long loses its partitions"
    )
    kafka_max_poll_interval_ms: Annotated[int, Field(ge=5000, le=300000)] = Field(
        default=30_000, description="a worker that does not finish a batch in this time loses its partitions"
    )

    @model_validator(mode="after")
    def _kafka_has_servers(self) -> Self:
        if self.broker == "kafka" and not self.kafka_bootstrap_servers:
            raise ValueError("CORDON_BROKER=kafka needs CORDON_KAFKA_BOOTSTRAP_SERVERS, such as localhost:9092")
        return self

    @model_validator(mode="after")
    def _kafka_is_secured(self) -> Self:
        protocol = self.kafka_security_protocol
        if self.broker == "kafka" and not protocol and not all(map(is_loopback, self._broker_hosts())):
            raise ValueError(
                "CORDON_KAFKA_SECURITY_PROTOCOL is not set and the broker is not on this machine: say SASL_SSL or SSL,"
                " or PLAINTEXT where the network is the broker's own"
            )
        if protocol == "SASL_SSL" and not (self.kafka_user and self.kafka_password.get_secret_value()):
            raise ValueError(
                "CORDON_KAFKA_SECURITY_PROTOCOL=SASL_SSL needs CORDON_KAFKA_USER and CORDON_KAFKA_PASSWORD or"
                " CORDON_KAFKA_PASSWORD_FILE"
            )
        if bool(self.kafka_certificate_file) != bool(self.kafka_key_file):
            raise ValueError("CORDON_KAFKA_CERTIFICATE_FILE and CORDON_KAFKA_KEY_FILE go together")
        if not protocol.endswith("SSL") and (self.kafka_ca_file or self.kafka_certificate_file or self.kafka_user):
            raise ValueError(
                "CORDON_KAFKA_CA_FILE, CORDON_KAFKA_CERTIFICATE_FILE and CORDON_KAFKA_USER count only with"
                " CORDON_KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL: else nothing is encrypted"
            )
        return self

    @cached_property
    def kafka_security(self) -> Mapping[str, Any]:
        """What every client of kafka-python is given. Raises ConfigurationError where a file of it is not usable."""
        if not self.kafka_security_protocol.endswith("SSL"):
            return {"security_protocol": "PLAINTEXT"}
        options: dict[str, Any] = {
            "security_protocol": self.kafka_security_protocol,
            "ssl_context": self._kafka_tls(),  # which checks the broker's name
        }
        if self.kafka_security_protocol == "SASL_SSL":
            options |= {
                "sasl_mechanism": self.kafka_sasl_mechanism,
                "sasl_plain_username": self.kafka_user,
                "sasl_plain_password": self.kafka_password.get_secret_value(),
            }
        return options

    def _kafka_tls(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.kafka_ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(f"CORDON_KAFKA_CA_FILE cannot be used: {error}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.kafka_certificate_file:
            password = self.kafka_key_password.get_secret_value()  # empty is none, and OpenSSL then asks nobody
            try:
                context.load_cert_chain(self.kafka_certificate_file, self.kafka_key_file, lambda: password)
            except (OSError, ssl.SSLError) as error:
                raise ConfigurationError(
                    f"CORDON_KAFKA_CERTIFICATE_FILE and CORDON_KAFKA_KEY_FILE cannot be used: {error}"
                ) from None
        return context

    def _broker_hosts(self) -> list[str]:
        servers = [server.strip() for server in self.kafka_bootstrap_servers.split(",")]
        return [(server.rpartition(":")[0] or server).strip("[]") for server in servers]
