"""Settings of what the API lets through: for whom it answers, and how often."""

import ipaddress
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ProtectionSettings(BaseSettings):
    """Part of ``ops.settings.Settings``; never read alone."""

    api_hosts: str = Field(
        default="",
        description="names by which requests may call the API, separated by commas; empty: any. A request that"
        " calls another is refused with 421; /health answers to all",
    )
    trusted_proxies: str = Field(
        default="",
        description="networks of our own reverse proxies, separated by commas, such as 10.0.0.0/24: from these alone"
        " X-Forwarded-For is believed",
    )
    caller_requests_per_minute: Annotated[int, Field(ge=1)] = Field(
        default=1200, description="requests of one token's bearer that an API process answers in a minute"
    )
    source_requests_per_minute: Annotated[int, Field(ge=1)] = Field(
        default=120_000, description="requests of one source that an API process takes in a minute"
    )
    device_source_requests_per_minute: Annotated[int, Field(ge=1)] = Field(
        default=1200, description="the same of a source that speaks for one device"
    )
    failures_per_minute: Annotated[int, Field(ge=1)] = Field(
        default=60, description="requests of one address with a wrong token or key that an API process looks at"
    )

    @model_validator(mode="after")
    def _proxies_are_networks(self) -> Self:
        try:
            _ = self.proxy_networks
        except ValueError as error:
            raise ValueError(f"CORDON_TRUSTED_PROXIES: {error}; give networks such as 10.0.0.0/24") from None
        return self

    @cached_property
    def proxy_networks(self) -> tuple[Network, ...]:
        return tuple(ipaddress.ip_network(name) for name in _listed(self.trusted_proxies))

    @cached_property
    def known_hosts(self) -> frozenset[str]:
        """In small letters; empty: every host."""
        return frozenset(name.lower() for name in _listed(self.api_hosts))


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]
