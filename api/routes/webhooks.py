"""Webhooks: other systems that are told of alerts. An administrator registers them; secrets are shown once."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from alerts.channels.addresses import check_url, find_addresses
from alerts.channels.configured import reach_of
from alerts.channels.webhooks import new_secret
from api.delivery_schemas import Replay, Replayed, Rotation, WebhookIn, WebhookMade, WebhookOut, WebhooksList
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from ops.errors import InputError, UnavailableError
from store.webhooks import (
    Webhook,
    disable_webhook,
    enable_webhook,
    find_webhook,
    list_webhooks,
    register_webhook,
    replay,
    rotate_secret,
)

router = APIRouter(tags=["delivery"])

SECONDS_AN_HOUR = 3600
_WEBHOOK = {
    "webhook_id": 3,
    "url": "https://receiver.example/alerts",
    "description": "case management",
    "changes": [],
    "severities": ["breach"],
    "created_by": "an.administrator",
    "created_at": "2026-11-22T10:00:00Z",
    "disabled_at": None,
    "disabled_reason": None,
    "failures": 0,
    "paused_until": None,
    "last_delivered_at": "2026-11-22T10:05:00Z",
}
_MADE = {"webhook": _WEBHOOK, "secret": "whsec_bm90IGEgc2VjcmV0IGJ1dCBhbiBleGFtcGxl"}
_REGISTER_ROUTE = documented(Permission.WEBHOOKS_WRITE, _MADE)
also_answers(_REGISTER_ROUTE, 201, WebhookMade, "Registered", _MADE)
WebhookId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The webhook's id", examples=[3])]


@router.get("/v1/webhooks", **documented(Permission.DELIVERY_READ, {"webhooks": [_WEBHOOK]}))
def read_webhooks(
    caller: Annotated[Caller, Depends(Requires(Permission.DELIVERY_READ, Action.WEBHOOKS_LIST))],
    services: CurrentServices,
) -> WebhooksList:
    """Every webhook, disabled ones too, and how it fares. Secrets are not shown again."""
    with services.pool.transaction(caller.identity) as transaction:
        found = list_webhooks(transaction)
        record_allowed(transaction, caller.identity, Action.WEBHOOKS_LIST, Subject(row_count=len(found)))
    return WebhooksList(webhooks=[WebhookOut.model_validate(one) for one in found])


@router.post("/v1/webhooks", **_REGISTER_ROUTE)
def add_webhook(
    caller: Annotated[Caller, Depends(Requires(Permission.WEBHOOKS_WRITE, Action.WEBHOOK_REGISTER))],
    services: CurrentServices,
    response: Response,
    wanted: WebhookIn,
) -> WebhookMade:
    """Tell a receiver of every change of an alert from now on; the first goes out within seconds.

    The answer holds the secret, once. The receiver checks the signature with a library of Standard Webhooks, answers
    2xx within 10 seconds, and drops a `webhook-id` that it has seen.
    """
    reach = reach_of(services.settings)
    try:
        find_addresses(check_url(wanted.url, reach), reach)
    except (InputError, UnavailableError) as error:
        record_refusal(services.pool, caller.identity, Action.WEBHOOK_REGISTER, Subject())
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=[{"where": "body.url", "problem": str(error)}]
        ) from None
    secret = new_secret()
    with services.pool.transaction(caller.identity) as transaction:
        made = register_webhook(
            transaction,
            wanted.url,
            wanted.description,
            [change.value for change in wanted.changes],
            [severity.value for severity in wanted.severities],
            caller.identity.subject,
            secret,
        )
        record_allowed(transaction, caller.identity, Action.WEBHOOK_REGISTER, _about(made.webhook_id))
    response.status_code = HTTPStatus.CREATED
    return WebhookMade(webhook=WebhookOut.model_validate(made), secret=secret)


@router.post("/v1/webhooks/{webhook_id}/rotate", **documented(Permission.WEBHOOKS_WRITE, _MADE, HTTPStatus.NOT_FOUND))
def rotate_webhook(
    caller: Annotated[Caller, Depends(Requires(Permission.WEBHOOKS_WRITE, Action.WEBHOOK_ROTATE))],
    services: CurrentServices,
    webhook_id: WebhookId,
    wanted: Rotation,
) -> WebhookMade:
    """Give it a new secret, shown once. Until the overlap is over both sign, so that the receiver can change over."""
    secret = new_secret()
    with services.pool.transaction(caller.identity) as transaction:
        is_there = rotate_secret(transaction, webhook_id, secret, wanted.overlap_h * SECONDS_AN_HOUR)
        found = find_webhook(transaction, webhook_id)
        if is_there:
            record_allowed(transaction, caller.identity, Action.WEBHOOK_ROTATE, _about(webhook_id))
    return WebhookMade(webhook=_seen(services, caller, Action.WEBHOOK_ROTATE, webhook_id, found), secret=secret)


@router.post(
    "/v1/webhooks/{webhook_id}/disable", **documented(Permission.WEBHOOKS_WRITE, _WEBHOOK, HTTPStatus.NOT_FOUND)
)
def disable(
    caller: Annotated[Caller, Depends(Requires(Permission.WEBHOOKS_WRITE, Action.WEBHOOK_DISABLE))],
    services: CurrentServices,
    webhook_id: WebhookId,
) -> WebhookOut:
    """Send it nothing more within seconds, and queue nothing for it. What waits stays; a replay fills the gap."""
    with services.pool.transaction(caller.identity) as transaction:
        found = disable_webhook(transaction, webhook_id, f"by {caller.identity.subject}")
        if found is not None:
            record_allowed(transaction, caller.identity, Action.WEBHOOK_DISABLE, _about(webhook_id))
    return _seen(services, caller, Action.WEBHOOK_DISABLE, webhook_id, found)


@router.post(
    "/v1/webhooks/{webhook_id}/enable", **documented(Permission.WEBHOOKS_WRITE, _WEBHOOK, HTTPStatus.NOT_FOUND)
)
def enable(
    caller: Annotated[Caller, Depends(Requires(Permission.WEBHOOKS_WRITE, Action.WEBHOOK_ENABLE))],
    services: CurrentServices,
    webhook_id: WebhookId,
) -> WebhookOut:
    """Go on with what waits, at once; one that is paused after failures is tried now."""
    with services.pool.transaction(caller.identity) as transaction:
        found = enable_webhook(transaction, webhook_id)
        if found is not None:
            record_allowed(transaction, caller.identity, Action.WEBHOOK_ENABLE, _about(webhook_id))
    return _seen(services, caller, Action.WEBHOOK_ENABLE, webhook_id, found)


@router.post(
    "/v1/webhooks/{webhook_id}/replay",
    **documented(Permission.WEBHOOKS_WRITE, {"queued": 12}, HTTPStatus.NOT_FOUND),
)
def replay_deliveries(
    caller: Annotated[Caller, Depends(Requires(Permission.WEBHOOKS_WRITE, Action.WEBHOOK_REPLAY))],
    services: CurrentServices,
    webhook_id: WebhookId,
    wanted: Replay,
) -> Replayed:
    """Queue anew: one event; or all that happened from `from` to `to` and the webhook wants; or all that is dead.

    What is sent again has the `webhook-id` that it had, and may arrive after later events of its alert.
    """
    given = (wanted.begins_at, wanted.ends_at)
    span = None
    if wanted.begins_at is not None and wanted.ends_at is not None:
        span = (wanted.begins_at, wanted.ends_at)
    if (span is None and given != (None, None)) or (span and (span[0] >= span[1] or wanted.event_id is not None)):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Give event_id, or from and a later to, or nothing for all that is dead.",
            errors=[{"where": "body", "problem": "not one event, one time, or nothing"}],
        )
    with services.pool.transaction(caller.identity) as transaction:
        found = find_webhook(transaction, webhook_id)
        queued = 0 if found is None else replay(transaction, webhook_id, wanted.event_id, span)
        if found is not None:
            about = Subject(
                window_from=wanted.begins_at,
                window_to=wanted.ends_at,
                row_count=queued,
                detail={"webhook_id": webhook_id, "event_id": wanted.event_id},
            )
            record_allowed(transaction, caller.identity, Action.WEBHOOK_REPLAY, about)
    _seen(services, caller, Action.WEBHOOK_REPLAY, webhook_id, found)
    return Replayed(queued=queued)


def _seen(
    services: CurrentServices, caller: Caller, action: Action, webhook_id: int, found: Webhook | None
) -> WebhookOut:
    if found is None:
        raise refuse_unseen(services, caller, action, _about(webhook_id), "webhook")
    return WebhookOut.model_validate(found)


def _about(webhook_id: int) -> Subject:
    return Subject(detail={"webhook_id": webhook_id})
