"""The simulated tags' way in: the same HTTP gateway that a real source uses."""

import http.client
import json
import time
from http import HTTPStatus
from typing import Any

from cli.demo.ports import LOOPBACK
from model.times import SECOND_US
from ops.errors import ConfigurationError, UnavailableError
from sim.world import World

LONGEST_STEP_US = 10 * SECOND_US
"""Of one request: after a machine slept, the tags upload what they held in pieces."""
PATIENCE_SECONDS = 30.0
JUDGED = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Some accepted, or none: either way the answer names each ping that was refused."""
TRY_AGAIN = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)


class Feed:
    """Sends what is due, and sends it again until the gateway has acknowledged it."""

    def __init__(self, world: World, port: int, source_key: str) -> None:
        self._world = world
        self._port = port
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {source_key}"}
        self._acknowledged_until_us = world.start_us
        self._failing_since: float | None = None
        self.accepted = 0
        self.refused = 0

    def send_due(self, now_us: int) -> None:
        """Send every ping with a fix time before ``now_us``.

        Raises ConfigurationError when the gateway refuses them, UnavailableError when it has not answered for long.
        """
        while self._acknowledged_until_us < now_us:
            until_us = min(now_us, self._acknowledged_until_us + LONGEST_STEP_US)
            pings = self._world.pings(self._acknowledged_until_us, until_us)
            if pings and not self._delivered(pings):
                return
            self._acknowledged_until_us = until_us

    def _delivered(self, pings: list[dict[str, Any]]) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=5)
        try:
            connection.request("POST", "/v1/pings", json.dumps(pings), self._headers)
            response = connection.getresponse()
            status, answer = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self._be_patient(type(error).__name__)
            return False
        finally:
            connection.close()
        if status in TRY_AGAIN:
            self._be_patient(f"{status} {answer!r}")
            return False
        if status not in JUDGED:
            raise ConfigurationError(f"the API refuses the simulated pings: {status} {answer!r}")
        refused = len(json.loads(answer)["rejected"])
        self.accepted += len(pings) - refused
        self.refused += refused
        self._failing_since = None
        return True

    def _be_patient(self, problem: str) -> None:
        """A real tag keeps its pings and tries again; a demo does so for a while only."""
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if now - self._failing_since > PATIENCE_SECONDS:
            raise UnavailableError(f"the API has taken no ping for {PATIENCE_SECONDS:.0f} s: {problem}")
