"""Rings of one zone that touch: the touch must outlive the projection.

Where a corner of one ring lies in the middle of another ring's edge, the edge bends on the plane and the
corner does not bend with it: the rings would cross by a few millimetres, and a shape that is not valid has
no sure inside (prepared and plain answers differ). So the corner becomes a position of the edge too, before
anything is projected.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import shapely

from model.zones import Coordinate, Ring

TOUCH_DEG = 1e-9
"""A tenth of a millimetre: no corner can be written down exactly on a slanting edge."""


def with_touching_corners(rings: Sequence[Ring]) -> list[Ring]:
    """The rings of one zone; each edge gains the corners of other rings that lie on it, in their order."""
    if len(rings) == 1:
        return list(rings)
    lengths = np.array([len(ring) for ring in rings])
    ring_of = np.repeat(np.arange(len(rings)), lengths)
    positions = np.array(list(chain.from_iterable(rings)))
    starts = np.delete(np.arange(len(positions)), np.cumsum(lengths) - 1)
    edges: Any = shapely.linestrings(np.stack([positions[starts], positions[starts + 1]], axis=1))
    corners: Any = shapely.points(positions)
    edge, corner = shapely.STRtree(corners).query(edges, predicate="dwithin", distance=TOUCH_DEG)
    start, at = starts[edge], positions[corner]
    from_the_ends = np.minimum(*(np.hypot(*(at - positions[end]).T) for end in (start, start + 1)))
    touching = (ring_of[start] != ring_of[corner]) & (from_the_ends > TOUCH_DEG)
    along = shapely.line_locate_point(edges[edge], corners[corner])
    in_order = np.lexsort((along, start))
    gained: dict[int, list[Coordinate]] = {}
    for pair in in_order[touching[in_order]].tolist():
        gained.setdefault(int(start[pair]), []).append((float(at[pair, 0]), float(at[pair, 1])))
    first = np.cumsum(lengths) - lengths
    return [_with(ring, int(first[number]), gained) for number, ring in enumerate(rings)]


def _with(ring: Ring, first: int, gained: dict[int, list[Coordinate]]) -> Ring:
    return tuple(
        chain.from_iterable((position, *dict.fromkeys(gained.get(first + at, ()))) for at, position in enumerate(ring))
    )
