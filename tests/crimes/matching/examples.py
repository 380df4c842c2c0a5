"""Tracks and scenes to match, said in metres from the scene and seconds from the start of its window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crimes.matching import match_candidates
from crimes.scenes import CandidateTracks, Scene, Worn
from geofence.columns import NOT_GIVEN, Fixes, PositionRows
from geofence.projection import Projection
from model.crimes import Match, MatchingSettings, Window
from model.device_events import DeviceEvent, DeviceEventKind
from model.devices import FOREVER_US
from model.enums import Mechanism
from model.times import SECOND_US

PROJECTION = Projection(51.5, -0.1)
NOON_US = 1_773_662_400 * SECOND_US  # 16 March 2026, 12:00 UTC
SETTINGS = MatchingSettings()
EXACT = MatchingSettings(padding_s=0.0)
PERSON, DEVICE = 7, 70
WORN = (Worn(activation_id=1, device_id=DEVICE, from_us=0, until_us=FOREVER_US),)


@dataclass(frozen=True, slots=True)
class At:
    """One position: where, in metres east and north of the scene, and when, in seconds after noon."""

    time_s: float
    x: float = 0.0
    y: float = 0.0
    accuracy_m: float = 10.0  # NaN: not stated
    mechanism: Mechanism = Mechanism.GPS
    device_id: int = DEVICE
    battery_pct: float = 80.0
    received_s: float | None = None
    flags: int = 0


def us(time_s: float) -> int:
    return NOON_US + round(time_s * SECOND_US)


def scene(
    *windows: tuple[float, float], x: float = 0.0, y: float = 0.0, uncertainty_m: float = 0.0, scene_id: int = 1
) -> Scene:
    lon, lat = PROJECTION.inverse(np.array([x]), np.array([y]))
    stretches = tuple(Window(us(since), us(until)) for since, until in windows)
    return Scene(scene_id, float(lat[0]), float(lon[0]), uncertainty_m, stretches)


def rows_of(track: Sequence[At]) -> PositionRows:
    """In the order of their times."""
    in_order = sorted(track, key=lambda one: one.time_s)
    count = len(in_order)
    lon, lat = PROJECTION.inverse(np.array([one.x for one in in_order]), np.array([one.y for one in in_order]))
    received_s = [one.time_s if one.received_s is None else one.received_s for one in in_order]
    none, not_given = np.full(count, np.nan), np.full(count, NOT_GIVEN)
    fixes = Fixes(
        fix_time_us=np.array([us(one.time_s) for one in in_order], np.int64),
        received_us=np.array([us(one) for one in received_s], np.int64),
        lat=lat,
        lon=lon,
        accuracy_m=np.array([one.accuracy_m for one in in_order], np.float64),
        mechanism=np.array([one.mechanism for one in in_order], np.int64),
        speed_mps=none,
        heading_deg=none,
        satellites=not_given,
        hdop=none,
        battery_pct=np.array([one.battery_pct for one in in_order], np.float64),
        sequence=not_given,
        message_offset=np.arange(count),
    )
    return PositionRows(
        fixes,
        device_id=np.array([one.device_id for one in in_order], np.int64),
        fix_key=np.arange(count),
        flags=np.array([one.flags for one in in_order], np.int64),
        partition=np.zeros(count, np.int64),
    )


def tracks_of(tracks: Sequence[Sequence[At]], worn: tuple[Worn, ...] = WORN) -> CandidateTracks:
    """One pair a track, all of one scene, of the people 0, 1 … who all wore what is said."""
    rows = [rows_of(one) for one in tracks]
    return CandidateTracks(
        scene=np.zeros(len(tracks), np.int64),
        person=np.arange(len(tracks)),
        start=np.cumsum([0, *map(len, rows)]),
        rows=joined(rows),
        worn=dict.fromkeys(range(len(tracks)), worn),
    )


def joined(parts: Sequence[PositionRows]) -> PositionRows:
    return PositionRows(
        Fixes.concatenate([one.fixes for one in parts]),
        *(
            np.concatenate([getattr(one, name) for one in parts])
            for name in ("device_id", "fix_key", "flags", "partition")
        ),
    )


def matched(
    place: Scene,
    track: Sequence[At],
    settings: MatchingSettings = EXACT,
    worn: tuple[Worn, ...] = WORN,
    events: Mapping[int, Sequence[DeviceEvent]] | None = None,
) -> Match:
    (match,) = match_candidates([place], tracks_of([track], worn), events or {}, settings, PROJECTION)
    return match


def said(kind: DeviceEventKind, time_s: float, battery_pct: float | None = None) -> DeviceEvent:
    return DeviceEvent(kind, us(time_s), us(time_s), battery_pct)


def every(interval_s: float, since_s: float, until_s: float, x: float = 0.0, y: float = 0.0) -> list[At]:
    """Positions at one place, both ends included."""
    return [At(float(one), x, y) for one in np.arange(since_s, until_s + 1e-6, interval_s)]
