"""Processes of the service that a test starts, kills, freezes and thaws."""

import os
import signal
import subprocess
import sys
from pathlib import Path

STOP_TIMEOUT_S = 20


class WorkerProcess:
    """`cordon worker`, or another command, in a process of its own."""

    def __init__(self, environment: dict[str, str], log_file: Path, command: str = "worker") -> None:
        free_ports = {f"CORDON_{name}_HEALTH_PORT": "0" for name in ("WORKER", "DELIVER", "WATCH", "MATCH", "DUTY")}
        self._environment = os.environ | free_ports | environment
        self._command = command
        self.log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli", self._command], env=self._environment, stdout=log, stderr=log
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to finish; its exit code."""
        self.thaw()
        self._signal(signal.SIGTERM)
        return self._wait()

    def wait(self) -> int:
        """Until it ends by itself; its exit code."""
        return self._wait()

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _wait(self) -> int:
        if self._process is None:
            return 0
        try:
            return self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


def worker_environment(
    *, worker_url: str, bootstrap_servers: str, topic: str, **settings: str | float
) -> dict[str, str]:
    """Settings of a worker on Kafka; further ones by their names in lower case, without the prefix."""
    return {
        "CORDON_DATABASE_WORKER_URL": worker_url,
        "CORDON_BROKER": "kafka",
        "CORDON_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CORDON_KAFKA_PINGS_TOPIC": topic,
        "CORDON_KAFKA_GROUP": f"workers-{topic}",
        "CORDON_KAFKA_SESSION_TIMEOUT_MS": "6000",
        "CORDON_KAFKA_MAX_POLL_INTERVAL_MS": "15000",
    } | {f"CORDON_{name.upper()}": str(value) for name, value in settings.items()}
