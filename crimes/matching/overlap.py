"""How much of a position's confidence circle lies within the crime's circle."""

import numpy as np

from geofence.columns import Floats


def overlap_share(distance_m: Floats, accuracy_m: Floats, radius_m: float) -> Floats:
    """The part, 0 to 1, of circles of ``accuracy_m`` that lies within ``radius_m`` of a point; shapes (k,), metres.

    ``distance_m`` is from the point to each circle's centre; 0 where it is NaN. The area common to two circles is that
    of their lens, two circular segments on one chord: with a, r the radii and d the distance of the centres,
    ``a² acos((d² + a² - r²) / 2da) + r² acos((d² + r² - a²) / 2dr) - ½ √((-d+a+r)(d+a-r)(d-a+r)(d+a+r))``.
    Source: Weisstein, "Circle-Circle Intersection", MathWorld, equation 14. Raises ValueError without a radius.
    """
    if not radius_m > 0 or np.any(accuracy_m <= 0):
        raise ValueError("circles that overlap need radii above 0")
    within_m = np.minimum(accuracy_m, radius_m)
    share = np.where(distance_m <= np.abs(accuracy_m - radius_m), (within_m / accuracy_m) ** 2, 0.0)
    crossing = (distance_m > np.abs(accuracy_m - radius_m)) & (distance_m < accuracy_m + radius_m)
    d, a, r = distance_m[crossing], accuracy_m[crossing], radius_m
    product = (-d + a + r) * (d + a - r) * (d - a + r) * (d + a + r)
    lens = (
        a * a * _arccos((d * d + a * a - r * r) / (2 * d * a))
        + r * r * _arccos((d * d + r * r - a * a) / (2 * d * r))
        - 0.5 * np.sqrt(np.maximum(product, 0))
    )
    share[crossing] = np.clip(lens / (np.pi * a * a), 0, 1)
    return share


def _arccos(cosine: Floats) -> Floats:
    """For circles that touch, rounding may lead past 1."""
    return np.asarray(np.arccos(np.clip(cosine, -1, 1)))
