"""The rules of presence written down plainly: one position at a time, every zone looked at for each of them.

It is what the engine must agree with, to the visit. It shares with it the nouns, the projection, and the integral for
the probability near an edge; nothing is indexed, prepared, put in columns or left out because it is far away.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from geofence.columns import Booleans, Integers, Points
from geofence.confidence import DEFAULT_ACCURACY_M, LEAST_ACCURACY_M, p_inside_integral
from geofence.projection import Projection
from model.authorisations import Authorisation
from model.enums import Aspect, Mechanism, Regime, ZoneKind
from model.schedules import Schedule
from model.times import SECOND_US, from_microseconds
from model.zones import Circle, MultiPolygon, ZoneVersion
from tests.support.reference_rules import Says, Stay, judge

SIGMAS_OF_CIRCLE = math.sqrt(-2 * math.log(0.05))
SPLITS = 24
ORDINARY_PACE_MPS = 35.0
PLACES_ON_THE_WAY = 15


@dataclass(frozen=True, slots=True)
class Limits:
    fastest_mps: float
    poorest_accuracy_m: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A position: degrees, and metres of the plane."""

    time_us: int
    lon: float
    lat: float
    x: float
    y: float
    accuracy_m: float | None
    mechanism: int

    @property
    def circle_m(self) -> float:
        """The radius to reckon with: 0 is no radius, and no radius is believed below the least."""
        stated = self.accuracy_m if self.accuracy_m and math.isfinite(self.accuracy_m) else None
        return max(LEAST_ACCURACY_M, DEFAULT_ACCURACY_M[Mechanism(self.mechanism)] if stated is None else stated)


@dataclass(frozen=True, slots=True)
class Shape:
    """A zone's geometry: in degrees what is inside, in metres how far it is to the edge."""

    outline: shapely.Geometry | None
    edges: shapely.Geometry | None
    circle: tuple[float, float, float]

    def holds(self, lon: float, lat: float, x: float, y: float) -> bool:
        if self.outline is None:
            return math.hypot(x - self.circle[0], y - self.circle[1]) <= self.circle[2]
        return bool(shapely.covers(self.outline, shapely.Point(lon, lat)))

    def depth_m(self, lon: float, lat: float, x: float, y: float) -> float:
        if self.edges is None:
            return self.circle[2] - math.hypot(x - self.circle[0], y - self.circle[1])
        away_m = float(shapely.distance(self.edges, shapely.Point(x, y)))
        return away_m if self.holds(lon, lat, x, y) else -away_m

    def covers(self, rows: Integers, points: Points) -> Booleans:  # noqa: ARG002  of one zone there is one row
        """As the integral asks."""
        if self.outline is None:
            return np.asarray(np.hypot(points.x - self.circle[0], points.y - self.circle[1]) <= self.circle[2])
        return np.asarray(shapely.covers(self.outline, shapely.points(points.lon, points.lat)))

    def p_inside(self, seen: Seen) -> float:
        depth_m = self.depth_m(seen.lon, seen.lat, seen.x, seen.y)
        if abs(depth_m) * SIGMAS_OF_CIRCLE > 3 * seen.circle_m:
            return _phi(depth_m * SIGMAS_OF_CIRCLE / seen.circle_m)
        here = Points(*(np.array([one]) for one in (seen.lon, seen.lat, seen.x, seen.y)))
        return float(p_inside_integral(self, np.zeros(1, np.int64), here, np.array([seen.circle_m]))[0])


def reference_visits(
    track: Sequence[Seen],
    person_id: int,
    zones: Sequence[ZoneVersion],
    authorisations: Sequence[Authorisation],
    projection: Projection,
    limits: Limits,
) -> list[Stay]:
    """Every visit of one activation's positions, given in the order of (fix time, fix key)."""
    engine = _Engine(person_id, [(one, shape_of(one, projection)) for one in zones], authorisations, limits)
    return [
        stay
        for zone_id in sorted({one.zone_id for one in zones})
        for aspect in Aspect
        for stay in engine.walk(track, zone_id, aspect)
    ]


