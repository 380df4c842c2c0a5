"""A check that all who ask at the same time share: an open route must not cost more the oftener it is asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

Outcome = dict[str, str]


@dataclass(slots=True)
class SharedCheck:
    """Of one event loop."""

    _running: asyncio.Task[Outcome] | None = field(default=None)

    async def outcome(self, check: Callable[[], Outcome]) -> Outcome:
        """That of the check under way, or of one that begins now, not on the requests' threads: all may be busy."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(asyncio.to_thread(check))
        return await asyncio.shield(self._running)
