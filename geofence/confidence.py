"""How probable is it that the tag truly was inside? From signed distance and stated accuracy.

The true place is taken to be scattered about the position as a round normal: sigma metres each way, east and north, so
that the stated circle holds it with 95 %: ``sigma = accuracy_m / √(-2 ln 0.05)``.
"""

from typing import Protocol

import numpy as np

from geofence.columns import Booleans, Floats, Integers, Points
from geofence.projection import MAXIMUM_LON
from model.enums import Mechanism

SIGMAS_OF_CIRCLE = np.sqrt(-2 * np.log(0.05))
"""The radius that holds 95 % of a round normal, in sigma: 2.4477. Rayleigh: ``1 - exp(-z²/2)`` lies within z sigma."""

DEFAULT_ACCURACY_M = {
    # Medians of Zandbergen, "Accuracy of iPhone Locations", Transactions in GIS 13 (2009): satellites 8 m, WiFi 74 m,
    # cells 600 m; times 2.08 from the median of a round normal to its 95 %: 17 m, 154 m, 1,247 m.
    Mechanism.GPS: 30.0,  # 17 m was measured in the open; a tag is worn at the ankle, between buildings
    Mechanism.WIFI: 150.0,
    Mechanism.LBS: 1250.0,
    Mechanism.RF: 50.0,  # how far a home beacon is heard: the tag is within it, not at it
}
"""The radius of the 95 % circle in metres where none is stated."""

LEAST_ACCURACY_M = 5.0
"""No smaller circle is believed: a telephone in the open, with a better antenna than a tag's, is within 4.9 m (van
Diggelen and Enge, ION GNSS+ 2015). It would take a position 3 m inside for certain, where a footpath runs outside.
"""

UNCERTAIN_WITHIN_SIGMA = 3.0
"""From the boundary; farther away ``p_inside`` is within 0.01 of the truth whatever the shape, as said there."""

SPREAD_POINTS = 64
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
PAIRS_AT_ONCE = 2048
"""So that the memory for their spread points stays at some ten megabytes, however many pairs there are."""

METRES_PER_DEGREE = 111_195.0
"""Of latitude, on a sphere of 6,371 km."""

FARTHEST_SIGMA = 37.0
"""Beyond it the normal's tail is no ordinary floating-point number any more."""

_DEFAULTS = np.full(max(Mechanism) + 1, np.nan)
_DEFAULTS[list(DEFAULT_ACCURACY_M)] = list(DEFAULT_ACCURACY_M.values())


class CoverTest(Protocol):
    """What the integral asks of the zones, in rows: ``ZoneTable`` is one."""

    def covers(self, rows: Integers, points: Points) -> Booleans:
        """Whether each position is in its row's shape; shapes (n,)."""
        ...


def effective_accuracy_m(accuracy_m: Floats, mechanism: Integers) -> Floats:
    """The radius of the 95 % circle to reckon with, in metres; shapes (k,).

    It is the stated one, though never less than LEAST_ACCURACY_M; where none is stated (NaN, 0 or no number that a
    radius can be), the default of the ``mechanism``, whose values are those of ``Mechanism``. It is taken in single
    precision, as positions are stored: judged live or from the store, a position says the same.
    """
    accuracy_m = accuracy_m.astype(np.float32).astype(np.float64)
    stated = (accuracy_m > 0) & (accuracy_m < np.inf)
    return np.asarray(np.maximum(np.where(stated, accuracy_m, _DEFAULTS[mechanism]), LEAST_ACCURACY_M))


def normal_cdf(z: Floats) -> Floats:
    """Φ(z), the standard normal's distribution function, to 7.5e-8; NaN for NaN.

    Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.2.17: for z >= 0 and t = 1/(1 + 0.2316419 z),
    ``Φ(z) = 1 - φ(z) (b1 t + … + b5 t⁵)``; for z < 0, ``1 - Φ(-z)``.
    """
    away = np.minimum(np.abs(z), FARTHEST_SIGMA)
    t = 1 / (1 + 0.2316419 * away)
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-0.5 * away * away) / np.sqrt(2 * np.pi) * series
    return np.asarray(np.where(z < 0, tail, 1 - tail))


def p_inside(depth_m: Floats, accuracy_m: Floats) -> Floats:
    """``Φ(d / sigma)``: the probability of being inside, were the nearest edge straight and the only one; shapes (k,).

    ``depth_m`` is signed, inside positive; ``accuracy_m`` an ``effective_accuracy_m``. NaN for a NaN.

    Source: the mass of a round normal on one side of a straight line is that of a normal in one dimension. So it is
    exact at a long straight edge, says 1/2 instead of 1/4 at the tip of a right angle, and in zones narrower than the
    accuracy errs up to 0.58. Against the integral, for positions scattered about the edges of London's 657 wards, it
    erred 0.007 in the mean with circles of 5 to 30 m (0.18 at most), 0.04 with 150 m (0.26), 0.11 with 1,250 m (0.38).

    But for every shape: with z the distance to the boundary in sigma, the disc of that radius about the position lies
    on one side, so the probability of the other side is at most ``exp(-z²/2)``. Φ gives it ``Φ(-z)``, no more than half
    of that. So the error is at most ``max(exp(-z²/2) - Φ(-z), Φ(-z))``: 0.0098 at z = 3, and less beyond.
    """
    return normal_cdf(depth_m * SIGMAS_OF_CIRCLE / accuracy_m)


