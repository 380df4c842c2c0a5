"""The map as SVG: the crime's circle, positions with their circles and labels, the way between them, north and scale.

Metres on a plane whose origin is the stated place, true north up; no base map, so that nothing on it is somebody
else's claim.
"""

import math
from itertools import pairwise
from xml.sax.saxutils import escape

import numpy as np

from crimes.evidence.dossier import Dossier
from crimes.evidence.grid_reference import grid_reference
from crimes.evidence.map_labels import PlacedLabel, place_labels
from geofence.projection import Projection
from model.crimes import MatchedPosition

SIZE = 720.0  # of the picture's square part
FOOT = 92.0  # below it: the scale bar and the legend
MARGIN = 1.1
FONT = "Libertinus Serif"
COUNTED, UNCOUNTED, SCENE = "#0b4f8a", "#8a5a00", "#b00020"

Placed = tuple[MatchedPosition, float, float]  # with its place in the picture


def draw_map(dossier: Dossier) -> str:
    """The map of the dossier's positions about the scene."""
    places = _metres(dossier)
    half_m = _half_width_m(dossier, places)
    scale = SIZE / 2 / half_m
    shown = [(one, SIZE / 2 + x * scale, SIZE / 2 - y * scale) for one, x, y in places]
    labels = _labels(shown)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE:g} {SIZE + FOOT:g}" font-family="{FONT}">',
        f'<rect width="{SIZE:g}" height="{SIZE + FOOT:g}" fill="white"/>',
        f'<clipPath id="frame"><rect width="{SIZE:g}" height="{SIZE:g}"/></clipPath>',
        '<g clip-path="url(#frame)">',
        *(_accuracy_circle(one, x, y, scale) for one, x, y in shown),
        *_scene(dossier, scale),
        *_ways(shown),
        *(_dot(one, x, y) for one, x, y in shown),
        *_drawn(labels),
        "</g>",
        f'<rect x="0.5" y="0.5" width="{SIZE - 1:g}" height="{SIZE - 1:g}" fill="none" stroke="#333"/>',
        *_north(),
        *_foot(dossier, half_m, scale),
        *_left_out(dossier, labels),
        "</svg>",
    ]
    return "\n".join(parts)


def map_in_words(dossier: Dossier) -> str:
    """For who does not see the picture."""
    counted = sum(one.label is not None for one in dossier.finding.positions)
    return (
        f"Map, north up: the crime's circle of {dossier.run.settings.radius_m:g} m radius and"
        f" {len(dossier.finding.positions)} positions with their circles of accuracy, of which {counted} count;"
        " the table of positions gives each with its distance."
    )


def _metres(dossier: Dossier) -> list[Placed]:
    positions = dossier.finding.positions
    if not positions:
        return []
    plane = Projection(dossier.crime.lat, dossier.crime.lon)
    east, north = plane.forward(np.array([one.lon for one in positions]), np.array([one.lat for one in positions]))
    return list(zip(positions, east.tolist(), north.tolist(), strict=True))


def _half_width_m(dossier: Dossier, places: list[Placed]) -> float:
    """The circle and every position are on the map; of huge circles of accuracy, as much as there is room for."""
    scene_m = dossier.run.settings.radius_m + dossier.crime.place_uncertainty_m
    farthest_m = max((math.hypot(x, y) + min(one.accuracy_m, scene_m) for one, x, y in places), default=0.0)
    return MARGIN * max(scene_m, farthest_m)


def _accuracy_circle(one: MatchedPosition, x: float, y: float, scale: float) -> str:
    colour = COUNTED if one.label else UNCOUNTED
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{one.accuracy_m * scale:.1f}" fill="{colour}" fill-opacity="0.05"'
        f' stroke="{colour}" stroke-opacity="0.45" stroke-width="0.8"/>'
    )


def _scene(dossier: Dossier, scale: float) -> list[str]:
    radius_m, uncertainty_m = dossier.run.settings.radius_m, dossier.crime.place_uncertainty_m
    middle = SIZE / 2
    parts = [_ring(radius_m * scale, "")]
    if uncertainty_m > 0:
        parts.append(_ring((radius_m + uncertainty_m) * scale, ' stroke-dasharray="7 5"'))
    cross = f"M{middle - 9} {middle}h18M{middle} {middle - 9}v18"
    return [*parts, f'<path d="{cross}" stroke="{SCENE}" stroke-width="2.2" fill="none"/>']


def _ring(radius: float, style: str) -> str:
    middle = SIZE / 2
    circle = f'<circle cx="{middle:g}" cy="{middle:g}" r="{radius:.1f}" fill="none"'
    return f'{circle} stroke="{SCENE}" stroke-width="2"{style}/>'


