"""A body that never ends is not waited for."""

import asyncio
from typing import Any

from starlette.types import Message

from api.middleware import BodyLimitMiddleware


def test_a_body_that_never_ends_is_answered() -> None:
    answer: list[Message] = []
    waiting = [{"type": "http.request", "body": b"[", "more_body": True}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.sleep(3600)
        raise AssertionError("waited for ever")

    async def send(message: Message) -> None:
        answer.append(message)

    async def route(*_: Any) -> None:
        raise AssertionError("half a body reached the route")

    scope = {"type": "http", "method": "POST", "path": "/v1/pings", "headers": []}
    asyncio.run(asyncio.wait_for(BodyLimitMiddleware(route, 1000, within_s=0.05)(scope, receive, send), 5))
    assert answer[0]["status"] == 408
    assert (b"connection", b"close") in answer[0]["headers"]
