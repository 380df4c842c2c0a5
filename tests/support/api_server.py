"""The API on a real server in a thread, as a deployment runs it, and a small world behind it."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from access.roles import Role
from api.app import create_app
from api.server import make_server
from api.services import open_services
from ops.settings import Settings
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, Wearer, as_owner, seed_alert, seed_shift, seed_token, seed_wearer, seed_zone

START_WITHIN_S = 20
IMPATIENT = {"caller_requests_per_minute": 1_000_000, "failures_per_minute": 1_000_000}
"""A test asks more in a minute than any caller has to."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Each client would read all certificates of the machine otherwise, for 50 ms, to speak to a server without TLS."""


@dataclass(frozen=True, slots=True)
class RunningApi:
    """The API, its database, a token of each role, and two wearers of whom the practitioner supervises one."""

    url: str
    app: FastAPI
    urls: DatabaseUrls
    tokens: dict[Role, str]
    own: Wearer
    other: Wearer
    own_alert: str
    other_alert: str

    def client(self, role: Role | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20, verify=NO_TLS)

    def get(self, role: Role, path: str, **options: object) -> httpx.Response:
        with self.client(role) as client:
            return client.get(path, **options)  # type: ignore[arg-type]

    def audit(self, action: str) -> list[tuple[str, str, int | None, int | None, str]]:
        """Outcome, subject, person, rows and purpose of each record of the action, in order."""
        with as_owner(self.urls.owner) as cursor:
            cursor.execute(
                "SELECT outcome, subject, person_id, row_count, purpose FROM audit_log WHERE action = %s"
                " ORDER BY audit_id",
                (action,),
            )
            return cursor.fetchall()


@contextmanager
def running_api(urls: DatabaseUrls, **settings: object) -> Iterator[RunningApi]:
    """Raises AssertionError when the server does not start in time."""
    with as_owner(urls.owner) as cursor:
        tokens = {role: seed_token(cursor, role, f"the.{role}") for role in Role}
        own = seed_wearer(cursor, "X100001", practitioner="the.practitioner", name="Sam Own")
        other = seed_wearer(cursor, "X100002", practitioner="another.practitioner", name="Kim Other")
        shared = seed_zone(cursor, "SHARED-1")
        own_zone = seed_zone(cursor, "OWN-1", own.person_id)
        other_zone = seed_zone(cursor, "OTHER-1", other.person_id)
        own_alert = str(seed_alert(cursor, own, own_zone, MORNING))
        other_alert = str(seed_alert(cursor, other, other_zone, MORNING))
        seed_alert(cursor, other, shared, MORNING)
        seed_shift(cursor, f"the.{Role.DUTY_OFFICER}")
    configured = Settings.model_validate({"database_api_url": urls.api, "api_port": 0, **IMPATIENT, **settings})
    app = create_app(configured, open_services(configured))
    with serving(app, configured) as url:
        yield RunningApi(url, app, urls, tokens, own, other, own_alert, other_alert)


@contextmanager
def serving(app: FastAPI, settings: Settings) -> Iterator[str]:
    """The address of the application on a real server that stops at the end."""
    server = make_server(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not server.started:
            assert thread.is_alive(), "the server ended while it started"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_WITHIN_S)
        assert not thread.is_alive(), "the server did not stop in time"
