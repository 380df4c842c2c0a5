"""A rehearsal from a zone file to its answer, for the route and the command alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from alerts.rehearsal import NEW_ZONE_ID, Rehearsal, RehearsalInput, rehearse
from api.zone_files import projection_of, read_zone_file
from geofence.drafts import ZoneDraft
from geofence.passages import MapWay, read_map_ways
from geofence.plane_areas import narrowest_part
from geofence.projection import Projection
from geofence.sightings import DetectionLimits
from geofence.track import Track, track_of
from model.enums import ZoneKind
from model.times import microseconds_or_none, to_microseconds
from model.zones import Geometry, ZoneVersion
from ops.errors import ConfigurationError, InputError
from ops.settings import Settings
from sim.plane import LonLat, moved
from sim.rehearsal_routine import simulated_positions
from store.rehearsals import RehearsedWearer, WornPositions

USUAL_WEEKS, MOST_WEEKS = 4, 12
MOST_POSITIONS = 150_000
"""Twelve weeks at one a minute. One inside the zone takes 70 µs, and the thread that counts holds up the others."""
MOST_SIMULATED_SEED = 2**31 - 1
SIMULATED_ACTIVATION = 0
HOME_AWAY_M = (500.0, 3_000.0)
DAYS_OF_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Window:
    """What is rehearsed: ``[from_time, until_time)``, which ends now."""

    from_time: datetime
    until_time: datetime

    @classmethod
    def before(cls, now: datetime, weeks: int) -> "Window":
        return cls(now - timedelta(weeks=weeks), now)


@dataclass(frozen=True, slots=True)
class Simulation:
    """Where a simulated routine was laid, and why there."""

    seed: int
    home: LonLat
    home_is: str


@dataclass(frozen=True, slots=True)
class Rehearsed:
    draft: ZoneDraft
    wearer: RehearsedWearer
    window: Window
    simulation: Simulation | None  # None: the wearer's own positions
    rehearsal: Rehearsal


def read_draft(content: bytes, settings: Settings) -> tuple[ZoneDraft, str]:
    """The one zone of a file, and its wearer's CRN. Raises InputError, and ZoneFileError with all that is wrong."""
    drafts = read_zone_file(content, settings)
    if len(drafts) != 1:
        raise InputError(f"the file holds {len(drafts)} zones: give one, they are rehearsed one by one")
    (draft,) = drafts
    if draft.crn is None:
        raise InputError(
            f"zone {draft.reference} is shared by all wearers: give the crn of one of them to rehearse it over"
        )
    return draft, draft.crn


def rehearse_positions(
    draft: ZoneDraft, wearer: RehearsedWearer, worn: Sequence[WornPositions], window: Window, settings: Settings
) -> Rehearsed:
    """Over the wearer's own positions, of which up to MOST_POSITIONS + 1 were asked for. Raises InputError where there
    are too many.
    """
    if sum(len(one.rows) for one in worn) > MOST_POSITIONS:
        raise InputError(f"there are more than {MOST_POSITIONS} positions in this time: rehearse over fewer weeks")
    projection = projection_of(settings)
    tracks = [track_of(one.rows, one.activation_id, wearer.person_id, projection) for one in worn]
    return _rehearsed(draft, wearer, tracks, window, None, settings)


def rehearse_simulated(
    draft: ZoneDraft, wearer: RehearsedWearer, seed: int, window: Window, settings: Settings
) -> Rehearsed:
    """Over a simulated routine; the wearer's own positions are not looked at."""
    projection = projection_of(settings)
    simulation = _simulation(draft, wearer, seed, to_microseconds(window.until_time), projection)
    days = (window.until_time - window.from_time).days
    rows = simulated_positions(seed, simulation.home, to_microseconds(window.from_time), days)
    track = track_of(rows, SIMULATED_ACTIVATION, wearer.person_id, projection)
    return _rehearsed(draft, wearer, [track], window, simulation, settings)


def _rehearsed(
    draft: ZoneDraft,
    wearer: RehearsedWearer,
    tracks: Sequence[Track],
    window: Window,
    simulation: Simulation | None,
    settings: Settings,
) -> Rehearsed:
    version = _version(draft, wearer)
    until_us = to_microseconds(window.until_time)
    given = RehearsalInput(
        draft=version,
        tracks=tracks,
        is_simulated=simulation is not None,
        others=wearer.zones,
        authorisations=wearer.authorisations,
        map_ways=_map_ways(settings.map_ways_file) if settings.map_ways_file else None,
        from_us=to_microseconds(window.from_time),
        until_us=until_us,
        now_us=until_us,
    )
    limits = DetectionLimits(settings.implied_speed_limit_mps, settings.poor_accuracy_m)
    return Rehearsed(draft, wearer, window, simulation, rehearse(given, projection_of(settings), limits))


def _version(draft: ZoneDraft, wearer: RehearsedWearer) -> ZoneVersion:
    """The draft as it would stand; an edit where the wearer has a zone of its reference."""
    edited = (zone.zone_id for zone in wearer.zones if zone.reference == draft.reference)
    return ZoneVersion(
        zone_id=next(edited, NEW_ZONE_ID),
        version=0,
        reference=draft.reference,
        name=draft.name,
        kind=draft.kind,
        person_id=wearer.person_id,
        geometry=draft.geometry,
        valid_from_us=microseconds_or_none(draft.valid_from) or 0,
        valid_to_us=None,
        active_from_us=microseconds_or_none(draft.active_from),
        active_to_us=microseconds_or_none(draft.active_to),
        schedule=draft.schedule,
        policy=draft.policy,
        is_disclosed=draft.is_disclosed,
    )


def _simulation(
    draft: ZoneDraft, wearer: RehearsedWearer, seed: int, now_us: int, projection: Projection
) -> Simulation:
    """At home in the innermost place of the curfew's zone where there is one; otherwise somewhere about the draft."""
    if draft.kind is ZoneKind.CURFEW:
        home = _innermost(draft.geometry, projection)
        return Simulation(seed, home, "the innermost place of this curfew's zone")
    for zone in wearer.zones:
        ended = min((one for one in (zone.valid_to_us, zone.active_to_us) if one is not None), default=None)
        if zone.kind is ZoneKind.CURFEW and (ended is None or ended > now_us):
            home = _innermost(zone.geometry, projection)
            return Simulation(seed, home, f"the innermost place of the wearer's curfew zone {zone.reference}")
    rng = np.random.default_rng(seed)
    away_m, angle = float(rng.uniform(*HOME_AWAY_M)), float(rng.uniform(0, 2 * np.pi))
    east_m, north_m = away_m * float(np.cos(angle)), away_m * float(np.sin(angle))
    home = moved(_innermost(draft.geometry, projection), east_m, north_m)
    return Simulation(seed, home, f"drawn {away_m:.0f} m from the innermost place of the zone: nobody's real home")


def _innermost(geometry: Geometry, projection: Projection) -> LonLat:
    circle = narrowest_part(geometry, projection)
    lon, lat = projection.inverse(np.array([circle.x]), np.array([circle.y]))
    return float(lon[0]), float(lat[0])


@lru_cache(maxsize=2)
def _map_ways(file: str) -> tuple[MapWay, ...]:
    """Read once a process. Raises ConfigurationError where the file cannot be used."""
    try:
        return read_map_ways(msgspec.json.decode(Path(file).read_bytes()))
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"CORDON_MAP_WAYS_FILE cannot be used: {error}") from None
