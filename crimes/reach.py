"""How far a wearer may have strayed between two positions, seen from a scene (pure). Everything errs outward."""

import numpy as np

from crimes.scenes import Scene
from geofence.columns import Booleans, Floats, Integers, PositionRows
from geofence.confidence import effective_accuracy_m
from model.crimes import SHORT_GAP_S, USABLE_ACCURACY_M, MatchingSettings
from model.enums import Mechanism, PositionFlag
from model.times import SECOND_US

EARTH_RADIUS_M = 6_371_009.0
SLACK = 0.99
"""Distances are shortened by 1 %: the sphere errs by 0.56 % against the ellipsoid, the deployment's plane by less."""


def is_usable(accuracy_m: Floats, mechanism: Integers, flags: Integers) -> Booleans:
    """Whether a position pins its wearer down; shapes (n,). ``accuracy_m`` is as stated, NaN where it is not."""
    return np.asarray(
        (mechanism != Mechanism.LBS)
        & (effective_accuracy_m(accuracy_m, mechanism) <= USABLE_ACCURACY_M)
        & ((flags & PositionFlag.IMPLIED_SPEED) == 0)
    )


def usable_rows(rows: PositionRows) -> Booleans:
    return is_usable(rows.fixes.accuracy_m, rows.fixes.mechanism, rows.flags)


def disc_m(scene: Scene, settings: MatchingSettings) -> float:
    """The radius in metres about the stated place of all that counts as the scene."""
    return settings.radius_m + scene.place_uncertainty_m


def reach_m(scene: Scene, settings: MatchingSettings) -> float:
    """Whose usable positions, SHORT_GAP_S apart at most, all lie farther away than this was not at the scene.

    From one position to the scene and on to the next takes more than that time then, for one of the two ways is as
    long as half of what the plausible speed allows. Nobody who came within ``near_m`` is farther away either.
    """
    strayed_m = settings.plausible_speed_mps * SHORT_GAP_S / 2
    return max(strayed_m + disc_m(scene, settings) + USABLE_ACCURACY_M, settings.near_m)


def least_distance_m(lat: Floats, lon: Floats, to_lat: Floats, to_lon: Floats) -> Floats:
    """No more than the metres between places in degrees, shapes (n,): by the haversine, less the slack."""
    phi, phi_to = np.radians(lat), np.radians(to_lat)
    half = np.sin((phi_to - phi) / 2) ** 2
    half = half + np.cos(phi) * np.cos(phi_to) * np.sin(np.radians(to_lon - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1))) * SLACK)


def leaves_room(
    window_us: tuple[Integers, Integers],
    times_us: tuple[Integers, Integers],
    distance_m: tuple[Floats, Floats],
    speed_mps: float,
) -> Booleans:
    """Whether a wearer may have been at the scene in its window, in each gap; every array has the shape (n,).

    ``window_us`` is from when to when, and ``times_us`` when the gap begins and ends: W0, W1, tA and tB below.
    ``distance_m`` is what lies between the scene and the circle where each gap begins, dA, and where it ends, dB; NaN
    where that is not known. The scene is reached by ``max(tA + dA/v, W0)`` at the earliest, and has to be left by
    ``min(tB - dB/v, W1)`` at the latest.
    """
    arrives, leaves = (one.astype(np.float64) for one in times_us)
    travel_from, travel_to = (np.maximum(one, 0) / speed_mps * SECOND_US for one in distance_m)
    earliest = np.where(np.isnan(distance_m[0]), -np.inf, arrives + travel_from)
    latest = np.where(np.isnan(distance_m[1]), np.inf, leaves - travel_to)
    return np.asarray(np.maximum(earliest, window_us[0]) <= np.minimum(latest, window_us[1]))
