"""Tells a person about alerts as they change."""

import time
from collections.abc import Callable

from cli.demo.wording import breach, change_line, told
from model.enums import AlertChangeKind, AlertKind
from store.alert_events import last_event_id
from store.database import SERVICE, Pool
from store.summary import AlertNotice, alert_notices, last_notice_id, staff_notices


class AlertWatch:
    """Reads the changes behind those it has told of. The first breach is told in full, the rest in a line each; so is
    the first member of staff who is told of one.

    An update (one more position inside) is not told: there would be one every few seconds for each wearer inside.
    """

    def __init__(
        self,
        pool: Pool,
        address: str,
        say: Callable[[str], None],
        began: float,
        on_first: Callable[[AlertNotice], None],
    ) -> None:
        self._pool = pool
        self._on_first = on_first
        self._address = address
        self._say = say
        self._began = began
        self._told_first = False
        self._told_staff = False
        with pool.transaction(SERVICE) as cursor:
            self._last_event = last_event_id(cursor)
            self._last_notice = last_notice_id(cursor)

    def tell_changes(self) -> None:
        with self._pool.transaction(SERVICE) as cursor:
            notices = alert_notices(cursor, self._last_event)
            told_staff = [] if self._told_staff else staff_notices(cursor, self._last_notice)
        for notice in notices:
            self._last_event = notice.event_id
            if notice.change in {AlertChangeKind.UPDATED, AlertChangeKind.WORKED}:
                continue
            is_entry = notice.change == AlertChangeKind.RAISED and notice.kind == AlertKind.EXCLUSION_ZONE_BREACH
            if is_entry and not self._told_first:
                self._told_first = True
                took_s = time.monotonic() - self._began
                self._say(f"\n{breach(notice, self._address)}\n\nFirst alert {took_s:.0f} s after the start.")
                self._on_first(notice)
            else:
                self._say(change_line(notice))
        if told_staff and self._told_first:
            self._told_staff = True
            self._say(told(told_staff[0]))
