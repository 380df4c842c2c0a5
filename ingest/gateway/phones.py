"""What the phone protocols share: deliver what a payload meant, keep what it could not mean, answer 200.

A phone must not get an error for a payload that will never be right. Traccar Client sends its positions in order and
the oldest again every 30 s until the answer is a success, so one bad position would hold all later ones back
(``TrackingController`` of its Android source). OwnTracks on Android keeps a message that failed at the head of its
queue (owntracks/android#936), on iOS it drops it after a 4xx (owntracks/ios#665). So the payload is kept here as a
dead letter, and a header of the answer says why.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import Response

from ingest.gateway.judging import judge
from ingest.gateway.services import GatewayServices
from ingest.ping import Refusal
from ingest.protocols.interpretation import Interpretation
from ops.metrics import DEAD_LETTERS, GATEWAY_PINGS
from store.dead_letters import NewDeadLetter
from store.sources import SourceAccess

TOO_MANY = HTTPStatus.SERVICE_UNAVAILABLE  # a phone that drops what is answered 4xx keeps it
REJECTED_HEADER = "X-Cordon-Rejected"

RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body broke off"},
    401: {"description": "No live source has the key"},
    413: {"description": "The body is too large"},
    415: {"description": "The body is compressed, or of another type"},
    503: {"description": "Not durable, or more requests than this source may send in a minute: send it again later"},
}
"""What OpenAPI says of the answers but 200."""


def deliver(
    topic: str, found: Interpretation, serial: str | None, access: SourceAccess, services: GatewayServices
) -> list[str]:
    """Append the pings, then keep what was refused; returns the reasons of the refused, each once.

    In this order a failure between the two makes the phone send again, and a repeated ping is stored once. Raises
    UnavailableError when something could not be made durable.
    """
    places = list(found.pings)
    messages = [msgspec.json.encode(ping) for ping in found.pings.values()]
    judged = judge(messages, access, services)
    if judged.accepted:
        services.sink.append([(device, messages[index]) for index, device in judged.accepted.items()])
    refused = found.refused | {places[index]: refusal for index, refusal in judged.refused.items()}
    for place, refusal in sorted(refused.items()):
        services.keep_dead_letter(_dead_letter(topic, place, found.originals[place], serial, refusal))
        DEAD_LETTERS.labels(refusal.reason.value).inc()
    GATEWAY_PINGS.labels(topic, "accepted").inc(len(judged.accepted))
    GATEWAY_PINGS.labels(topic, "rejected").inc(len(refused))
    return sorted({refusal.reason.value for refusal in refused.values()})


def done(body: str, media_type: str, reasons: list[str]) -> Response:
    """200, with the reasons of what was refused."""
    headers = {REJECTED_HEADER: ", ".join(reasons)} if reasons else None
    return Response(body, media_type=media_type, headers=headers)


def _dead_letter(topic: str, item: int, value: bytes, serial: str | None, refusal: Refusal) -> NewDeadLetter:
    return NewDeadLetter(
        topic=topic,
        item=item,
        key=serial.encode() if serial else None,
        value=value,
        reason=refusal.reason,
        detail=refusal.detail,
    )
