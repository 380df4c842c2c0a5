"""`cordon api` as a process: told to stop, it tells its streams and goes."""

import os
import signal
import subprocess
import sys

import httpx

from access.roles import Role
from ops.healthcheck import is_healthy
from tests.servers.common import free_port
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_token
from tests.support.waiting import wait_until

READY_WITHIN_S = 60


def test_a_stopped_service_ends_its_streams_and_exits_0(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        token = seed_token(cursor, Role.MANAGER, "the.manager")
    port = free_port()
    environment = os.environ | {"CORDON_DATABASE_API_URL": migrated_database.api, "CORDON_API_PORT": str(port)}
    command = [sys.executable, "-m", "cli", "api"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as service:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: is_healthy(url + "/health/ready"), READY_WITHIN_S, "readiness")
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.stream("GET", url + "/v1/alerts/stream", headers=headers, timeout=20) as answer:
                lines = answer.iter_lines()
                assert next(lines) == ": connected"
                service.send_signal(signal.SIGTERM)
                assert 'data: {"reason":"closing"}' in list(lines)
            assert service.wait(20) == 0
        finally:
            service.kill()
        assert service.stderr is not None
        assert service.stderr.read() == ""
