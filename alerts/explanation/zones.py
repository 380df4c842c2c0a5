"""The zone as it stood: its size, its hours, its policy."""

from dataclasses import asdict

from pyproj import Geod

from alerts.explanation.confirmation import company_rule_words
from alerts.explanation.documents import ExplainedZone
from alerts.explanation.wording import counted, distance_words, duration_words, moment_words, time_words
from geofence.geojson import to_geojson
from geofence.schedule_words import words
from geofence.schedules import ScheduleClock
from model.enums import ZoneKind
from model.explanations import ZoneAsItStood
from model.policies import PresencePolicy
from model.times import from_microseconds, moment_or_none
from model.zones import Circle, Geometry, Ring

WGS84 = Geod(ellps="WGS84")
SQUARE_KILOMETRE_M2 = 1e6
HECTARE_M2 = 1e4
CLOSING = 1  # a ring's last corner is its first


def explained_zone(stood: ZoneAsItStood, began_us: int) -> ExplainedZone:
    zone = stood.version
    in_force = ScheduleClock(zone.schedule).window_of(began_us) if zone.schedule is not None else None
    return ExplainedZone(
        reference=zone.reference,
        name=zone.name,
        version=zone.version,
        kind=zone.kind.value,
        geometry=to_geojson(zone.geometry),
        size=size_words(zone.geometry),
        schedule=words(zone.schedule),
        in_force_from=None if in_force is None else from_microseconds(in_force[0]),
        in_force_to=None if in_force is None else from_microseconds(in_force[1]),
        valid_from=from_microseconds(zone.valid_from_us),
        valid_to=moment_or_none(zone.valid_to_us),
        active_from=moment_or_none(zone.active_from_us),
        active_to=moment_or_none(zone.active_to_us),
        is_disclosed=zone.is_disclosed,
        preset=stood.preset,
        policy=asdict(zone.policy),
    )


def zone_paragraphs(stood: ZoneAsItStood, explained: ExplainedZone) -> tuple[str, ...]:
    zone = stood.version
    held = "still valid" if zone.valid_to_us is None else f"replaced or ended at {time_words(zone.valid_to_us)}"
    hours = f"In force {explained.schedule}."
    if explained.in_force_from is not None and explained.in_force_to is not None:
        window = f"{moment_words(explained.in_force_from)} to {moment_words(explained.in_force_to)}"
        hours += f" The window of this alert: {window}."
    dates = []
    if zone.active_from_us is not None:
        dates.append(f"from {time_words(zone.active_from_us)}")
    if zone.active_to_us is not None:
        dates.append(f"until {time_words(zone.active_to_us)}")
    told = "The wearer has been told of it." if zone.is_disclosed else "It is not disclosed to the wearer."
    what = f"{_kind_words(zone.kind)}: {explained.size}. {told}"
    return (
        f"{zone.name} ({zone.reference}), version {zone.version}, valid from {time_words(zone.valid_from_us)}, {held}.",
        what,
        hours + (f" The condition holds {' '.join(dates)}." if dates else ""),
        f"Policy {stood.preset}. {policy_words(zone.policy)}",
    )


def _kind_words(kind: ZoneKind) -> str:
    words = kind.value.replace("_", " ").capitalize()
    if kind in {ZoneKind.AUTHORITY_AREA, ZoneKind.HOME_AREA}:
        return f"{words}, which binds the wearer to nothing: what is said of it is information, and no breach"
    return f"{words} zone"


def policy_words(policy: PresencePolicy) -> str:
    sentences = [f"A position counts from probability {policy.for_probability:g} on. {company_rule_words(policy)}"]
    if policy.alone_probability <= 1:
        sentences.append(
            f"One GPS position alone is enough from {policy.alone_probability:g} on"
            f" and {distance_words(policy.alone_depth_m)} deep."
        )
    leave = f"It ends with {counted(int(policy.leave_count), 'position')} of {policy.against_probability:g} or less"
    if policy.leave_dwell_s > 0:
        leave += f" over at least {duration_words(policy.leave_dwell_s)}"
    sentences.append(f"{leave}, or one {distance_words(policy.leave_alone_m)} beyond the boundary.")
    if policy.buffer_m > 0:
        sentences.append(f"An approach nearer than {distance_words(policy.buffer_m)} warns.")
    return " ".join(sentences)


def size_words(geometry: Geometry) -> str:
    """Kind and size: an area on the ellipsoid, without the holes."""
    if isinstance(geometry, Circle):
        return f"a circle of {distance_words(geometry.radius_m)} radius"
    area_m2 = sum(_area_m2(rings[0]) - sum(map(_area_m2, rings[1:])) for rings in geometry.polygons)
    holes = sum(len(rings) - 1 for rings in geometry.polygons)
    corners = sum(len(ring) - CLOSING for rings in geometry.polygons for ring in rings)
    shape = "a polygon" if len(geometry.polygons) == 1 else f"{len(geometry.polygons)} polygons"
    with_holes = f" and {counted(holes, 'hole')}" if holes else ""
    return f"{shape} with {counted(corners, 'corner')}{with_holes}, {_area_words(area_m2)}"


def _area_m2(ring: Ring) -> float:
    area_m2, _ = WGS84.polygon_area_perimeter([lon for lon, _ in ring], [lat for _, lat in ring])
    return abs(float(area_m2))


def _area_words(area_m2: float) -> str:
    if area_m2 >= SQUARE_KILOMETRE_M2:
        return f"{area_m2 / SQUARE_KILOMETRE_M2:.1f} km²"
    return f"{area_m2 / HECTARE_M2:.1f} ha" if area_m2 >= HECTARE_M2 else f"{area_m2:.0f} m²"
