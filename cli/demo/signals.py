"""A polite stop: a signal is noted, and acted upon where the demo can stop in good order."""

import signal
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):  # noqa: N818 - nothing is wrong: somebody asked the demo to end
    """Unwinds the start of the demo; everything begun so far is stopped on the way."""


class StopSignals:
    """Whether somebody asked the demo to end."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal only set ``requested``.

        To the end of the process: an impatient second Ctrl-C must not cut the stop short.
        """
        for number in STOPPING:
            signal.signal(number, self._note)

    def check(self) -> None:
        if self.requested:
            raise StopRequested

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
