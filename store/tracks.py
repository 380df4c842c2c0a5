"""Positions of one person, through the one SQL function that the API's role may read them by."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from store.database import Cursor, fetch_one


class TrackKey(NamedTuple):
    """Where a page ends: the order of a track."""

    fix_time: datetime
    device_id: int
    fix_key: int


class TrackPoint(NamedTuple):
    device_id: int
    serial: str
    fix_time: datetime
    fix_key: int
    received_at: datetime
    lat: float
    lon: float
    accuracy_m: float | None
    mechanism: int
    speed_mps: float | None
    heading_deg: float | None
    satellites: int | None
    hdop: float | None
    battery_pct: float | None
    sequence: int | None
    flags: int

    @property
    def key(self) -> TrackKey:
        return TrackKey(self.fix_time, self.device_id, self.fix_key)


@dataclass(frozen=True, slots=True)
class TrackPage:
    points: list[TrackPoint]
    goes_on: bool
    lawful_times: list[tuple[datetime, datetime]]  # of the window: outside of them nothing is given


def read_track(
    cursor: Cursor, person_id: int, from_time: datetime, to_time: datetime, *, after: TrackKey | None, limit: int
) -> TrackPage:
    """A page of the track; the function checks who asks and writes the audit in this transaction."""
    after_time, after_device, after_key = after or (None, None, None)
    cursor.execute(
        "SELECT * FROM person_track(%s, %s, %s, %s, %s, %s, %s)",
        (person_id, from_time, to_time, after_time, after_device, after_key, limit),
    )
    points = [TrackPoint(*row) for row in cursor.fetchall()]
    goes_on = len(points) == limit and _goes_on(cursor, person_id, from_time, to_time, points[-1].key)
    cursor.execute("SELECT begins_at, ends_at FROM track_times(%s, %s, %s)", (person_id, from_time, to_time))
    return TrackPage(points, goes_on, cursor.fetchall())


def _goes_on(cursor: Cursor, person_id: int, from_time: datetime, to_time: datetime, after: TrackKey) -> bool:
    cursor.execute("SELECT person_track_goes_on(%s, %s, %s, %s, %s, %s)", (person_id, from_time, to_time, *after))
    goes_on: bool = fetch_one(cursor)[0]
    return goes_on
