"""The ground that a zone covers, on a plane in metres: how deep a place lies in it, where a way crosses its edge."""

from dataclasses import dataclass

import numpy as np

from geofence.columns import Booleans, Floats, Integers
from model.zones import Circle, Geometry
from sim.local_plane import LocalPlane


@dataclass(frozen=True, slots=True, eq=False)
class Disc:
    """A circle."""

    centre: Floats  # (2,)
    radius_m: float

    @property
    def reach_m(self) -> float:
        """The distance from the centre that no part of the ground exceeds."""
        return self.radius_m

    def depth_m(self, places: Floats) -> Floats:
        """Signed distance to the boundary, inside positive; places (n, 2), result (n,)."""
        return np.asarray(self.radius_m - np.hypot(*(places - self.centre).T))

    def crossings(self, starts: Floats, ends: Floats) -> tuple[Integers, Floats]:
        """Which straight stretch, (n, 2) to (n, 2), crosses the boundary, and after which share of its length.

        The roots of ``|start + share * (end - start)| = radius``, a quadratic in the share.
        """
        start, way = starts - self.centre, ends - starts
        squared = (way**2).sum(axis=1)
        half = (start * way).sum(axis=1)
        beyond = (start**2).sum(axis=1) - self.radius_m**2
        under_root = half**2 - squared * beyond
        stretch = np.flatnonzero((squared > 0) & (under_root > 0))
        root = np.sqrt(under_root[stretch])
        shares = (np.stack([-root, root]) - half[stretch]) / squared[stretch]
        return _within(np.concatenate([stretch, stretch]), shares.ravel())

    def boundary_at(self, share: float) -> tuple[Floats, Floats]:
        """The place a share of the way round, and the unit vector that leads inward from there."""
        angle = 2 * np.pi * share
        outward = np.array([np.cos(angle), np.sin(angle)])
        return np.asarray(self.centre + self.radius_m * outward), -outward


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Polygons and their holes: what an odd number of edges encloses."""

    edges: Floats  # (k, 4): from x, y to x, y

    @property
    def centre(self) -> Floats:
        """The middle of the corners, shape (2,); it may lie outside."""
        return np.asarray(self.edges[:, :2].mean(axis=0))

    @property
    def reach_m(self) -> float:
        """The distance from the centre that no part of the ground exceeds."""
        return float(np.hypot(*(self.edges[:, :2] - self.centre).T).max())

    def depth_m(self, places: Floats) -> Floats:
        """Signed distance to the boundary, inside positive; places (n, 2), result (n,)."""
        start, way = self.edges[:, :2], self.edges[:, 2:] - self.edges[:, :2]
        to_place = places[:, np.newaxis] - start
        share = np.clip((to_place * way).sum(axis=2) / (way**2).sum(axis=1), 0, 1)
        apart = to_place - share[..., np.newaxis] * way
        distance_m: Floats = np.sqrt((apart**2).sum(axis=2).min(axis=1))
        return np.where(self._holds(places), distance_m, -distance_m)

    def crossings(self, starts: Floats, ends: Floats) -> tuple[Integers, Floats]:
        """Which straight stretch, (n, 2) to (n, 2), crosses the boundary, and after which share of its length."""
        way = (ends - starts)[:, np.newaxis]
        edge = self.edges[:, 2:] - self.edges[:, :2]
        to_edge = self.edges[:, :2] - starts[:, np.newaxis]
        slant = _cross(way, edge)
        with np.errstate(divide="ignore", invalid="ignore"):
            on_stretch, on_edge = _cross(to_edge, edge) / slant, _cross(to_edge, way) / slant
        stretch, at = np.nonzero((slant != 0) & (on_edge >= 0) & (on_edge <= 1))
        return _within(stretch, on_stretch[stretch, at])

    def boundary_at(self, share: float) -> tuple[Floats, Floats]:
        """The place a share of the way round, and the unit vector that leads inward from there."""
        way = self.edges[:, 2:] - self.edges[:, :2]
        length_m = np.hypot(*way.T)
        ends_m = np.cumsum(length_m)
        along_m = share * ends_m[-1]
        edge = min(int(np.searchsorted(ends_m, along_m, side="right")), len(ends_m) - 1)
        forward = way[edge] / length_m[edge]
        place = self.edges[edge, 2:] - forward * (ends_m[edge] - along_m)
        left = np.array([-forward[1], forward[0]])
        return place, left if self.depth_m((place + left)[np.newaxis])[0] > 0 else -left

    def _holds(self, places: Floats) -> Booleans:
        """Whether an odd number of edges lies east of each place."""
        x, y = places[:, :1], places[:, 1:]
        from_x, from_y, to_x, to_y = self.edges.T
        spans = (from_y > y) != (to_y > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            east = x < from_x + (y - from_y) / (to_y - from_y) * (to_x - from_x)
        return np.asarray((spans & east).sum(axis=1) % 2 == 1)


Extent = Disc | Outline


def extent_of(geometry: Geometry, plane: LocalPlane) -> Extent:
    """The geometry on the plane. Edges are straight in degrees; a circle is one in metres."""
    if isinstance(geometry, Circle):
        return Disc(plane.metres(np.array([[geometry.lon, geometry.lat]]))[0], geometry.radius_m)
    rings = [plane.metres(np.array(ring)) for polygon in geometry.polygons for ring in polygon]
    return Outline(np.concatenate([np.hstack([ring[:-1], ring[1:]]) for ring in rings]))


def plane_of(geometry: Geometry) -> LocalPlane:
    """The plane about the geometry, on which its metres are true."""
    if isinstance(geometry, Circle):
        return LocalPlane(geometry.lon, geometry.lat)
    corners = np.array([corner for polygon in geometry.polygons for corner in polygon[0]])
    lon, lat = ((corners.min(axis=0) + corners.max(axis=0)) / 2).tolist()
    return LocalPlane(lon, lat)


def _cross(one: Floats, other: Floats) -> Floats:
    return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])


def _within(stretch: Integers, share: Floats) -> tuple[Integers, Floats]:
    on_it = (share >= 0) & (share <= 1)
    return stretch[on_it], share[on_it]
