"""What each route says about itself: its permission, an example of its answer, and the problems it can answer with."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from access.problems import MEDIA_TYPE
from access.roles import Permission

PERMISSION_KEY = "x-permission"
DESCRIPTION = """GPS tagging monitoring: breach alerts, tracks and zones.

Every route takes a bearer token, or the cookie of a session, and names its permission (`x-permission`); only
`/health/...` and the pages of signing in are open. What the caller may not see is answered as if it were not there.
Reads of personal data are recorded with the header `X-Purpose`. Times are RFC 3339 with an offset; answers are in UTC.
Every error is a problem (RFC 9457)."""

_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": True},
            "description": "Every fault at once, each with its place",
        },
    },
    "additionalProperties": True,
}
_MEANINGS = {
    HTTPStatus.BAD_REQUEST: "A body that cannot be read",
    HTTPStatus.UNAUTHORIZED: "No live token or session",
    HTTPStatus.FORBIDDEN: "The role does not have this route's permission, or another site sent the request",
    HTTPStatus.NOT_FOUND: "No such thing, or not the caller's to see",
    HTTPStatus.REQUEST_TIMEOUT: "The body came too slowly",
    HTTPStatus.CONFLICT: "Not as things stand; the detail says why",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than this service takes",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Wrong parameters or content; every fault is named",
    HTTPStatus.PRECONDITION_REQUIRED: "Without If-Match; read it first and send its ETag",
    HTTPStatus.TOO_MANY_REQUESTS: "More than is taken; Retry-After says when one more is",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Our fault; tells nothing of the inside",
    HTTPStatus.SERVICE_UNAVAILABLE: "A server that this needs does not answer; Retry-After says when to try again",
}
_USUAL = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_OF_ALL = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)
_HTML = {"text/html": {"schema": {"type": "string"}}}
_PAGES = {
    HTTPStatus.SEE_OTHER: "On to the next page",
    HTTPStatus.FORBIDDEN: "Not signed in; the page says why",
    HTTPStatus.NOT_FOUND: "This service has no such sign-in",
    HTTPStatus.SERVICE_UNAVAILABLE: "The identity provider, or a server of ours, does not answer; try again",
}


def documented(
    permission: Permission, example: object, *further: HTTPStatus, media_type: str = "application/json"
) -> dict[str, Any]:
    """The keyword arguments of a guarded route: its permission, an example and its problems."""
    responses: dict[int, Any] = {200: {"content": {media_type: {"example": example}}}}
    responses |= {int(status): _problem(status) for status in (*_USUAL, *further)}
    return {"responses": responses, "openapi_extra": {PERMISSION_KEY: permission.value}}


def also_answers(route: dict[str, Any], status: int, model: type, description: str, example: object) -> None:
    """Add to a documented route an answer beside 200, such as 201 for what it made."""
    content = {"application/json": {"example": example}}
    route["responses"][status] = {"model": model, "description": description, "content": content}


def documented_page(example: str, *problems: HTTPStatus, media_type: str = "text/html") -> dict[str, Any]:
    """The keyword arguments of a route that browsers open, which needs no policy: whoever asks is not known yet."""
    pages: dict[int, Any] = {200: {"content": {media_type: {"example": example}}}}
    pages |= {int(status): _problem(status) for status in (*_OF_ALL, *problems)}
    pages |= {int(status): {"description": meaning, "content": _HTML} for status, meaning in _PAGES.items()}
    return {"responses": pages}


class DocumentedApi(FastAPI):
    """FastAPI, with the problem's schema in the document."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
        return super().openapi()


def _problem(status: HTTPStatus) -> dict[str, Any]:
    example = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": _MEANINGS[status]}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    return {"description": _MEANINGS[status], "content": content}
