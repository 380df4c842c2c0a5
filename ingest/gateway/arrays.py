"""Routes whose body is one item or an array of them: how they are documented, and how they answer."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from access.problems import problem
from ingest.gateway.requests import JSON
from ingest.ping import Refusal
from ops.metrics import GATEWAY_PINGS


def request_of(item_schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI says of the body."""
    schema = {"oneOf": [item_schema, {"type": "array", "items": item_schema}]}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema, "example": [example]}}}}


def responses_of(item: str, example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of the answers."""
    return {
        202: {"description": "Durable, but for those named in `rejected`", "content": {JSON: {"example": example}}},
        401: {"description": "No live source has the key"},
        413: {"description": "The body is too large"},
        415: {"description": "The body is compressed or not JSON"},
        422: {"description": f"No {item} was accepted; `rejected` says why"},
        429: {"description": "More requests than this source may send in a minute; Retry-After says when to go on"},
        503: {"description": "Not durable: send all of them again"},
    }


def answer(
    protocol: str, item: str, accepted: int, refused: Mapping[int, Refusal], **more: list[dict[str, Any]]
) -> Response:
    """202 with the number ``accepted``, what was ``refused`` and ``more``; 422 where nothing was accepted."""
    GATEWAY_PINGS.labels(protocol, "accepted").inc(accepted)
    GATEWAY_PINGS.labels(protocol, "rejected").inc(len(refused))
    rejected = [
        {"index": place, "reason": refusal.reason.value, "detail": refusal.detail}
        for place, refusal in sorted(refused.items())
    ]
    if not accepted:
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"No {item} accepted", "`rejected` names each reason.", rejected=rejected
        )
    return JSONResponse({"accepted": accepted, "rejected": rejected, **more}, status_code=HTTPStatus.ACCEPTED)
