"""Settings of delivery: how staff and other systems are told."""

import ipaddress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from ops.errors import ConfigurationError

LONGEST_PUBLIC_URL = 60  # a text message holds the link and says something beside it
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class DeliverySettings(BaseSettings):
    """Part of ``ops.settings.Settings``; never read alone."""

    public_url: Annotated[str, Field(max_length=LONGEST_PUBLIC_URL)] = Field(
        default="", description="address of the service as staff open it; messages link to it"
    )
    notice_call: Annotated[str, Field(pattern=r"^(\+?[0-9][0-9 ]{2,14})?$")] = Field(
        default="", description="telephone number that messages tell staff to call, such as the duty room's"
    )
    notice_words: str = Field(
        default="", description="TOML file with a service's own words of messages, one line for each template"
    )
    email_by: Literal["", "smtp", "notify"] = Field(
        default="", description="what sends e-mail: a mail server, or GOV.UK Notify; empty: nothing does"
    )
    smtp_host: str = Field(default="", description="name of the mail server, as its certificate states it")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(default=587, description="port of the mail server")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="how the way to the mail server is secured; none on loopback only"
    )
    smtp_user: str = Field(default="", description="login at the mail server; empty: none")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="password of that login")
    smtp_password_file: str = Field(default="", description="file that holds the password instead")
    smtp_from: str = Field(default="", description="address that e-mail comes from")
    notify_url: str = Field(
        default="https://api.notifications.service.gov.uk", description="base address of GOV.UK Notify's API"
    )
    notify_api_key: SecretStr = Field(
        default=SecretStr(""), description="API key of GOV.UK Notify; with one, text messages are sent"
    )
    notify_api_key_file: str = Field(default="", description="file that holds the key instead")
    notify_email_template: str = Field(
        default="", description="id of Notify's e-mail template: subject ((subject)), body ((body))"
    )
    notify_sms_template: str = Field(
        default="", description="id of Notify's text message template, whose body is ((body)); empty: no text messages"
    )
    message_timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=10, description="time that a mail server or GOV.UK Notify has for each answer"
    )
    webhook_timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=10, description="time that the receiver of a webhook has to take it"
    )
    webhook_allow_http: bool = Field(
        default=False, description="let webhooks go to loopback addresses, by plain HTTP too: for trials"
    )
    webhook_networks: str = Field(
        default="",
        description="networks that webhooks may go to although they are not public, such as 10.20.0.0/16, separated by"
        " commas",
    )
    delivery_dead_after_s: Annotated[float, Field(gt=0)] = Field(
        default=259_200, description="what a receiver has refused for so long is given up and listed as dead"
    )

    @model_validator(mode="after")
    def _addresses_hold(self) -> Self:
        if self.public_url and not is_address(self.public_url):
            raise ValueError("CORDON_PUBLIC_URL: give an address such as https://cordon.example, without a query")
        if not is_address(self.notify_url):
            raise ValueError("CORDON_NOTIFY_URL: give an address that begins with https:// (http:// on loopback only)")
        try:
            _ = self.reachable_networks
        except ValueError as error:
            raise ValueError(f"CORDON_WEBHOOK_NETWORKS: {error}; give networks such as 10.20.0.0/16") from None
        return self

    @model_validator(mode="after")
    def _email_can_be_sent(self) -> Self:
        if self.email_by == "smtp":
            if not self.smtp_host or "@" not in self.smtp_from or not self.smtp_from.isprintable():
                raise ValueError("CORDON_EMAIL_BY=smtp needs CORDON_SMTP_HOST and CORDON_SMTP_FROM, an address")
            if self.smtp_security == "none" and not is_loopback(self.smtp_host):
                raise ValueError("CORDON_SMTP_SECURITY=none is for loopback only: mail must not be read on the way")
        if self.email_by == "notify" and not (self.notify_email_template and self._has_notify_key):
            raise ValueError("CORDON_EMAIL_BY=notify needs CORDON_NOTIFY_API_KEY and CORDON_NOTIFY_EMAIL_TEMPLATE")
        if self.notify_sms_template and not self._has_notify_key:
            raise ValueError("CORDON_NOTIFY_SMS_TEMPLATE needs CORDON_NOTIFY_API_KEY")
        if (self.email_by or self.notify_sms_template) and not self.public_url:
            raise ValueError("messages need CORDON_PUBLIC_URL: they link to the service instead of telling data")
        return self

    @cached_property
    def reachable_networks(self) -> tuple[Network, ...]:
        named = [name.strip() for name in self.webhook_networks.split(",") if name.strip()]
        return tuple(ipaddress.ip_network(name) for name in named)

    def secret(self, name: Literal["smtp_password", "notify_api_key", "oidc_client_secret"]) -> str:
        """As it was given, or as its file holds it. Raises ConfigurationError where the file cannot be read."""
        given: SecretStr = getattr(self, name)
        file = getattr(self, f"{name}_file")
        if given.get_secret_value() or not file:
            return given.get_secret_value()
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"CORDON_{name.upper()}_FILE cannot be read: {error}") from None

    @property
    def _has_notify_key(self) -> bool:
        return bool(self.notify_api_key.get_secret_value() or self.notify_api_key_file)


def is_address(text: str) -> bool:
    """https, or http on loopback; nothing after the path."""
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    return is_safe and bool(parts.hostname) and not parts.query and not parts.fragment and text.isascii()


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
