"""Whether a Kafka broker is there at all. Its client does not say: it goes on trying, in silence."""

import socket
from collections.abc import Mapping
from typing import Any

from ops.errors import UnavailableError

CHECK_TIMEOUT_S = 2.0
DEFAULT_KAFKA_PORT = "9092"
PLAIN: Mapping[str, Any] = {"security_protocol": "PLAINTEXT"}
"""What a client of Kafka is given of security where there is none: ``Settings.kafka_security`` says what there is."""


def require_broker(bootstrap_servers: str) -> None:
    """Raises UnavailableError when none of the servers accepts a connection."""
    causes = []
    for server in bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            with socket.create_connection((host or port, int(port if host else DEFAULT_KAFKA_PORT)), CHECK_TIMEOUT_S):
                return
        except (OSError, ValueError) as error:
            causes.append(f"{server}: {error}")
    raise UnavailableError(f"no Kafka broker accepts a connection: {'; '.join(causes)}")
