"""Waiting for what another thread, process or server does."""

import time
from collections.abc import Callable

DEADLINE_S = 15


def wait_until(holds: Callable[[], bool], seconds: float = DEADLINE_S, what: str = "what was waited for") -> float:
    """How many seconds it took. Raises AssertionError when it does not come about in time."""
    started = time.monotonic()
    while not holds():
        waited = time.monotonic() - started
        assert waited < seconds, f"{what} did not come about in {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - started
