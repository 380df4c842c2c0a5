"""E-mail and text messages through GOV.UK Notify (https://docs.notifications.service.gov.uk/python.html).

The words are ours; Notify's template holds only the places for them: ((subject)) and ((body)).
"""

from http import HTTPStatus
from typing import Any

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient

from alerts.channels.outcomes import OutgoingMessage, Progress, SendOutcome, Verdict
from model.notices import NoticeChannel

DELIVERED = frozenset({"delivered", "sent"})  # sent: abroad, where networks say nothing more
FAILED = frozenset({"permanent-failure", "temporary-failure", "technical-failure"})
PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class NotifyChannel:
    """One channel's own client, which is not for two threads at once."""

    tells_progress = True

    def __init__(self, channel: NoticeChannel, api_key: str, template_id: str, base_url: str, timeout_s: float) -> None:
        self._channel = channel
        self._template_id = template_id
        make: Any = NotificationsAPIClient  # it carries no types
        self._client = make(api_key, base_url, timeout_s)

    def send(self, message: OutgoingMessage) -> SendOutcome:
        try:
            answer = self._post(message)
            return SendOutcome(Verdict.ACCEPTED, reference=str(answer["id"]), status=HTTPStatus.CREATED)
        except APIError as error:
            return _outcome_of(error)
        except (OSError, ValueError, KeyError, TypeError) as error:
            return SendOutcome(Verdict.LATER, error=f"GOV.UK Notify gave no whole answer: {type(error).__name__}")

    def progress(self, reference: str) -> tuple[Progress, str | None]:
        try:
            status = str(self._client.get_notification_by_id(reference)["status"])
        except APIError as error:
            is_unknown = error.response is not None and error.response.status_code == HTTPStatus.NOT_FOUND
            return (Progress.UNKNOWN if is_unknown else Progress.UNDERWAY), None
        except (OSError, ValueError, KeyError, TypeError):
            return Progress.UNDERWAY, None
        if status in DELIVERED:
            return Progress.DELIVERED, status
        return (Progress.FAILED if status in FAILED else Progress.UNDERWAY), status

    def _post(self, message: OutgoingMessage) -> Any:
        if self._channel is NoticeChannel.SMS:
            words = {"body": message.sms}
            return self._client.send_sms_notification(message.address, self._template_id, words, message.reference)
        words = {"subject": message.subject, "body": message.body}
        return self._client.send_email_notification(message.address, self._template_id, words, message.reference)


def _outcome_of(error: APIError) -> SendOutcome:
    """Its message may quote the recipient's address, so only its status and kinds of error are kept."""
    if error.response is None:
        return SendOutcome(Verdict.LATER, error="GOV.UK Notify does not answer")
    status = error.response.status_code
    is_passing = status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    retry_after = error.response.headers.get("Retry-After", "")
    return SendOutcome(
        Verdict.LATER if is_passing else Verdict.REFUSED,
        status=status,
        error=f"GOV.UK Notify answered {status}{_kinds(error)}",
        retry_after_s=float(retry_after[:6]) if retry_after.isascii() and retry_after.isdigit() else None,
    )


def _kinds(error: APIError) -> str:
    message = error.message
    if not isinstance(message, list):
        return ""
    return "".join(f" {one['error']}" for one in message if isinstance(one, dict) and str(one.get("error")).isalnum())