def shape_of(version: ZoneVersion, projection: Projection) -> Shape:
    geometry = version.geometry
    if isinstance(geometry, Circle):
        x, y = projection.forward(np.array([geometry.lon]), np.array([geometry.lat]))
        return Shape(None, None, (float(x[0]), float(y[0]), geometry.radius_m))
    return Shape(_outline(geometry), _edges(geometry, projection), (math.nan, math.nan, math.nan))


class _Engine:
    def __init__(
        self,
        person_id: int,
        zones: Sequence[tuple[ZoneVersion, Shape]],
        authorisations: Sequence[Authorisation],
        limits: Limits,
    ) -> None:
        self._person_id = person_id
        self._zones = [(one, shape) for one, shape in zones if one.person_id in {None, person_id}]
        self._authorisations = [one for one in authorisations if one.person_id == person_id]
        self._limits = limits

    def walk(self, track: Sequence[Seen], zone_id: int, aspect: Aspect) -> list[Stay]:
        done: list[Stay] = []
        stay: Stay | None = None
        for at, seen in enumerate(track):
            earlier = list(track[max(0, at - 2) : at])
            found = self._in_force(zone_id, seen.time_us)
            if found is None or (aspect is Aspect.BUFFER and not self._approaches(*found)):
                says = None
            else:
                says = self._says(found[0], found[1], aspect, seen, earlier)
            was_clear = stay is None
            ended, stay = judge(stay, says, seen.time_us, zone_id, aspect)
            done += ended
            if was_clear and stay is None and not ended and found is not None and aspect is Aspect.ZONE:
                done += self._crossing(found[0], found[1], seen, earlier)
        return done if stay is None else [*done, stay]

    def _in_force(self, zone_id: int, time_us: int) -> tuple[ZoneVersion, Shape] | None:
        for version, shape in self._zones:
            dates = (version.valid_from_us, version.valid_to_us), (version.active_from_us, version.active_to_us)
            if version.zone_id == zone_id and all(_within(time_us, *one) for one in dates):
                return (version, shape) if in_hours(version.schedule, time_us) else None
        return None

    def _approaches(self, version: ZoneVersion, _shape: Shape) -> bool:
        return version.policy.buffer_m > 0 and not version.kind.watches_absence

    def _regime(self, zone_id: int, time_us: int) -> Regime:
        lifted = any(one.zone_id == zone_id and one.from_us <= time_us < one.to_us for one in self._authorisations)
        return Regime.AUTHORISED if lifted else Regime.IN_FORCE

    def _says(
        self, version: ZoneVersion, shape: Shape, aspect: Aspect, seen: Seen, earlier: Sequence[Seen]
    ) -> Says | None:
        regime, policy = self._regime(version.zone_id, seen.time_us), version.policy
        depth_m, probability = shape.depth_m(seen.lon, seen.lat, seen.x, seen.y), shape.p_inside(seen)
        if aspect is Aspect.BUFFER:
            if regime is Regime.AUTHORISED:
                return None
            policy = replace(policy, alone_probability=0.95, alone_depth_m=0.0)
            depth_m += policy.buffer_m
            probability = _phi(depth_m * SIGMAS_OF_CIRCLE / seen.circle_m)
        if version.kind.watches_absence:
            depth_m, probability = -depth_m, 1 - probability
        at_beacon = seen.mechanism == Mechanism.RF
        if at_beacon and version.kind is ZoneKind.CURFEW:
            probability = 0.0
        return Says(
            version=version.version,
            regime=regime,
            policy=policy,
            speaks_for=depth_m >= 0 and probability >= policy.for_probability and not at_beacon,
            speaks_against=probability <= policy.against_probability,
            counts=self._counts(seen, earlier) or at_beacon,
            is_sure=probability >= policy.alone_probability
            and depth_m >= policy.alone_depth_m
            and bool(seen.accuracy_m and seen.accuracy_m > 0)
            and not (earlier and self._is_jump(earlier[-1], seen, ORDINARY_PACE_MPS)),
            is_far=depth_m <= -policy.leave_alone_m,
        )

    def _counts(self, seen: Seen, earlier: Sequence[Seen]) -> bool:
        """GPS decides, where it is accurate enough and could have been reached in the time."""
        is_gps = seen.mechanism == Mechanism.GPS
        return is_gps and seen.circle_m <= self._limits.poorest_accuracy_m and not self._jumped(seen, earlier)

    def _jumped(self, seen: Seen, earlier: Sequence[Seen]) -> bool:
        """Reached too fast; unless the one before was the outlier, a jump from the one before that to where we are."""
        if not earlier or not self._is_jump(earlier[-1], seen):
            return False
        if len(earlier) == 1:
            return True
        return not self._is_jump(earlier[-2], earlier[-1]) or self._is_jump(earlier[-2], seen)

    def _is_jump(self, start: Seen, end: Seen, fastest_mps: float | None = None) -> bool:
        way_m = math.hypot(end.x - start.x, end.y - start.y) - start.circle_m - end.circle_m
        limit_mps = self._limits.fastest_mps if fastest_mps is None else fastest_mps
        return way_m > limit_mps * (end.time_us - start.time_us) / SECOND_US

    def _crossing(self, version: ZoneVersion, shape: Shape, seen: Seen, earlier: Sequence[Seen]) -> list[Stay]:
        """Both positions are GPS, sound, outside and near in time; the way between them goes deep enough."""
        if not earlier or version.kind.watches_absence:
            return []
        before, policy = earlier[-1], version.policy
        gap_s = (seen.time_us - before.time_us) / SECOND_US
        sound = (
            self._counts(seen, earlier)
            and before.mechanism == Mechanism.GPS
            and before.circle_m <= self._limits.poorest_accuracy_m
            and not self._is_jump(before, seen, ORDINARY_PACE_MPS)
        )
        both_outside = all(shape.depth_m(one.lon, one.lat, one.x, one.y) < 0 for one in (before, seen))
        in_force = self._regime(version.zone_id, seen.time_us) is Regime.IN_FORCE
        if not (sound and both_outside and in_force and policy.crossing_gap_s > 0 and gap_s <= policy.crossing_gap_s):
            return []
        depths = [shape.depth_m(*_between(before, seen, n / (PLACES_ON_THE_WAY + 1))) for n in range(1, 16)]
        deepest = max(range(PLACES_ON_THE_WAY), key=depths.__getitem__)
        if depths[deepest] < policy.crossing_depth_m:
            return []
        share = (deepest + 1) / (PLACES_ON_THE_WAY + 1)
        there_us = before.time_us + round(share * (seen.time_us - before.time_us))
        return [Stay.crossed(version, before.time_us, there_us, seen.time_us)]


