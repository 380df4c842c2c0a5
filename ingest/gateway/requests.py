"""From a request to a body of a trusted size and a source whose key was right, or to the answer it gets instead."""

import base64
import binascii
from collections.abc import Awaitable
from functools import partial
from http import HTTPStatus

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from access.problems import problem, unavailable
from access.rate_limits import Excess
from ingest.gateway.services import GatewayServices
from ops.errors import UnavailableError
from ops.logs import get_logger
from store.sources import SourceAccess

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_log = get_logger("gateway")


class AnswerError(Exception):
    """Carries the answer of a request that goes no further."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def answered(work: Awaitable[Response]) -> Response:
    """The answer of ``work``, also where it broke off on purpose."""
    try:
        return await work
    except AnswerError as error:
        return error.response
    except UnavailableError:
        return unavailable(
            "Not all of it could be made durable: send all of it again, what is repeated is stored once."
        )


async def authenticated(
    request: Request,
    services: GatewayServices,
    *,
    key_in_query: bool = False,
    too_many: HTTPStatus = HTTPStatus.TOO_MANY_REQUESTS,
) -> SourceAccess:
    """The source of the request's key. AnswerError with 401 without a right one, with ``too_many`` from one that asks
    too often.

    Only a route whose clients can be given nothing but a URL takes the key from the query.
    """
    key = _key_of(request) or (request.query_params.get("key") if key_in_query else None) or ""
    peer = request.client.host if request.client else ""
    address = services.limits.address(peer, request.headers.get("x-forwarded-for", ""))
    _refuse_excess(services.limits.may_try(address, key), too_many, address=address)
    access = await services.in_thread(partial(services.authenticate, key)) if key else None
    _refuse_excess(services.limits.tried(address, key, was_right=access is not None), too_many, address=address)
    if access is None:
        raise AnswerError(
            problem(
                HTTPStatus.UNAUTHORIZED,
                "Unknown key",
                "Give the key of a live source: as a bearer token, in X-API-Key, or as the password of Basic.",
                headers={"WWW-Authenticate": 'Bearer, Basic realm="cordon", charset="UTF-8"'},
            )
        )
    _refuse_excess(services.limits.of_source(access), too_many, source_id=access.source_id)
    return access


def user_name(request: Request) -> str | None:
    """The user of Basic credentials."""
    credentials = _basic_credentials(request)
    return credentials[0] if credentials else None


async def read_body(request: Request, most: int) -> bytes:
    """The body, read no further than ``most`` bytes whatever its Content-Length says. AnswerError otherwise."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise AnswerError(
            problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Compressed body", "Send the body without Content-Encoding.")
        )
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            chunks.append(chunk)
    except ClientDisconnect:
        raise AnswerError(problem(HTTPStatus.BAD_REQUEST, "Broken body", "The connection closed early.")) from None
    return b"".join(chunks)


def require_media_type(request: Request, *accepted: str) -> str:
    """The Content-Type without its parameters, empty for none. AnswerError with 415 when not ``accepted``."""
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given not in accepted:
        names = " or ".join(name for name in accepted if name)
        raise AnswerError(
            problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unknown content type", f"Send the body as {names}.")
        )
    return given


def _refuse_excess(excess: Excess | None, status: HTTPStatus, **who: object) -> None:
    if excess is None:
        return
    if excess.is_first:
        _log.warning("too many requests", **who)
    raise AnswerError(
        problem(
            status,
            "Too many requests",
            "More requests than this service takes in a minute: send these again later, several pings in each.",
            headers={"Retry-After": str(excess.retry_after_s)},
        )
    )


def _too_large(most: int) -> AnswerError:
    return AnswerError(
        problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "Body too large",
            f"A body holds {most} bytes at the most: send less at once.",
            headers={"Connection": "close"},  # the rest of the body is not read
        )
    )


def _key_of(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    if "x-api-key" in request.headers:
        return request.headers["x-api-key"]
    credentials = _basic_credentials(request)
    return credentials[1] if credentials else None


def _basic_credentials(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeError):
        return None
    return (user, password) if colon else None
