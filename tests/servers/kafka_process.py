"""A broker and controller in one process of Java, from Apache Kafka's own jars (KRaft)."""

import os
import re
import shutil
import signal
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from ops.die_with_parent import wrapped
from tests.servers.broker import Kafka, properties, with_secure_listeners
from tests.servers.common import INSTALL_SECONDS, ServerUnavailable, free_port, installed_once, run_tool, tool
from tests.servers.secure_listeners import secure_listeners

NAME = "kafka"
OLDEST_JAVA = 17

_RECIPE = Path(__file__).with_name("kafka")
_STOP_SECONDS = 30.0


class LocalKafka(Kafka):
    """One process of Java; ends with the tests even if they are killed."""

    def __init__(self, folder: Path) -> None:
        java = _java()
        jars = installed_once(NAME, _RECIPE / "pom.xml", _install)
        port = free_port()
        super().__init__(f"127.0.0.1:{port}")
        self._folder = folder
        self._settings = folder / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen = False
        log4j = f"-Dlog4j2.configurationFile={_RECIPE / 'log4j2.properties'}"
        self._java = [java, "-Xms128m", "-Xmx512m", log4j, "-cp", f"{jars}/*"]
        self.secure = secure_listeners(folder / "certificates")
        settings = with_secure_listeners(properties(port, free_port(), "127.0.0.1", folder / "data"), self.secure)
        self._settings.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*self._java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", self._settings]
        run_tool([*command, *self.secure.format_options], "formatting Kafka's storage", 60)

    def start(self) -> None:
        if self._process is not None:
            raise RuntimeError("the broker is already started")
        command = wrapped([*self._java, "kafka.Kafka", str(self._settings)], signal.SIGKILL)
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._wait_until_ready()

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        self._running().send_signal(signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)
        self._frozen = False

    def ensure_running(self) -> None:
        if self._process is not None and self._frozen:
            self.thaw()
        if self._process is not None and self._process.poll() is not None:
            self.kill()
        if self._process is None:
            self.start()

    def close(self) -> None:
        if self._process is not None:
            self.kill()

    def failure(self) -> str | None:
        if self._process is not None and self._process.poll() is None:
            return None
        return (self._folder / "broker.log").read_text(errors="replace")[-2000:]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the broker is not started")
        return self._process

    def _end(self, with_signal: signal.Signals) -> None:
        process = self._running()
        process.send_signal(with_signal)
        if self._frozen:
            self.thaw()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None


def _java() -> str:
    """A Java that is new enough for the broker."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        raise ServerUnavailable(f"no Java on this machine; Kafka needs Java {OLDEST_JAVA} and Maven, or Docker")
    said = run_tool([java, "-version"], "java -version", 30)
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise ServerUnavailable(f"Kafka needs Java {OLDEST_JAVA} or newer; this is {said.splitlines()[0]}")
    return java


def _install(folder: Path) -> None:
    maven = tool("mvn", "Maven")
    command = [maven, "-q", "-B", "-f", _RECIPE / "pom.xml", "dependency:copy-dependencies"]
    run_tool([*command, f"-DoutputDirectory={folder}"], "fetching Kafka's jars with Maven", INSTALL_SECONDS)
