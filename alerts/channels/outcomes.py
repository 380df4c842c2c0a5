"""What a provider of messages is given, and what it says."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol


class Verdict(Enum):
    ACCEPTED = auto()
    LATER = auto()  # not now: try again
    REFUSED = auto()  # a setting, a template or the login is wrong: loud, and tried again until it is put right
    NEVER = auto()  # this recipient cannot be reached at this address


class Progress(Enum):
    UNDERWAY = auto()
    DELIVERED = auto()
    FAILED = auto()
    UNKNOWN = auto()  # the provider knows nothing of it, or no more


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """``sms`` is the whole of a text message; an e-mail has subject and body."""

    message_id: int
    address: str
    subject: str
    body: str
    sms: str

    @property
    def reference(self) -> str:
        """The same however often it is sent: by it, a provider and a receiver know a message that came twice."""
        return f"cordon-message-{self.message_id}"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """``reference`` is the provider's own. ``error`` holds nothing of the message or its recipient."""

    verdict: Verdict
    reference: str | None = None
    status: int | None = None
    error: str | None = None
    retry_after_s: float | None = None


class MessageProvider(Protocol):
    """Used by one thread. Whatever goes wrong outside is an outcome, not an exception."""

    tells_progress: bool

    def send(self, message: OutgoingMessage) -> SendOutcome: ...

    def progress(self, reference: str) -> tuple[Progress, str | None]:
        """And the provider's word for it; asked only of one that ``tells_progress``."""
        ...
