"""Calls that a wearer of the cohort makes besides the usual life: there and back by car, a while at some place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geofence.columns import Floats
from model.times import SECOND_US
from sim.plane import LonLat
from sim.true_path import Setting, TruePath

PACE_MPS = 9.0
"""As the crow flies, through a town."""
RIDES_S = np.arange(60.0, 7200.0, 60.0)
"""How long a ride may last; a call that is farther away is not made."""


@dataclass(frozen=True, slots=True)
class Call:
    """To be at a place from one time to another, in microseconds since 1970 UTC."""

    place: LonLat
    from_us: int
    until_us: int
    setting: Setting


def with_calls(path: TruePath, calls: Sequence[Call]) -> TruePath:
    """The path with the calls that there is time for, each a detour from wherever the wearer would have been."""
    for call in calls:
        path = _with_call(path, call)
    return path


def _with_call(path: TruePath, call: Call) -> TruePath:
    from_s, until_s = ((one - path.start_us) / SECOND_US for one in (call.from_us, call.until_us))
    place = path.plane.metres(np.array([call.place]))[0]
    leaves_s, returns_s = _turning(path, place, from_s, -1), _turning(path, place, until_s, 1)
    if leaves_s is None or returns_s is None:
        return path
    before = np.flatnonzero(path.times_s < leaves_s)
    after = np.flatnonzero(path.times_s > returns_s)
    ends_s = np.array([leaves_s, returns_s])
    ends, back = path.places(ends_s), path.stretches(ends_s)[1]
    return TruePath(
        path.start_us,
        path.plane,
        np.concatenate([path.times_s[before], [leaves_s, from_s, until_s, returns_s], path.times_s[after]]),
        np.concatenate([path.corners[before], ends[:1], [place, place], ends[1:], path.corners[after]]),
        np.concatenate(
            [
                path.settings[before],
                [Setting.CAR, call.setting, Setting.CAR, path.settings[back]],
                path.settings[after[:-1]],
            ]
        ),
    )


def _turning(path: TruePath, place: Floats, at_s: float, sign: int) -> float | None:
    """When to leave for the place, or to be back from it, with the shortest ride at that pace; None: there is none."""
    moments_s = at_s + sign * RIDES_S
    away_m = np.hypot(*(path.places(moments_s) - place).T)
    possible = np.flatnonzero((away_m <= PACE_MPS * RIDES_S) & (moments_s > 0) & (moments_s < path.end_s))
    return float(moments_s[possible[0]]) if len(possible) else None


def nearest_m(path: TruePath, place: Floats, from_s: float, until_s: float) -> float:
    """How near the wearer truly was to a place, (2,) on the path's plane, at any moment from one time to another."""
    inner = path.times_s[(path.times_s > from_s) & (path.times_s < until_s)]
    ways = path.places(np.concatenate([[from_s], inner, [until_s]])) - place
    start, along = ways[:-1], np.diff(ways, axis=0)
    length = np.maximum(np.einsum("ij,ij->i", along, along), np.finfo(np.float64).tiny)
    share = np.clip(-np.einsum("ij,ij->i", start, along) / length, 0, 1)
    return float(np.hypot(*(start + share[:, np.newaxis] * along).T).min())
