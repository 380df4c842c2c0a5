"""Zones: the geometry of a condition, and the versions it went through."""

from dataclasses import dataclass

from model.enums import ZoneKind
from model.policies import STEADY, PresencePolicy
from model.schedules import Schedule

Coordinate = tuple[float, float]
"""Longitude, latitude in WGS84 degrees, in GeoJSON's order."""

Ring = tuple[Coordinate, ...]
"""A closed ring: the last coordinate equals the first."""


Region = tuple[float, float, float, float]
"""A box that a deployment serves: south, west, north, east in degrees."""


@dataclass(frozen=True, slots=True)
class Circle:
    lon: float
    lat: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class MultiPolygon:
    """One or more polygons; each is its outer ring followed by its holes."""

    polygons: tuple[tuple[Ring, ...], ...]


Geometry = Circle | MultiPolygon


@dataclass(frozen=True, slots=True)
class ZoneVersion:
    """A zone as it stood during an interval of fix times.

    A fix is judged by the version whose ``[valid_from_us, valid_to_us)`` holds its fix time, and counts only
    within the condition's own dates ``[active_from_us, active_to_us)`` and the hours of its schedule. ``None`` is an
    open end, and no schedule at all is every hour. Times are microseconds since 1970 UTC. ``person_id`` is ``None``
    for a shared zone, which applies to every wearer. ``is_disclosed`` says whether the wearer has been told of the
    zone: only then may the tag itself warn of it.
    """

    zone_id: int
    version: int
    reference: str
    name: str
    kind: ZoneKind
    person_id: int | None
    geometry: Geometry
    valid_from_us: int
    valid_to_us: int | None
    active_from_us: int | None
    active_to_us: int | None
    schedule: Schedule | None = None
    policy: PresencePolicy = STEADY
    is_disclosed: bool = False
