"""Many police files on their way at once: one force's neither fill the disk nor keep out another's."""

import socket
import time
from contextlib import ExitStack

import httpx
import pytest

import api.routes.crime_batches
from access.roles import Role
from api.services import UPLOADS_OF_A_FORCE
from tests.api.police import PoliceApi
from tests.crimes.files.police_files import police_csv
from tests.support.seed import FORCE

SOON_S = 10
KENT = police_csv({"police_force": "Kent", "batch_id": "KNT20250126"})


def send(police: PoliceApi, content: bytes, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{police.api.url}/v1/crime-batches", content=content, headers=headers, timeout=20)
    return answer.status_code


def begin_slowly(police: PoliceApi, token: str) -> socket.socket:
    """A file of which the first byte has arrived, and no other."""
    connection = socket.create_connection(("127.0.0.1", int(police.api.url.rpartition(":")[2])))
    connection.sendall(
        "POST /v1/crime-batches HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        f"Authorization: Bearer {token}\r\n\r\nM".encode()
    )
    return connection


def test_a_force_sends_a_few_files_at_once_and_keeps_nobody_else_out(
    police: PoliceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.routes.crime_batches, "BUSY_S", 0.3)
    own = police.api.tokens[Role.POLICE_ANALYST]
    turns = police.api.app.state.services.uploading[FORCE]
    with ExitStack() as slow:
        for _ in range(UPLOADS_OF_A_FORCE):
            slow.enter_context(begin_slowly(police, own))
        until = time.monotonic() + SOON_S
        while not turns.locked() and time.monotonic() < until:
            time.sleep(0.01)
        assert turns.locked()
        assert send(police, police_csv({}), own) == 503, "nothing more of it is kept meanwhile"
        assert send(police, KENT, police.other_force) == 201
    until = time.monotonic() + SOON_S
    while turns.locked() and time.monotonic() < until:
        time.sleep(0.01)
    assert send(police, police_csv({}), own) == 201, "who breaks off gives the turn back"


def send_without_end(police: PoliceApi, bearer: str) -> None:
    with socket.create_connection(("127.0.0.1", int(police.api.url.rpartition(":")[2]))) as connection:
        connection.sendall(
            "POST /v1/crime-batches HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            f"Authorization: Bearer {bearer}\r\n\r\n".encode()
        )
        until = time.monotonic() + SOON_S
        while time.monotonic() < until:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


@pytest.mark.parametrize("role", [None, Role.PRACTITIONER])
def test_who_is_refused_is_not_listened_to_any_longer(police: PoliceApi, role: Role | None) -> None:
    """Or anybody could have the service read for ever, without a token."""
    with pytest.raises(ConnectionError):
        send_without_end(police, police.api.tokens[role] if role else "none")
