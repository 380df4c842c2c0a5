"""A polite stop: a signal is noted, and acted upon where the demo can stop in good order."""

import signal
from types import FrameType, TracebackType
from typing import Self

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):  # noqa: N818 - nothing is wrong: somebody asked the demo to end
    """Unwinds the start of the demo; everything begun so far is stopped on the way."""


class StopSignals:
    """While entered, Ctrl-C, SIGTERM and a closed terminal only set ``requested``; a second one hurries nothing."""

    def __init__(self) -> None:
        self.requested = False
        self._former: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in STOPPING:
            signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the handlers in place: the process ends next, and a late Ctrl-C must not cut that short."""

    def check(self) -> None:
        if self.requested:
            raise StopRequested

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
