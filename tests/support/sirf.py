"""Positions out of a binary log of a receiver: message 41 of the SiRF Binary Protocol Reference Manual (2005)."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.protocols.interpretation import PingFields
from ingest.tracks.track import TrackFix

BEGIN, END = b"\xa0\xa2", b"\xb0\xb3"
GEODETIC = 41
GPS_EPOCH = datetime(1980, 1, 6, tzinfo=UTC)
ROLLED_OVER = 1024
"""The log of 2005 counts weeks from 22 August 1999."""


def sirf_fixes(log: Path) -> list[TrackFix]:
    """The fixes of message 41: no accuracy is stated in this log, and leap seconds do not matter here."""
    return [
        TrackFix(number, GPS_EPOCH + timedelta(weeks=week + ROLLED_OVER, milliseconds=time_of_week_ms), fields)
        for number, (week, time_of_week_ms, fields) in enumerate(_geodetic(log.read_bytes()), 1)
    ]


def _geodetic(content: bytes) -> Iterator[tuple[int, int, PingFields]]:
    for payload in _payloads(content):
        if payload[0] == GEODETIC:
            week, time_of_week_ms = struct.unpack(">HI", payload[5:11])
            lat, lon = struct.unpack(">ii", payload[23:31])
            yield week, time_of_week_ms, {"lat": lat / 1e7, "lon": lon / 1e7}


def _payloads(content: bytes) -> Iterator[bytes]:
    """Messages whose checksum, 15 bits of the sum of the payload, is right."""
    at = content.find(BEGIN)
    while at >= 0:
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        payload, rest = content[at + 4 : at + 4 + length], content[at + 4 + length : at + 8 + length]
        if rest[2:] == END and sum(payload) & 0x7FFF == int.from_bytes(rest[:2], "big"):
            yield payload
            at += 6 + length
        at = content.find(BEGIN, at + 2)
