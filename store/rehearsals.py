"""What a rehearsal of a draft zone reads of its wearer. Nothing is written but the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from psycopg2.extras import Json

from geofence.columns import NOT_GIVEN, Fixes, Floats, PositionRows
from model.authorisations import Authorisation
from model.times import to_microseconds
from model.zones import ZoneVersion
from store.authorisations import load_authorisations_of
from store.database import Cursor
from store.worker_state import load_zones_of


@dataclass(frozen=True, slots=True)
class RehearsedWearer:
    """A wearer with every version of the own zones; shared ones are not among them."""

    person_id: int
    zones: tuple[ZoneVersion, ...]
    authorisations: tuple[Authorisation, ...]


@dataclass(frozen=True, slots=True)
class WornPositions:
    """The positions of one device activation, in no order."""

    activation_id: int
    rows: PositionRows


def find_rehearsed_wearer(cursor: Cursor, crn: str) -> RehearsedWearer | None:
    """None where there is no such person, or row security hides them."""
    cursor.execute("SELECT person_id FROM people WHERE crn = %s", (crn,))
    row = cursor.fetchone()
    if row is None:
        return None
    person_id: int = row[0]
    return RehearsedWearer(
        person_id, tuple(load_zones_of(cursor, [person_id])), tuple(load_authorisations_of(cursor, [person_id]))
    )


def read_for_rehearsal(
    cursor: Cursor, person_id: int, from_time: datetime, to_time: datetime, most: int, detail: dict[str, Any]
) -> list[WornPositions]:
    """At most ``most`` positions; the function checks who asks and writes the audit in this transaction."""
    cursor.execute(
        "SELECT * FROM rehearsal_track(%s, %s, %s, %s, %s)", (person_id, from_time, to_time, most, Json(detail))
    )
    return _by_activation(cursor.fetchall())


def read_as_owner(
    cursor: Cursor, person_id: int, from_time: datetime, to_time: datetime, most: int
) -> list[WornPositions]:
    """The same for the owner, who records it."""
    cursor.execute("SELECT * FROM worn_positions(%s, %s, %s, %s)", (person_id, from_time, to_time, most))
    return _by_activation(cursor.fetchall())


def _by_activation(found: Sequence[tuple[Any, ...]]) -> list[WornPositions]:
    if not found:
        return []
    activation, *columns = zip(*found, strict=True)
    rows, activation_id = _rows(columns), np.array(activation, np.int64)
    return [WornPositions(one, rows.take(activation_id == one)) for one in np.unique(activation_id).tolist()]


def _rows(columns: Sequence[Sequence[Any]]) -> PositionRows:
    device_id, fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism, speed_mps, flags = columns
    count = len(device_id)
    unread = np.full(count, np.nan)
    fixes = Fixes(
        fix_time_us=np.fromiter(map(to_microseconds, fix_time), np.int64, count=count),
        received_us=np.fromiter(map(to_microseconds, received_at), np.int64, count=count),
        lat=np.array(lat, np.float64),
        lon=np.array(lon, np.float64),
        accuracy_m=_floats(accuracy_m),
        mechanism=np.array(mechanism, np.int64),
        speed_mps=_floats(speed_mps),
        heading_deg=unread,
        satellites=np.full(count, NOT_GIVEN),
        hdop=unread,
        battery_pct=unread,
        sequence=np.full(count, NOT_GIVEN),
        message_offset=np.full(count, NOT_GIVEN),
    )
    return PositionRows(
        fixes,
        np.array(device_id, np.int64),
        np.array(fix_key, np.int64),
        np.array(flags, np.int64),
        np.full(count, NOT_GIVEN),
    )


def _floats(values: Sequence[float | None]) -> Floats:
    """NaN where there is none."""
    return np.array(values, np.float64)
