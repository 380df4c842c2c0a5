"""Two further doors of the tests' Kafka: one by TLS and a password, one by TLS and a certificate of the client's."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.servers.certificates import Authority, Certified
from tests.servers.common import free_port

SCRAM = "SCRAM-SHA-512"
LOGIN_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


@dataclass(frozen=True, slots=True)
class SecureListeners:
    authority: Authority
    client: Certified
    keystore: Path
    password_port: int
    certificate_port: int
    user: str = "cordon"
    password: str = "a password of the tests"  # noqa: S105

    @property
    def password_servers(self) -> str:
        return f"localhost:{self.password_port}"

    @property
    def certificate_servers(self) -> str:
        return f"localhost:{self.certificate_port}"

    @property
    def format_options(self) -> list[str]:
        """How the broker's storage is told the login when it is made."""
        return ["--add-scram", f"{SCRAM}=[name={self.user},password={self.password}]"]

    def properties(self) -> Mapping[str, str]:
        """What is added to those of the plain broker, whose lists of listeners these are appended to."""
        by_password, by_certificate = "listener.name.secure", "listener.name.mutual"
        listeners = f"SECURE://127.0.0.1:{self.password_port},MUTUAL://127.0.0.1:{self.certificate_port}"
        advertised = f"SECURE://{self.password_servers},MUTUAL://{self.certificate_servers}"
        shared = {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.file),
        }
        return {
            "listeners": listeners,
            "advertised.listeners": advertised,
            "listener.security.protocol.map": "SECURE:SASL_SSL,MUTUAL:SSL",
            "sasl.enabled.mechanisms": SCRAM,
            f"{by_password}.sasl.enabled.mechanisms": SCRAM,
            f"{by_password}.scram-sha-512.sasl.jaas.config": LOGIN_MODULE,
            f"{by_certificate}.ssl.client.auth": "required",
            **{f"{door}.{name}": value for door in (by_password, by_certificate) for name, value in shared.items()},
        }


def secure_listeners(folder: Path) -> SecureListeners:
    """With an authority, the broker's certificate and a client's, made anew in ``folder``."""
    authority = Authority(folder)
    server = authority.certified("broker", "localhost", "127.0.0.1")
    keystore = folder / "keystore.pem"
    keystore.touch(mode=0o600)
    keystore.write_bytes(server.key.read_bytes() + server.certificate.read_bytes())
    return SecureListeners(authority, authority.certified("client"), keystore, free_port(), free_port())
