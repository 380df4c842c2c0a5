"""Where the labels of a map go: beside their points, and beside each other."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geofence.columns import Floats

CHARACTER = 7.4  # width of one at the labels' size, in units of the picture
HEIGHT = 13.0
DIRECTIONS = 16
MOST_LABELS = 60  # more would hide the map
DISTANCES = (12.0, 22.0, 34.0, 48.0, 64.0, 82.0, 102.0, 124.0)


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """``x``, ``y``: the middle of the text; ``from_x``, ``from_y``: its point."""

    text: str
    x: float
    y: float
    from_x: float
    from_y: float


def place_labels(
    points: Sequence[tuple[float, float, str]], taken: Sequence[tuple[float, float]], size: float
) -> list[PlacedLabel]:
    """A place for each ``(x, y, text)`` that hides no other label and none of the ``taken`` points, at least one.

    One for which there is no room within the picture of ``size`` is left out, and of many points all but MOST_LABELS,
    spread evenly, with the first and the last among them.
    """
    places = np.unique(np.linspace(0, len(points) - 1, min(len(points), MOST_LABELS)).round().astype(int))
    hidden = np.array(taken, np.float64)
    placed: list[PlacedLabel] = []
    for x, y, text in (points[place] for place in places.tolist()):
        label = next((one for one in _choices(x, y, text) if _fits(one, placed, hidden, size)), None)
        if label is not None:
            placed.append(label)
    return placed


def _choices(x: float, y: float, text: str) -> Iterator[PlacedLabel]:
    for distance in DISTANCES:
        for step in range(DIRECTIONS):
            angle = 2 * math.pi * step / DIRECTIONS - math.pi / 4  # up and to the right is tried first
            reach = distance + len(text) * CHARACTER / 2 * abs(math.cos(angle))
            yield PlacedLabel(text, x + reach * math.cos(angle), y + distance * math.sin(angle), x, y)


def _fits(label: PlacedLabel, placed: Sequence[PlacedLabel], taken: Floats, size: float) -> bool:
    """``taken`` has the shape (n, 2)."""
    half = len(label.text) * CHARACTER / 2
    if not (half < label.x < size - half and HEIGHT < label.y < size - HEIGHT):
        return False
    if any(
        abs(one.x - label.x) < half + len(one.text) * CHARACTER / 2 + 2 and abs(one.y - label.y) < HEIGHT
        for one in placed
    ):
        return False
    away = np.abs(taken - (label.x, label.y))
    return not bool(np.any((away[:, 0] < half + 4) & (away[:, 1] < HEIGHT / 2 + 4)))
