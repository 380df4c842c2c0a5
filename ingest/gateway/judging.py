"""At the door: which of the pings that decoded may go in."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.decode import decode_each
from ingest.gateway.services import GatewayServices
from ingest.ping import Refusal
from model.enums import RejectionReason
from store.sources import SourceAccess

UNKNOWN_DEVICE = Refusal(
    RejectionReason.UNKNOWN_DEVICE, "no device of this `device_id` is registered: register it, then send it again"
)
OTHER_DEVICE = Refusal(RejectionReason.KEY_MISMATCH, "this source speaks for one device, and `device_id` names another")


@dataclass(frozen=True, slots=True)
class Judged:
    """By place among the messages: serials of what goes in, refusals of the rest, and which tags nobody wears."""

    accepted: dict[int, str]
    refused: dict[int, Refusal]
    on_nobody: list[int]  # accepted: a tag may speak before it is put on


def judge(messages: Sequence[bytes], access: SourceAccess, services: GatewayServices) -> Judged:
    """Judge ``messages``, each the JSON of one ping. Raises UnavailableError when the registry does not answer."""
    decoded = decode_each(messages, time.time_ns() // 1_000_000, services.decode_limits)
    refused = {bad.message_index: Refusal(bad.reason, bad.detail) for bad in decoded.rejections}
    known = services.known_devices(sorted(set(decoded.serials))) if decoded.serials else {}
    accepted: dict[int, str] = {}
    for place, serial in zip(decoded.fixes.message_offset.tolist(), decoded.serials, strict=True):
        if access.device_serial not in {None, serial}:
            refused[place] = OTHER_DEVICE
        elif serial not in known:
            refused[place] = UNKNOWN_DEVICE
        else:
            accepted[place] = serial
    return Judged(accepted, refused, [place for place, serial in accepted.items() if not known[serial]])