def p_inside_integral(zones: CoverTest, rows: Integers, points: Points, accuracy_m: Floats) -> Floats:
    """The integral of the round normal over each row's shape, whatever that is; shapes (k,).

    The share, of 64 points spread about the position, that the shape covers. Each point stands for 1/64 of the
    probability: their distances are the Rayleigh distribution's quantiles at the middles of 64 equal parts, 3.1 sigma
    the last, each turned by the golden angle from the one before (Vogel's spiral, Mathematical Biosciences 44, 1979),
    so that no edge passes through many at once, as it would with a few rings of aligned points.

    Error: 0.012 root mean square at straight edges (0.06 at most), 0.011 at right angles (0.07), 0.015 in strips (0.08)
    and 0.005 in discs about the position (0.008); 0.013 to 0.015 (0.05) at the edges of London's wards, whatever the
    accuracy. A place that is not finite counts as outside.
    """
    slices = [slice(at, at + PAIRS_AT_ONCE) for at in range(0, len(rows), PAIRS_AT_ONCE)]
    parts = [
        _share_covered(zones, rows[one], points.take(np.arange(len(rows))[one]), accuracy_m[one]) for one in slices
    ]
    return np.concatenate([np.zeros(0), *parts])


def probability_inside(
    zones: CoverTest, rows: Integers, points: Points, depth_m: Floats, accuracy_m: Floats, mechanism: Integers
) -> Floats:
    """The probability that each tag truly was inside its row's zone; shapes (k,).

    ``p_inside`` where the boundary is farther away than 3 sigma, which errs less than 0.01 there for every shape;
    ``p_inside_integral``, with the errors said there, where it is nearer. A zone narrower than the accuracy, a corner,
    a hole or a second edge can only matter where a boundary is near. ``accuracy_m`` is as stated, ``depth_m`` that of
    ``points`` in ``zones``. NaN where the depth is NaN.
    """
    believed_m = effective_accuracy_m(accuracy_m, mechanism)
    probability = p_inside(depth_m, believed_m)
    near = np.flatnonzero(np.abs(depth_m) * SIGMAS_OF_CIRCLE <= UNCERTAIN_WITHIN_SIGMA * believed_m)
    probability[near] = p_inside_integral(zones, rows[near], points.take(near), believed_m[near])
    return probability


def _share_covered(zones: CoverTest, rows: Integers, points: Points, accuracy_m: Floats) -> Floats:
    covered = zones.covers(np.repeat(rows, SPREAD_POINTS), _spread(points, accuracy_m / SIGMAS_OF_CIRCLE))
    return np.asarray(covered.reshape(-1, SPREAD_POINTS).mean(axis=1))


def _spiral() -> Floats:
    """The spread points of sigma = 1 about the origin, shape (2, 64)."""
    place = np.arange(SPREAD_POINTS)
    distance = np.sqrt(-2 * np.log1p(-(place + 0.5) / SPREAD_POINTS))
    return np.asarray(distance * np.array([np.cos(place * GOLDEN_ANGLE), np.sin(place * GOLDEN_ANGLE)]))


_EAST, _NORTH = _spiral()


def _spread(points: Points, sigma_m: Floats) -> Points:
    """64 points about each of ``points``: shape (k * 64,).

    Degrees come from metres by the scale of a sphere at the position: over r metres they err by 0.006 r for the
    ellipsoid, and eastward by tan(lat) r / 6,371 km more, which is little beside sigma unless that is hundreds of
    kilometres. A place past the antimeridian is named from the other side, as zones split there are.
    """
    east, north = (np.multiply.outer(sigma_m, one) for one in (_EAST, _NORTH))
    lat = points.lat[:, np.newaxis] + north / METRES_PER_DEGREE
    per_degree_m = METRES_PER_DEGREE * np.cos(np.radians(points.lat))
    lon = points.lon[:, np.newaxis] + east / per_degree_m[:, np.newaxis]
    lon = np.where(np.abs(lon) > MAXIMUM_LON, lon - np.copysign(2 * MAXIMUM_LON, lon), lon)
    x, y = points.x[:, np.newaxis] + east, points.y[:, np.newaxis] + north
    return Points(lon.ravel(), lat.ravel(), x.ravel(), y.ravel())
