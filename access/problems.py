"""Every error answer is a problem (RFC 9457): one shape, for people and programs."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> JSONResponse:
    """The answer for an error. ``detail`` says what to do; ``members`` are further members for programs.

    Nothing of a request's values belongs in it beyond what the sender needs to find the fault.
    """
    body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail, **members}
    return JSONResponse(body, status_code=int(status), media_type=MEDIA_TYPE, headers=headers)


def unavailable(detail: str, retry_after_s: int = 5) -> JSONResponse:
    """503 with Retry-After: a server that we need does not answer."""
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "Service unavailable", detail, headers={"Retry-After": str(retry_after_s)}
    )
