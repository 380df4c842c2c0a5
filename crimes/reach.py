"""How far a wearer may have strayed between two positions, seen from a scene (pure). Everything errs outward."""

from dataclasses import dataclass

import numpy as np

from crimes.scenes import Scene
from geofence.columns import Booleans, Earlier, Fixes, Floats, Integers
from geofence.confidence import effective_accuracy_m
from model.crimes import (
    CLOCK_AHEAD_US,
    ERROR_ALLOWANCE_M,
    FASTEST_MPS,
    SHORT_GAP_S,
    USABLE_ACCURACY_M,
    MatchingSettings,
)
from model.enums import Mechanism
from model.times import SECOND_US

EARTH_RADIUS_M = 6_371_009.0
SLACK = 0.01
"""Distances are taken 1 % shorter or longer: the sphere errs by 0.56 % against the ellipsoid, the plane by less."""

COARSE_M = 2000.0
"""A larger circle may hold the scene though its middle is out of reach: such positions are noted one by one."""

NOTED_SPEED_MPS = 20.0
"""Two positions that need more are noted: to a search that thinks no journey so fast, they contradict each other."""


def usable(fixes: Fixes) -> Booleans:
    """Whether each position pins its wearer down, shape (n,)."""
    return np.asarray(
        (fixes.mechanism != Mechanism.LBS)
        & (effective_accuracy_m(fixes.accuracy_m, fixes.mechanism) <= USABLE_ACCURACY_M)
        & (fixes.fix_time_us - fixes.received_us <= CLOCK_AHEAD_US)
    )


def disc_m(scene: Scene, settings: MatchingSettings) -> float:
    """The radius in metres about the stated place of all that counts as the scene."""
    return settings.radius_m + scene.place_uncertainty_m


def reach_m(scene: Scene, settings: MatchingSettings) -> float:
    """Whose usable positions, SHORT_GAP_S apart at most, all lie farther away than this was not at the scene.

    From one position to the scene and on to the next takes more than that time then, for one of the two ways is as
    long as half of what the plausible speed allows. Nobody who came within ``near_m`` is farther away either, nor is a
    position whose circle, up to COARSE_M, touches the scene.
    """
    speed_mps = settings.plausible_speed_mps
    strayed_m = (speed_mps if speed_mps >= NOTED_SPEED_MPS else FASTEST_MPS) * SHORT_GAP_S / 2
    return max(
        strayed_m + USABLE_ACCURACY_M + disc_m(scene, settings), COARSE_M + disc_m(scene, settings), settings.near_m
    )


def distance_m(lat: Floats, lon: Floats, to_lat: Floats, to_lon: Floats) -> Floats:
    """Metres between places in degrees on a sphere, shapes (n,), by the haversine; it errs by less than SLACK."""
    phi, phi_to = np.radians(lat), np.radians(to_lat)
    half = np.sin((phi_to - phi) / 2) ** 2
    half = half + np.cos(phi) * np.cos(phi_to) * np.sin(np.radians(to_lon - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1))))


@dataclass(frozen=True, slots=True)
class GapEnds:
    """Where gaps begin and end; arrays of the shape ``(n,)``, NaN where that is not known."""

    time_us: tuple[Integers, Integers]
    lat: tuple[Floats, Floats]
    lon: tuple[Floats, Floats]
    accuracy_m: tuple[Floats, Floats]  # of the 95 % circles to reckon with

    def are_faster(self, speed_mps: float) -> Booleans:
        """Whether the straight way is faster, both circles taken off; not where an end is unknown."""
        way_m = distance_m(self.lat[0], self.lon[0], self.lat[1], self.lon[1]) * (1 + SLACK)
        lasts_s = (self.time_us[1].astype(np.float64) - self.time_us[0]) / SECOND_US
        return np.asarray(way_m - self.accuracy_m[0] - self.accuracy_m[1] > speed_mps * lasts_s)


def leaves_room(
    gap: GapEnds, scene: tuple[Floats, Floats, Floats], window_us: tuple[Integers, Integers], speed_mps: float
) -> Booleans:
    """Whether a wearer may have been at the scene in its window, in each gap; every array has the shape (n,).

    ``scene`` is latitude, longitude and the radius of the disc that counts as the scene, ``window_us`` from when to
    when. From the circle about the gap's beginning, A, it takes ``dA / v`` to the disc, so the scene is reached at
    ``max(tA + dA/v, W0)`` at the earliest and has to be left by ``min(tB - dB/v, W1)`` at the latest. Where A and B
    contradict each other, one of them is wrong, and nothing is ruled out.
    """
    travel_us = []
    for end in range(2):
        away_m = distance_m(scene[0], scene[1], gap.lat[end], gap.lon[end]) * (1 - SLACK)
        away_m = away_m - scene[2] - np.maximum(gap.accuracy_m[end], ERROR_ALLOWANCE_M)
        travel_us.append(np.maximum(away_m, 0) / speed_mps * SECOND_US)
    earliest = np.maximum(gap.time_us[0] + travel_us[0], window_us[0])
    latest = np.minimum(gap.time_us[1] - travel_us[1], window_us[1])
    return np.asarray(~(earliest > latest) | gap.are_faster(speed_mps))  # NaN, an unknown end, leaves room


def fast_since(fixes: Fixes, before: Earlier) -> Booleans:
    """Whether the way from the position before to each took more than NOTED_SPEED_MPS, shape (n,)."""
    there = np.isfinite(before.points.lat)
    ends = GapEnds(
        (before.fix_time_us, fixes.fix_time_us),
        (before.points.lat, fixes.lat),
        (before.points.lon, fixes.lon),
        (
            effective_accuracy_m(before.accuracy_m, np.where(there, before.mechanism, Mechanism.GPS)),
            effective_accuracy_m(fixes.accuracy_m, fixes.mechanism),
        ),
    )
    return ends.are_faster(NOTED_SPEED_MPS)
