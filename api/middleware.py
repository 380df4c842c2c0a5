"""Around every request: an id, limits, headers, metrics, and the net under unexpected errors. Plain ASGI, so that
streams pass through.
"""

import asyncio
import re
import time
import traceback
import uuid
from collections.abc import Collection, Iterable
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.problems import problem
from ops.logs import get_logger
from ops.metrics import HTTP_REQUESTS, HTTP_SECONDS

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}")
BODY_WITHIN_S = 60.0  # a client that never ends its body would hold its connection for ever
MOST_DIGITS = 18  # of a claimed length that are read; more digits are too much anyway
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_log = get_logger("api")


class BrokenAnswerError(Exception):
    """An answer broke after its first byte: the connection is cut, so that nobody takes the part for the whole."""


class RequestContextMiddleware:
    """Names the request, answers unexpected errors, counts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer.send)
            except Exception as error:  # noqa: BLE001 -- the net under everything; logged, and answered below
                _log_unexpected(scope, error)
                if answer.status is not None:
                    raise BrokenAnswerError("the answer broke off") from None
                await _unexpected()(scope, receive, answer.send)
            finally:
                answer.observe(scope)


class _Answer:
    """Passes an answer on with our headers, and remembers what the metrics need."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self._began = time.perf_counter()
        self._stream_began: float | None = None
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID_HEADER] = self._request_id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if headers.get("content-type", "").startswith("text/event-stream"):
                self._stream_began = time.perf_counter()
        await self._send(message)

    def observe(self, scope: Scope) -> None:
        """By the route's template, never the path. A stream lasts as long as its client: its opening is what counts."""
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "other"
        route = getattr(scope.get("route"), "path", "unmatched")
        HTTP_REQUESTS.labels(method, route, str(self.status or "aborted")).inc()
        HTTP_SECONDS.labels(method, route).observe((self._stream_began or time.perf_counter()) - self._began)


class KnownHostMiddleware:
    """Answers requests that call the service by a name of ours. A page elsewhere whose name was made to lead to us
    (DNS rebinding) calls us by its own, and reads nothing. Probes call an address, and read nothing of anybody.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = scope["type"] != "http" or scope["path"].startswith("/health/") or not self._hosts
        if is_open or _host(Headers(scope=scope)) in self._hosts:
            await self._app(scope, receive, send)
            return
        refusal = problem(
            HTTPStatus.MISDIRECTED_REQUEST,
            "Misdirected request",
            "This service does not answer by that name; its operator lists its names in CORDON_API_HOSTS.",
        )
        await refusal(scope, receive, send)


class BodyLimitMiddleware:
    """Reads the body before the route does, up to the limit: Content-Length is a claim, the bytes are the fact.

    But for the methods and paths of ``unlimited``, which read it themselves and have limits of their own.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        within_s: float = BODY_WITHIN_S,
        unlimited: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._within_s = within_s
        self._unlimited = unlimited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if (scope["method"], scope["path"]) in self._unlimited:
            streamed = _StreamedBody(receive, send)
            await self._app(scope, streamed.receive, streamed.send)
            return
        try:
            async with asyncio.timeout(self._within_s):
                body = None if self._claims_too_much(Headers(scope=scope)) else await self._read(receive)
        except TimeoutError:
            await self._too_slow()(scope, receive, send)
            return
        if body is None:
            await self._too_large()(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _claims_too_much(self, headers: Headers) -> bool:
        claimed = headers.get("content-length", "")
        return claimed.isascii() and claimed.isdigit() and int(claimed[:MOST_DIGITS]) > self._max_bytes

    async def _read(self, receive: Receive) -> list[Message] | None:
        """The body's messages, which may end in a disconnect; None when it is too large."""
        messages: list[Message] = []
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > self._max_bytes:
                return None
            if message["type"] != "http.request" or not message.get("more_body", False):
                return messages

    def _too_slow(self) -> ASGIApp:
        return problem(
            HTTPStatus.REQUEST_TIMEOUT,
            "Request body too slow",
            f"A body has to arrive within {self._within_s:.0f} s; send it again, in parts if need be.",
            headers={"Connection": "close"},
        )

    def _too_large(self) -> ASGIApp:
        return problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "Request body too large",
            f"A body may have {self._max_bytes} bytes; send it in parts.",
            headers={"Connection": "close"},
        )


class _StreamedBody:
    """Cuts the connection with an answer that comes before the body's end, such as a refusal: what still comes would be
    read and thrown away for as long as the client likes.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._has_ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._has_ended = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._has_ended:
            MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)


def _replay(messages: Iterable[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replayed() -> Message:
        for message in waiting:
            return message
        return await receive()

    return replayed


def _host(headers: Headers) -> str:
    """The name of the header Host, without the port."""
    given = headers.get("host", "").lower()
    return given.partition("]")[0].removeprefix("[") if given.startswith("[") else given.partition(":")[0]


def _request_id(headers: Headers) -> str:
    given = headers.get(REQUEST_ID_HEADER, "")
    return given if REQUEST_ID_PATTERN.fullmatch(given) else uuid.uuid4().hex


def _unexpected() -> ASGIApp:
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error",
        f"Something went wrong here, not with the request. Tell the operator the {REQUEST_ID_HEADER} of this answer.",
    )


def _log_unexpected(scope: Scope, error: Exception) -> None:
    """Where it happened and its kind; never its message, which can quote a row."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    _log.error(
        "unexpected",
        kind=type(error).__name__,
        route=getattr(scope.get("route"), "path", "unmatched"),
        frames=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
