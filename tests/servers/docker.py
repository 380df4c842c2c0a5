"""Servers in Docker containers, where a Docker engine answers."""

import functools
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from tests.servers.common import INSTALL_SECONDS, run_tool

_ENGINE_SECONDS = 5.0
_COMMAND_SECONDS = 60.0


@functools.cache
def engine_answers() -> bool:
    """Whether a Docker engine can be used; the client alone is not one."""
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(
            ["docker", "info", "--format", "{{.ServerVersion}}"],  # noqa: S607 - the user's docker is the one to use
            capture_output=True,
            timeout=_ENGINE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


class Container:
    """One container, with its port on 127.0.0.1; made at once, removed by `remove`."""

    def __init__(
        self, image: str, ports: Mapping[int, int], environment: Mapping[str, str], command: Sequence[str] = ()
    ) -> None:
        options = [f"--publish=127.0.0.1:{outside}:{inside}" for outside, inside in ports.items()]
        options += [f"--env={name}={value}" for name, value in environment.items()]
        started = ["docker", "run", "--detach", "--label=cordon-tests", *options, image, *command]
        self._id = run_tool(started, f"docker run {image}", INSTALL_SECONDS).strip().splitlines()[-1]

    def do(self, verb: str, *options: str) -> None:
        """One of docker's own verbs: stop, start, kill, pause, unpause."""
        run_tool(["docker", verb, *options, self._id], f"docker {verb}", _COMMAND_SECONDS)

    def state(self) -> str:
        """In docker's words: running, paused, exited."""
        asked = ["docker", "inspect", "--format={{.State.Status}}", self._id]
        return run_tool(asked, "docker inspect", _COMMAND_SECONDS).strip()

    def failure(self) -> str | None:
        """Its last words once it has ended by itself; None while it may still come up."""
        if self.state() in {"created", "running", "restarting"}:
            return None
        return run_tool(["docker", "logs", "--tail=20", self._id], "docker logs", _COMMAND_SECONDS)

    def remove(self) -> None:
        self.do("rm", "--force", "--volumes")
