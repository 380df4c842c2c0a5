"""Array work that the zone index and the shapes share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geofence.columns import Integers

Shapes = NDArray[Any]
"""dtype object, one shapely geometry (or None) a cell; numpy cannot say so."""


def spans(starts: Integers, counts: Integers) -> tuple[Integers, Integers]:
    """Unroll half-open index spans: ``(which span, index)`` for every index in every span, in order.

    ``spans([7, 3], [2, 1])`` is ``([0, 0, 1], [7, 8, 3])``.
    """
    span = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return span, np.arange(len(span)) + np.repeat(starts - before, counts)
