"""What a tag is told to do, and what its wearer is told by it. No command discloses a zone."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from model.visits import IDENTIFIER_NAMESPACE


class CommandKind(StrEnum):
    VIBRATE = "vibrate"
    FIX_NOW = "fix_now"
    REPORT_FASTER = "report_faster"
    TEXT = "text"


class WearerText(StrEnum):
    """Every text that a wearer can be sent: neutral ones, so that none says where a zone is or that there is one."""

    CHARGE = "Your tag needs charging."
    CONTACT = "Please contact your probation practitioner."


@dataclass(frozen=True, slots=True)
class Command:
    command_id: UUID  # the same for the same cause, so that it is written once however often it is decided
    device_id: int
    kind: CommandKind
    text: WearerText | None  # of a text, and only of that
    reason: str  # a word for the record, such as the kind of the alert that it goes before
    expires_us: int  # from here on it is not sent any more, and a tag drops it


def command_identifier(device_id: int, kind: CommandKind, reason: str, cause_us: int) -> UUID:
    """``cause_us`` is when what the command answers began."""
    return uuid5(IDENTIFIER_NAMESPACE, f"command:{device_id}:{kind}:{reason}:{cause_us}")
