"""What became of alert events on their way to other systems; nothing of what they say."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_delivery_key, decode_number, encode_delivery_key, encode_number, next_link
from api.delivery_schemas import AttemptOut, AttemptsPage, DeliveriesPage, DeliveryOut
from api.documentation import documented
from api.fields import CursorText, Limit
from api.routes.webhooks import WebhookId
from api.security import LARGEST_BIGINT, Caller, Requires
from api.services import CurrentServices
from store.webhooks import channel_of, list_attempts, list_deliveries

router = APIRouter(tags=["delivery"])

_DELIVERY = {
    "event_id": 812,
    "channel": "webhook:3",
    "state": "dead",
    "change": "raised",
    "happened_at": "2026-11-22T10:00:00Z",
    "queued_at": "2026-11-22T10:00:00Z",
    "attempts": 9,
    "last_error": "the receiver answered 500",
    "delivered_at": None,
    "dead_at": "2026-11-25T10:00:12Z",
}
_ATTEMPT = {
    "attempt_id": 90,
    "event_id": 812,
    "attempted_at": "2026-11-22T10:00:01Z",
    "took_ms": 41,
    "status": 500,
    "error": "the receiver answered 500",
}
WebhookFilter = Annotated[int | None, Query(ge=1, le=LARGEST_BIGINT, description="Only this webhook's")]


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


StateFilter = Annotated[DeliveryState | None, Query(description="Only those in this state; dead: given up")]


@router.get("/v1/deliveries", **documented(Permission.DELIVERY_READ, {"deliveries": [_DELIVERY], "next": None}))
def read_deliveries(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.DELIVERY_READ, Action.DELIVERIES_LIST))],
    services: CurrentServices,
    state: StateFilter = None,
    webhook: WebhookFilter = None,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> DeliveriesPage:
    """Alert events by receiver, newest first. `state=dead` is what was given up and waits for a replay."""
    after = decode_delivery_key(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        channel = None if webhook is None else channel_of(webhook)
        found = list_deliveries(transaction, channel, state, after, limit + 1)
        page = found[:limit]
        record_allowed(transaction, caller.identity, Action.DELIVERIES_LIST, Subject(row_count=len(page)))
    last = encode_delivery_key(page[-1].event_id, page[-1].channel) if found[limit:] else None
    parameters = {"state": state, "webhook": webhook, "limit": limit}
    more = next_link(request.url.path, parameters, last)
    return DeliveriesPage(deliveries=[DeliveryOut.model_validate(one) for one in page], next=more)


@router.get(
    "/v1/webhooks/{webhook_id}/attempts",
    **documented(Permission.DELIVERY_READ, {"attempts": [_ATTEMPT], "next": None}),
)
def read_attempts(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.DELIVERY_READ, Action.DELIVERIES_LIST))],
    services: CurrentServices,
    webhook_id: WebhookId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> AttemptsPage:
    """Each attempt to deliver to the webhook, newest first: when, how long it took, and what came of it."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        found = list_attempts(transaction, channel_of(webhook_id), before, limit + 1)
        page = found[:limit]
        about = Subject(row_count=len(page), detail={"webhook_id": webhook_id})
        record_allowed(transaction, caller.identity, Action.DELIVERIES_LIST, about)
    last = encode_number(page[-1].attempt_id) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return AttemptsPage(attempts=[AttemptOut.model_validate(one) for one in page], next=more)
