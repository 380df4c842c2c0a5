"""The processes that the demo starts: each with a log of its own, none outliving the demo."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.demo.ports import LOOPBACK
from cli.demo.signals import StopSignals
from ops.die_with_parent import wrapped
from ops.errors import CordonError, UnavailableError
from ops.healthcheck import is_healthy

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
LOG_LINES_SHOWN = 15


class ChildEndedError(CordonError):
    """A process that the demo needs has ended by itself."""


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise ChildEndedError, with the last lines of the log, when the process has ended."""
        code = self.process.poll()
        if code is not None:
            raise ChildEndedError(
                f"the {self.name} ended by itself (exit code {code}). Its last log lines, from {self.log}:\n"
                + last_lines(self.log)
            )

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not end by it."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_child(name: str, command: str, log: Path, environment: Mapping[str, str]) -> Iterator[Child]:
    """`cordon COMMAND` as a process from here to the end of the block.

    It is killed with the demo, and has a session of its own, so that Ctrl-C reaches the demo alone.
    """
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            # -P: the folder that the demo is run from holds nobody's modules
            wrapped([sys.executable, "-P", "-m", "cli", command], signal.SIGKILL),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    child = Child(name, process, log)
    try:
        yield child
    finally:
        child.stop()


def wait_until_ready(child: Child, port: int, stopping: StopSignals) -> None:
    """Return once /health/ready on ``port`` says yes."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_healthy(f"http://{LOOPBACK}:{port}/health/ready"):
        stopping.check()
        child.check()
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"the {child.name} is not ready after {READY_SECONDS:.0f} s. Its last log lines, from {child.log}:\n"
                + last_lines(child.log)
            )
        time.sleep(0.1)


def last_lines(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:])
