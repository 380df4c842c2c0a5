"""The receivers' side as the settings say."""

from pathlib import Path

from alerts.channels.addresses import Reach
from alerts.channels.notify import NotifyChannel
from alerts.channels.outcomes import MessageProvider
from alerts.channels.smtp import SmtpChannel, SmtpServer
from alerts.notice_words import Style, read_headlines
from model.notices import NoticeChannel
from ops.errors import ConfigurationError
from ops.settings import Settings


def reach_of(settings: Settings) -> Reach:
    return Reach(settings.reachable_networks, settings.webhook_allow_http)


def style_of(settings: Settings) -> Style:
    """How messages are worded. Raises ConfigurationError where the word list cannot be read, InputError where wrong."""
    public_url = settings.public_url.rstrip("/")
    if not settings.notice_words:
        return Style(public_url, settings.notice_call)
    try:
        document = Path(settings.notice_words).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"CORDON_NOTICE_WORDS cannot be read: {error}") from None
    return Style(public_url, settings.notice_call, headlines=read_headlines(document))


def provider_of(settings: Settings, channel: NoticeChannel) -> MessageProvider | None:
    """What sends by the channel; None where nothing is configured. Raises ConfigurationError on a wrong secret."""
    return _email_provider(settings) if channel is NoticeChannel.EMAIL else _sms_provider(settings)


def _email_provider(settings: Settings) -> MessageProvider | None:
    if settings.email_by == "smtp":
        server = SmtpServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_from,
            settings.message_timeout_s,
            settings.smtp_user,
            settings.smtp_password.get_secret_value(),
        )
        return SmtpChannel(server)
    if settings.email_by == "notify":
        return _notify(settings, NoticeChannel.EMAIL, settings.notify_email_template)
    return None


def _sms_provider(settings: Settings) -> MessageProvider | None:
    if not settings.notify_sms_template:
        return None
    return _notify(settings, NoticeChannel.SMS, settings.notify_sms_template)


def _notify(settings: Settings, channel: NoticeChannel, template_id: str) -> NotifyChannel:
    key = settings.notify_api_key.get_secret_value()
    return NotifyChannel(channel, key, template_id, settings.notify_url, settings.message_timeout_s)