def in_hours(schedule: Schedule | None, time_us: int) -> bool:
    """Whether a schedule of weekly windows is in force; not for the nights on which clocks change."""
    if schedule is None:
        return True
    now = from_microseconds(time_us).astimezone(ZoneInfo(schedule.time_zone)).replace(tzinfo=None)
    for weekly in schedule.weekly:
        for day in (now.date(), now.date() - timedelta(days=1)):
            starts = now.combine(day, weekly.window.starts)
            ends = now.combine(day + timedelta(days=weekly.window.ends_on_the_next_day), weekly.window.ends)
            if day.weekday() in weekly.days and starts <= now < ends:
                return True
    return False


def _outline(geometry: MultiPolygon) -> shapely.Geometry:
    return shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in geometry.polygons])


def _edges(geometry: MultiPolygon, projection: Projection) -> shapely.Geometry:
    """Every ring on the plane, each edge in short pieces: straight in degrees is bent in metres."""
    lines = []
    for ring in (ring for polygon in geometry.polygons for ring in polygon):
        corners = [
            (a[0] + (b[0] - a[0]) * n / SPLITS, a[1] + (b[1] - a[1]) * n / SPLITS)
            for a, b in pairwise(ring)
            for n in range(SPLITS)
        ]
        lon, lat = np.array([*corners, ring[0]]).T
        lines.append(shapely.LineString(np.column_stack(projection.forward(lon, lat))))
    return shapely.MultiLineString(lines)


def _between(start: Seen, end: Seen, share: float) -> tuple[float, float, float, float]:
    lon, lat = start.lon + share * (end.lon - start.lon), start.lat + share * (end.lat - start.lat)
    return lon, lat, start.x + share * (end.x - start.x), start.y + share * (end.y - start.y)


def _within(time_us: int, from_us: int | None, to_us: int | None) -> bool:
    return (from_us is None or from_us <= time_us) and (to_us is None or time_us < to_us)


def _phi(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2
