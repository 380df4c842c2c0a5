"""A crime where the first breach was: reported as police do, matched, and told."""

import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from cli.demo.wording import matched
from ingest.matching.importing import Reading, Sender, import_crime_file
from store.database import SERVICE, Cursor, Pool
from store.summary import AlertNotice, crime_notice

AFTER_S = 2.0
"""After the alert: so that the tag has spoken once more."""
MAX_BYTES = 10_000
LOCK_TIMEOUT_MS = 3000


class DemoCrime:
    """One crime a run: imported soon after the first breach, told once it is matched."""

    def __init__(self, pool: Pool, say: Callable[[str], None]) -> None:
        self._pool = pool
        self._say = say
        self._breach: AlertNotice | None = None
        self._due = float("inf")
        self._reference: str | None = None
        self.is_pending = False

    def happen(self, breach: AlertNotice) -> None:
        """Where and when the wearer entered the zone."""
        self._breach, self._due, self.is_pending = breach, time.monotonic() + AFTER_S, True

    def step(self) -> None:
        """Report it when it is due; tell of its match when there is one."""
        if self._breach is not None and time.monotonic() >= self._due:
            self._reference = self._report(self._breach)
            self._breach = None
        if self._reference is None:
            return
        with self._pool.transaction(SERVICE) as cursor:
            notice = crime_notice(cursor, self._reference)
        if notice is not None:
            self._say(f"\n{matched(notice)}")
            self._reference, self.is_pending = None, False

    def _report(self, breach: AlertNotice) -> str:
        """Import it as a file of one row, in the form that police use; its reference."""
        now = datetime.now(UTC)
        reference, entry = f"DEMO-{now:%Y%m%d%H%M%S}", breach.evidence["positions"]["entry"]
        window = f"{breach.began_at.astimezone(UTC):%Y%m%d%H%M%S},{now:%Y%m%d%H%M%S}"
        place = f",,{entry['lat']:.6f},{entry['lon']:.6f},WGS84"
        row = f"Metropolitan,RB,Robbery,MPS{now:%Y%m%d},{reference},{window},{place},A made-up robbery"

        def begin() -> AbstractContextManager[Cursor]:
            return self._pool.transaction(SERVICE)

        import_crime_file(
            begin, io.BytesIO(row.encode()), Sender(SERVICE, "command", None), Reading({}, MAX_BYTES, LOCK_TIMEOUT_MS)
        )
        return reference
