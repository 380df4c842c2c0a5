"""The column types that the geofence room passes about."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatColumn = NDArray[np.float64]
IntColumn = NDArray[np.int64]
BoolColumn = NDArray[np.bool_]
ShapeColumn = NDArray[Any]
"""dtype object, one shapely geometry (or None) a cell; numpy cannot say so."""


def spans(starts: IntColumn, counts: IntColumn) -> tuple[IntColumn, IntColumn]:
    """Unroll half-open index spans: ``(which span, index)`` for every index in every span, in order.

    ``spans([7, 3], [2, 1])`` is ``([0, 0, 1], [7, 8, 3])``.
    """
    span = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return span, np.arange(len(span)) + np.repeat(starts - before, counts)
