"""Pings and fixes that tests make up."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from geofence.columns import NOT_GIVEN, Fixes
from ingest.screen import ScreenLimits
from model.enums import Mechanism
from model.times import SECOND_US, from_microseconds

START_US = 1_750_000_000_000_000
"""A moment in June 2025."""

LIMITS = ScreenLimits(
    fix_max_age_days=400,
    fix_max_future_s=300,
    implied_speed_limit_mps=90,
    poor_accuracy_m=150,
    region=(49.0, -9.0, 61.0, 2.5),
)


def ping(serial: str, fix_time_us: int, lat: float = 51.5, lon: float = -0.1, **fields: Any) -> bytes:
    """The JSON of one ping."""
    told = {"device_id": serial, "fix_time": from_microseconds(fix_time_us).isoformat(), "lat": lat, "lon": lon}
    return json.dumps(told | fields).encode()


def fixes(
    times_us: Sequence[int],
    lat: Sequence[float] | None = None,
    lon: Sequence[float] | None = None,
    offsets: Sequence[int] | None = None,
    received_us: Sequence[int] | None = None,
) -> Fixes:
    """Plain fixes at these times, each received a second after it unless told otherwise."""
    count = len(times_us)
    times = np.array(times_us, dtype=np.int64)
    return Fixes(
        fix_time_us=times,
        received_us=times + SECOND_US if received_us is None else np.array(received_us, dtype=np.int64),
        lat=np.full(count, 51.5) if lat is None else np.array(lat, dtype=np.float64),
        lon=np.full(count, -0.1) if lon is None else np.array(lon, dtype=np.float64),
        accuracy_m=np.full(count, 8.0),
        mechanism=np.full(count, Mechanism.GPS, dtype=np.int64),
        speed_mps=np.full(count, np.nan),
        heading_deg=np.full(count, np.nan),
        satellites=np.full(count, NOT_GIVEN, dtype=np.int64),
        hdop=np.full(count, np.nan),
        battery_pct=np.full(count, np.nan),
        sequence=np.full(count, NOT_GIVEN, dtype=np.int64),
        message_offset=np.arange(count) if offsets is None else np.array(offsets, dtype=np.int64),
    )
