"""The answer to a body of one item or an array of them: what went in, and each refusal by its place."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from access.problems import problem
from ingest.ping import Refusal
from ops.metrics import GATEWAY_PINGS


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
