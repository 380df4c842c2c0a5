"""A large body on its way to the disk, for a route that reads it itself: it never is in memory as a whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.errors import ProblemError
from api.middleware import MOST_DIGITS
from ingest.matching.spool import PARTS_OF_A_BATCH, FileTooLargeError, Spool

SILENT_S = 30.0  # a client that says nothing for so long is gone
WITHIN_S = 900.0  # a client that says a little all the time would hold its connection for ever


@asynccontextmanager
async def spooled_body(request: Request, max_bytes: int, if_too_large: str = PARTS_OF_A_BATCH) -> AsyncIterator[Spool]:
    """The body on disk, up to ``max_bytes``. Raises ProblemError with 400, 408 or 413."""
    with Spool(max_bytes, if_too_large) as spool:
        try:
            _refuse_claim(request, spool)
            async with asyncio.timeout(WITHIN_S):
                await _receive(request, spool)
        except FileTooLargeError as error:
            raise _cut(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error)) from None
        except ClientDisconnect:
            raise _cut(HTTPStatus.BAD_REQUEST, "The body broke off: nothing of it was taken.") from None
        except TimeoutError:
            raise _cut(
                HTTPStatus.REQUEST_TIMEOUT,
                f"A body has to go on within {SILENT_S:.0f} s and end within {WITHIN_S:.0f} s.",
            ) from None
        yield spool


async def _receive(request: Request, spool: Spool) -> None:
    chunks = request.stream()
    while True:
        async with asyncio.timeout(SILENT_S):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        await run_in_threadpool(spool.write, chunk)


def _refuse_claim(request: Request, spool: Spool) -> None:
    """Content-Length is a claim, and the bytes are the fact; but what claims to be too large need not be read."""
    claimed = request.headers.get("content-length", "")
    if claimed.isascii() and claimed.isdigit():
        spool.refuse_size(int(claimed[:MOST_DIGITS]))


def _cut(status: HTTPStatus, detail: str) -> ProblemError:
    return ProblemError(status, detail, headers={"Connection": "close"})
