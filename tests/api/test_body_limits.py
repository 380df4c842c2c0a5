"""No route reads a body that is too large, whoever sends it, and every one says so in the same words."""

import asyncio

from access.roles import Role
from api.routes import crime_batches
from api.routes.registry_imports import PATHS
from tests.api.test_policy import OPERATIONS, address
from tests.support.api_server import RunningApi

TOO_LARGE = 10**12
FILES = {crime_batches.PATH, *PATHS}
"""They ask for a token first: who has none is refused before their larger limit counts."""


async def answers(port: int, requests: dict[tuple[str, str], bytes]) -> dict[tuple[str, str], bytes]:
    async def answer(request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        received = await asyncio.wait_for(reader.read(), 20)  # to the end: the connection is cut
        writer.close()
        return received

    return {place: await answer(request) for place, request in requests.items()}


def claim(method: str, path: str, token: str = "") -> bytes:
    """A request that claims to have a huge body, and begins it."""
    return (
        f"{method.upper()} {address(path)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {TOO_LARGE}\r\n\r\n["
    ).encode()


def asked(api: RunningApi, requests: dict[tuple[str, str], bytes]) -> dict[tuple[str, str], bytes]:
    return asyncio.run(answers(int(api.url.rpartition(":")[2]), requests))


def test_every_route_refuses_a_body_that_claims_to_be_huge(api: RunningApi) -> None:
    claims = {(method, path): claim(method, path) for method, path, _ in OPERATIONS if method != "get"}
    assert len(claims) > 50
    for (method, path), answer in asked(api, claims).items():
        status = b"401" if path in FILES else b"413"
        assert answer.split(b" ")[1] == status, (method, path)
        assert b"connection: close" in answer.lower(), (method, path)
        assert b"application/problem+json" in answer, (method, path)


def test_a_registry_file_that_is_too_large_is_not_spoken_of_as_a_batch_of_crimes(api: RunningApi) -> None:
    administrator = api.tokens[Role.ADMINISTRATOR]
    for answer in asked(api, {("post", path): claim("post", path, administrator) for path in PATHS}).values():
        assert answer.split(b" ")[1] == b"413"
        assert b"CORDON_CRIME_FILE_MAX_BYTES" in answer
        assert b"batch" not in answer
