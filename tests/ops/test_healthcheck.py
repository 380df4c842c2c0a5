"""What a container's health check says of a real server."""

import subprocess
import sys

import pytest

from ops.health import health_server
from tests.servers.common import ROOT, free_port


def _check(port: int, path: str) -> int:
    url = f"http://127.0.0.1:{port}{path}"
    return subprocess.run([sys.executable, "-m", "ops.healthcheck", url], cwd=ROOT, check=False).returncode


@pytest.mark.parametrize(("ready", "code"), [(True, 0), (False, 1)])
def test_it_tells_a_ready_worker_from_one_that_is_not(ready: bool, code: int) -> None:
    with health_server("127.0.0.1", 0, lambda: {"database": ready}) as port:
        assert _check(port, "/health/live") == 0
        assert _check(port, "/health/ready") == code


def test_it_fails_where_nobody_listens() -> None:
    assert _check(free_port(), "/health/live") == 1
