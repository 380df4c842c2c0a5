"""Trackers that send ``GET ?id=…`` with no slash before the question mark."""

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

OSMAND_PATH = "/v1/osmand"
OSMAND_PARAMETERS = frozenset({b"id", b"deviceid", b"key"})


class EmptyPathMiddleware:
    """Turns an empty path into ``/``, and takes a query of a tracker at ``/`` to the OsmAnd route.

    uvicorn passes such a request line on with h11; with httptools it answers 400 before any middleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in {"", "/"}:
            path = OSMAND_PATH if _is_tracker(scope["query_string"]) else "/"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def _is_tracker(query: bytes) -> bool:
    return any(unquote_to_bytes(piece.split(b"=")[0]) in OSMAND_PARAMETERS for piece in query.split(b"&"))
