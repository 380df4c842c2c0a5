"""What the columns of decoded pings may hold, judged once a batch, and how what they may not hold is named."""

from datetime import UTC, datetime

import numpy as np

from geofence.columns import Booleans, Fixes, Floats
from ingest.ping import BAD_SERIAL, BAD_TIME, MECHANISMS, SERIAL_MAX_LENGTH, Refusal
from model.enums import RejectionReason
from model.times import to_microseconds
from model.zones import Region

UNKNOWN_MECHANISM = 0
EARLIEST_US = to_microseconds(datetime.min.replace(tzinfo=UTC))
LATEST_US = to_microseconds(datetime.max.replace(tzinfo=UTC))

RANGES = {
    "lat": (-90.0, 90.0),
    "lon": (-180.0, 180.0),
    "accuracy_m": (0.0, 10_000_000.0),  # a quarter of the way round the Earth says nothing any more
    "speed_mps": (0.0, 1_000.0),
    "heading_deg": (0.0, 360.0),
    "hdop": (0.0, 1_000.0),
    "battery_pct": (0.0, 100.0),
}
"""What a column of floats may hold, ends included; NaN stands for what was not given."""


def suspects(fixes: Fixes, serials: list[str], region: Region) -> Booleans:
    """The places whose values are not what a ping may hold: a mask of the shape ``(n,)``."""
    bad = (fixes.fix_time_us < EARLIEST_US) | (fixes.fix_time_us > LATEST_US)
    bad |= fixes.mechanism == UNKNOWN_MECHANISM
    for name, (least, most) in RANGES.items():
        column: Floats = getattr(fixes, name)
        bad |= (column < least) | (column > most)
    bad |= _swapped(fixes.lat, fixes.lon, region)
    bad_serials = {serial for serial in set(serials) if not is_serial(serial)}
    if bad_serials:
        bad |= np.array([serial in bad_serials for serial in serials])
    return bad


def _swapped(lat: Floats, lon: Floats, region: Region) -> Booleans:
    return ~_within(lat, lon, region) & _within(lon, lat, region)


def _within(lat: Floats, lon: Floats, region: Region) -> Booleans:
    south, west, north, east = region
    return (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)


def is_serial(serial: str) -> bool:
    return 0 < len(serial) <= SERIAL_MAX_LENGTH and serial.isprintable()


def judge(fixes: Fixes, serials: list[str], place: int, region: Region) -> Refusal:
    """The most telling reason for a place that ``suspects`` marked."""
    if not is_serial(serials[place]):
        return BAD_SERIAL
    if not EARLIEST_US <= fixes.fix_time_us[place] <= LATEST_US:
        return BAD_TIME
    if fixes.mechanism[place] == UNKNOWN_MECHANISM:
        known = ", ".join(f"{key}" for key in MECHANISMS if key is not None)
        return Refusal(RejectionReason.UNKNOWN_MECHANISM, f"`mechanism` must be one of {known}")
    one = slice(place, place + 1)
    if _swapped(fixes.lat[one], fixes.lon[one], region)[0]:
        return Refusal(
            RejectionReason.SWAPPED_COORDINATES,
            "`lat` and `lon` lie in the region served only when they are exchanged: send latitude as `lat`",
        )
    wrong = [
        f"`{name}` must be {least:g} to {most:g}"
        for name, (least, most) in RANGES.items()
        if not (np.isnan(getattr(fixes, name)[place]) or least <= getattr(fixes, name)[place] <= most)
    ]
    return Refusal(RejectionReason.OUT_OF_RANGE, "; ".join(wrong))