def _ways(shown: list[Placed]) -> list[str]:
    """Straight lines between positions of one visit."""
    return [
        f'<path d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}" stroke="{COUNTED}" stroke-width="1" stroke-dasharray="3 3"/>'
        for (one, x, y), (other, to_x, to_y) in pairwise(shown)
        if one.label and other.label and _visit(one.label) == _visit(other.label)
    ]


def _visit(label: str) -> str:
    return label.rstrip("0123456789")


def _dot(one: MatchedPosition, x: float, y: float) -> str:
    if one.label:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{COUNTED}" stroke="white" stroke-width="0.8"/>'
    return (
        f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="white" stroke="{UNCOUNTED}"'
        ' stroke-width="1.5"/>'
    )


def _labels(shown: list[Placed]) -> list[PlacedLabel]:
    middle = SIZE / 2
    taken = [(x, y) for _, x, y in shown] + [(middle, middle), (SIZE - 32, 40)]
    return place_labels([(x, y, one.label) for one, x, y in shown if one.label], taken, SIZE)


def _drawn(labels: list[PlacedLabel]) -> list[str]:
    lines = (f"M{one.from_x:.1f} {one.from_y:.1f}L{one.x:.1f} {one.y:.1f}" for one in labels)
    return [
        *(f'<path d="{line}" stroke="#555" stroke-width="0.5"/>' for line in lines),
        *(
            f'<text x="{one.x:.1f}" y="{one.y + 4.5:.1f}" font-size="13" font-weight="bold" text-anchor="middle"'
            f' stroke="white" stroke-width="3" paint-order="stroke" fill="#111">{escape(one.text)}</text>'
            for one in labels
        ),
    ]


def _left_out(dossier: Dossier, labels: list[PlacedLabel]) -> list[str]:
    """A map never hides in silence that it does not name every position."""
    counted = sum(one.label is not None for one in dossier.finding.positions)
    if len(labels) == counted:
        return []
    words = f"{len(labels)} of {counted} labels; the table has all"
    return [f'<text x="{SIZE - 8}" y="{SIZE + 46}" font-size="14" text-anchor="end">{words}</text>']


def _north() -> list[str]:
    x = SIZE - 32
    return [
        f'<path d="M{x} 22l9 30l-9 -8l-9 8z" fill="#111"/>',
        f'<text x="{x}" y="18" font-size="15" font-weight="bold" text-anchor="middle">N</text>',
    ]


def _foot(dossier: Dossier, half_m: float, scale: float) -> list[str]:
    bar_m = _round_length(half_m * 0.6)
    width, y = bar_m * scale, SIZE + 20
    reference = grid_reference(dossier.crime.lat, dossier.crime.lon) or "outside the National Grid"
    place = f"Stated place: {reference} (OSGB36)  ·  {dossier.crime.lat:.6f}, {dossier.crime.lon:.6f} (WGS84)"
    return [
        f'<path d="M10 {y - 7}v7h{width:.1f}v-7" fill="none" stroke="#111" stroke-width="1.6"/>',
        f'<text x="{18 + width:.1f}" y="{y}" font-size="14">{bar_m:g} m</text>',
        f'<text x="{SIZE - 8}" y="{y}" font-size="14" text-anchor="end">{escape(place)}</text>',
        *_legend(dossier, SIZE + 46),
    ]


def _legend(dossier: Dossier, y: float) -> list[str]:
    uncertain = ", dashed: with the uncertainty of the place" if dossier.crime.place_uncertainty_m > 0 else ""
    circle = f"the stated place and the crime's circle ({dossier.run.settings.radius_m:g} m{uncertain})"
    below = y + 24
    return [
        f'<path d="M10 {y - 5}h14M17 {y - 12}v14" stroke="{SCENE}" stroke-width="2.2"/>',
        f'<text x="32" y="{y}" font-size="14">{escape(circle)}</text>',
        f'<circle cx="17" cy="{below - 5}" r="4" fill="{COUNTED}"/>',
        f'<text x="32" y="{below}" font-size="14">position that counts, with its 95 % circle; dashed: no route</text>',
        f'<rect x="436" y="{below - 9}" width="7" height="7" fill="white" stroke="{UNCOUNTED}" stroke-width="1.6"/>',
        f'<text x="452" y="{below}" font-size="14">position that does not count</text>',
    ]


def _round_length(most_m: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above ``most_m``."""
    power: float = 10.0 ** math.floor(math.log10(most_m))
    return next(factor * power for factor in (5.0, 2.0, 1.0) if factor * power <= most_m)
