"""Messages to staff: one's own with their words; of everybody's, how many are in which state."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from alerts.channels.configured import style_of
from alerts.notice_words import words_of
from api.cursors import decode_number, encode_number, next_link
from api.delivery_schemas import MessageCount, MessageCounts, MessageOut, MessagesPage, ReceiptOut
from api.documentation import documented
from api.fields import CursorText, Limit, Moment
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.clock import service_now
from store.messages import message_counts, note_message_receipt, own_messages

router = APIRouter(tags=["delivery"])

_MESSAGE = {
    "message_id": 41,
    "channel": "sms",
    "subject": "Cordon: 3 alerts: 1 breach, 2 warnings",
    "body": "3 alerts: 1 breach, 2 warnings.\n",
    "created_at": "2026-11-22T10:00:00Z",
    "accepted_at": "2026-11-22T10:00:01Z",
    "delivered_at": "2026-11-22T10:00:04Z",
    "received_at": None,
    "dead_at": None,
}
_COUNTS = {"since": "2026-11-21T10:00:00Z", "counts": [{"channel": "sms", "state": "delivered", "amount": 12}]}
USUAL_SPAN = timedelta(days=1)
MessageId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The message's id", examples=[41])]


@router.get("/v1/messages", **documented(Permission.MESSAGES_READ, {"messages": [_MESSAGE], "next": None}))
def read_messages(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.MESSAGES_READ, Action.MESSAGES_READ))],
    services: CurrentServices,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> MessagesPage:
    """The messages that were sent to you, newest first; nobody else's."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        found = own_messages(transaction, before, limit + 1)
        page = found[:limit]
        record_allowed(transaction, caller.identity, Action.MESSAGES_READ, Subject(row_count=len(page)))
    style = style_of(services.settings)
    messages = []
    for one in page:
        words = words_of(one.notices, style)
        messages.append(
            MessageOut(
                message_id=one.message_id,
                channel=one.channel,
                subject=words.subject,
                body=words.body,
                created_at=one.created_at,
                accepted_at=one.accepted_at,
                delivered_at=one.delivered_at,
                received_at=one.received_at,
                dead_at=one.dead_at,
            )
        )
    last = encode_number(page[-1].message_id) if found[limit:] else None
    return MessagesPage(messages=messages, next=next_link(request.url.path, {"limit": limit}, last))


@router.post(
    "/v1/messages/{message_id}/receipt",
    **documented(Permission.MESSAGES_READ, {"message_id": 41, "received": True}, HTTPStatus.NOT_FOUND),
)
def receive_message(
    caller: Annotated[Caller, Depends(Requires(Permission.MESSAGES_READ, Action.MESSAGE_RECEIPT))],
    services: CurrentServices,
    message_id: MessageId,
) -> ReceiptOut:
    """Say that you have read a message of yours, so that nobody else is told in your place. Again changes nothing."""
    about = Subject(detail={"message_id": message_id})
    with services.pool.transaction(caller.identity) as transaction:
        is_own = note_message_receipt(transaction, caller.identity.subject, message_id)
        if is_own:
            record_allowed(transaction, caller.identity, Action.MESSAGE_RECEIPT, about)
    if not is_own:
        raise refuse_unseen(services, caller, Action.MESSAGE_RECEIPT, about, "message")
    return ReceiptOut(message_id=message_id, received=True)


@router.get("/v1/message-counts", **documented(Permission.DELIVERY_READ, _COUNTS))
def read_counts(
    caller: Annotated[Caller, Depends(Requires(Permission.DELIVERY_READ, Action.MESSAGE_COUNTS))],
    services: CurrentServices,
    since: Annotated[Moment | None, Query(description="Messages made since then; left out, the last day's")] = None,
) -> MessageCounts:
    """How many messages of each channel are in which state, and how many notices wait; nobody's words."""
    with services.pool.transaction(caller.identity) as transaction:
        begins_at = since or service_now(transaction) - USUAL_SPAN
        counts = message_counts(transaction, begins_at)
        record_allowed(transaction, caller.identity, Action.MESSAGE_COUNTS, Subject(window_from=begins_at))
    return MessageCounts(
        since=begins_at,
        counts=[MessageCount(channel=channel, state=state, amount=amount) for channel, state, amount in counts],
    )
