"""Settings of the audit's sealing."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class AuditSettings(BaseSettings):
    """Part of ``ops.settings.Settings``; never read alone."""

    database_sealer_url: SecretStr = Field(
        default=SecretStr(""), description="PostgreSQL URL of a login in the role cordon_sealer"
    )
    seal_every_s: Annotated[float, Field(ge=0.05, le=60)] = Field(
        default=1, description="time between two seals of the audit; so long a change of a new record goes unseen"
    )
    seal_health_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=9107, description="port of the sealer's /health and /metrics; 0 picks a free one"
    )
    seal_health_host: str = Field(default="127.0.0.1", description="address of the sealer's /health and /metrics")
    audit_heads_file: str = Field(
        default="",
        description="file to which the sealer adds the head of the audit at each seal, on a disk that the database's"
        " owner cannot write to; empty: to its log alone, once a minute",
    )
    audit_key_file: str = Field(
        default="",
        description="file with the private key that the sealer signs the audit's heads with, made by `cordon evidence"
        " key`; without it they are not signed",
    )
