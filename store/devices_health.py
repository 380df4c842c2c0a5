"""The health of devices and of the intake, for the monitoring officer: nobody's name and no place."""

from dataclasses import dataclass
from datetime import datetime

from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """None where nothing was heard. ``last_fix_at`` is of the last position that is no cell tower's."""

    serial: str
    is_worn: bool
    last_heard_at: datetime | None
    last_fix_at: datetime | None
    battery_pct: float | None
    battery_at: datetime | None


@dataclass(frozen=True, slots=True)
class IntakeHealth:
    """``processed_through``: all that was received before is judged, on every partition; None without a proof of it."""

    checked_at: datetime
    partitions: int
    processed_through: datetime | None
    alive_through: datetime | None
    deaf_since: datetime | None


def list_devices_health(
    cursor: Cursor, after: str | None, heard_before: datetime | None, limit: int
) -> list[DeviceHealth]:
    """By serial, from behind ``after``; with ``heard_before`` only devices that were not heard of since."""
    cursor.execute("SELECT * FROM devices_health(%s, %s, %s)", (after, heard_before, limit))
    return [DeviceHealth(*row) for row in cursor.fetchall()]


def read_intake_health(cursor: Cursor) -> IntakeHealth:
    cursor.execute("SELECT * FROM intake_health()")
    return IntakeHealth(*fetch_one(cursor))
