"""Walks, zones and conditions drawn at random, for the engine and its reference alike."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import time
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from geofence.columns import Fixes, PositionRows
from geofence.detection import PresenceKey, detect
from geofence.projection import Projection
from geofence.sightings import DetectionLimits
from geofence.track import Track, track_of
from geofence.zone_index import ZoneIndex
from model.authorisations import Authorisation
from model.enums import Aspect, Mechanism, ZoneKind
from model.policies import CURFEW, RECORD, STEADY, PresencePolicy
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.times import SECOND_US
from model.visits import Visit
from model.zones import Circle, Geometry, MultiPolygon, Ring, ZoneVersion
from tests.support.batches import position_rows
from tests.support.pings import START_US
from tests.support.pings import fixes as plain_fixes
from tests.support.policies import BUFFERED
from tests.support.reference_engine import Limits, Seen
from tests.support.reference_rules import Stay

PROJECTION = Projection(51.5, -0.1)
LIMITS = DetectionLimits(implied_speed_limit_mps=90.0, poor_accuracy_m=150.0)
REFERENCE_LIMITS = Limits(LIMITS.implied_speed_limit_mps, LIMITS.poor_accuracy_m)
ACTIVATION_ID, PERSON_ID, OTHER_PERSON_ID = 11, 1, 2
MINUTE_US = 60 * SECOND_US


def ring(*corners_m: tuple[float, float]) -> Ring:
    """A closed ring of corners in metres east and north of the centre."""
    x, y = np.array([*corners_m, corners_m[0]], np.float64).T
    lon, lat = PROJECTION.inverse(x, y)
    return tuple(zip(lon.tolist(), lat.tolist(), strict=True))


def box(west: float, south: float, east: float, north: float) -> Ring:
    return ring((west, south), (east, south), (east, north), (west, north))


def disc(east_m: float, north_m: float, radius_m: float) -> Circle:
    lon, lat = PROJECTION.inverse(np.array([east_m]), np.array([north_m]))
    return Circle(float(lon[0]), float(lat[0]), radius_m)


SHAPES: list[Geometry] = [
    disc(0, 0, 120),
    disc(150, 60, 40),
    disc(0, -100, 400),
    MultiPolygon(((box(-150, -150, 150, 150),),)),
    MultiPolygon(((box(-300, -300, 300, 300), box(-80, -60, 90, 70)),)),
    MultiPolygon(((box(-250, -100, -60, 90),), (ring((40, -90), (260, 10), (70, 160)),))),
    MultiPolygon(((ring((-300, -20), (300, -60), (300, 20), (-300, 40)),),)),
]
KINDS = [ZoneKind.EXCLUSION, *ZoneKind]
POLICIES = [
    BUFFERED,
    STEADY,
    CURFEW,
    RECORD,
    replace(STEADY, leave_count=1, leave_dwell_s=0.0, crossing_depth_m=5.0),
    replace(BUFFERED, alone_depth_m=10.0, crossing_gap_s=600.0, crossing_depth_m=15.0),
    replace(STEADY, confirm_count=3, confirm_dwell_s=90.0, company_s=120.0, leave_count=3, buffer_m=60.0),
    replace(CURFEW, confirm_dwell_s=120.0, confirm_count=2, company_s=300.0, crossing_gap_s=180.0),
]


@dataclass(frozen=True)
class Step:
    """From the position before: seconds, metres east and north; then how this position errs and what it says."""

    after_s: int
    east_m: int
    north_m: int
    astray_m: int
    accuracy_m: float
    mechanism: Mechanism


steps = st.builds(
    Step,
    after_s=st.sampled_from([0, 5, 30, 60, 60, 60, 61, 120, 400, 1500]),
    east_m=st.one_of(st.integers(-250, 250), st.sampled_from([-900, -650, 650, 900])),
    north_m=st.integers(-150, 150),
    astray_m=st.sampled_from([0] * 8 + [9_000, -40_000]),
    accuracy_m=st.sampled_from([8.0, 8.0, 8.0, 25.0, 60.0, 149.0, 400.0, 0.0, np.nan]),
    mechanism=st.sampled_from([Mechanism.GPS] * 6 + [Mechanism.RF, Mechanism.LBS, Mechanism.WIFI]),
)
walks = st.lists(steps, min_size=1, max_size=30)
minutes = st.integers(0, 25)


def version_of(zone_id: int, geometry: Geometry, kind: ZoneKind, policy: PresencePolicy, **more: Any) -> ZoneVersion:
    plain = ZoneVersion(zone_id, 1, f"Z{zone_id}", "A zone", kind, PERSON_ID, geometry, 0, None, None, None)
    return replace(plain, policy=policy, **more)


@st.composite
def zones(draw: st.DrawFn, zone_id: int) -> list[ZoneVersion]:
    """The versions of one zone, each valid until the next; now and then of somebody else, or with dates and hours."""
    owner = draw(st.sampled_from([PERSON_ID, PERSON_ID, None, OTHER_PERSON_ID]))
    kind = draw(st.sampled_from(KINDS))
    edits = sorted({START_US + minute * MINUTE_US for minute in draw(st.lists(minutes, max_size=2))})
    versions = []
    for number, (from_us, to_us) in enumerate(zip([0, *edits], [*edits, None], strict=True), start=1):
        plain = version_of(zone_id, draw(st.sampled_from(SHAPES)), kind, draw(st.sampled_from(POLICIES)))
        active_us = draw(st.one_of(st.none(), minutes.map(lambda minute: START_US + minute * MINUTE_US)))
        versions.append(
            replace(
                plain,
                version=number,
                person_id=owner,
                valid_from_us=from_us,
                valid_to_us=to_us,
                active_to_us=active_us,
                schedule=draw(st.one_of(st.none(), st.none(), schedules())),
            )
        )
    return versions


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Walks begin at 16:06:40 in London, and most are over by 17:00."""
    starts, ends = sorted(draw(st.lists(st.integers(0, 45), min_size=2, max_size=2, unique=True)))
    begins_before = draw(st.booleans())
    window = DailyWindow(time(17 if begins_before else 16, starts), time(16, ends))
    return Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), window),))


@st.composite
def authorisations(draw: st.DrawFn, zone_ids: Sequence[int]) -> list[Authorisation]:
    found = []
    for number in range(draw(st.integers(0, 2))):
        first, last = sorted(draw(st.lists(minutes, min_size=2, max_size=2)))
        times_us = (START_US + one * MINUTE_US for one in (first, last))
        found.append(Authorisation(number, PERSON_ID, draw(st.sampled_from(zone_ids)), *times_us))
    return found


def rows_of(walk: Sequence[Step]) -> PositionRows:
    """The positions of a walk that begins 300 m to the west."""
    x = -300.0 + np.cumsum([one.east_m for one in walk]) + np.array([one.astray_m for one in walk])
    lon, lat = PROJECTION.inverse(x, np.cumsum([one.north_m for one in walk]))
    times_us = START_US + np.cumsum([one.after_s for one in walk]) * SECOND_US
    plain: Fixes = plain_fixes(times_us.tolist(), lat.tolist(), lon.tolist())
    fixes = replace(
        plain,
        accuracy_m=np.array([one.accuracy_m for one in walk]),
        mechanism=np.array([one.mechanism for one in walk], np.int64),
    )
    return position_rows(fixes)


def track(walk: Sequence[Step]) -> Track:
    return track_of(rows_of(walk), ACTIVATION_ID, PERSON_ID, PROJECTION)


def index_of(versions: Sequence[ZoneVersion], authorised: Sequence[Authorisation] = ()) -> ZoneIndex:
    index = ZoneIndex(PROJECTION)
    index.apply(versions)
    index.apply_authorisations(authorised)
    return index


def detected(walked: Track, index: ZoneIndex, cuts: Collection[int] = ()) -> list[Visit]:
    """The visits that the engine finds when the track comes in batches that begin at ``cuts``."""
    visits: dict[str, Visit] = {}
    presence: dict[PresenceKey, Visit] = {}
    edges = sorted({0, len(walked), *(cut for cut in cuts if cut < len(walked))})
    for first, end in pairwise(edges):
        held: dict[int, dict[tuple[int, Aspect], Visit]] = {}
        for (activation_id, zone_id, aspect), visit in presence.items():
            held.setdefault(activation_id, {})[zone_id, aspect] = visit
        found = detect(walked.take(np.arange(first, end)), index, held, LIMITS)
        visits |= {str(change.after.visit_id): change.after for change in found.changes}
        presence |= {key: visit for key, visit in found.presence.items() if visit is not None}
        presence = {key: visit for key, visit in presence.items() if found.presence.get(key, visit) is not None}
    return list(visits.values())


def seen_of(walked: Track) -> list[Seen]:
    """The same positions, for the reference."""
    fixes, points = walked.rows.fixes, walked.points
    return [
        Seen(
            time_us=int(fixes.fix_time_us[at]),
            lon=float(points.lon[at]),
            lat=float(points.lat[at]),
            x=float(points.x[at]),
            y=float(points.y[at]),
            accuracy_m=None if np.isnan(fixes.accuracy_m[at]) else float(fixes.accuracy_m[at]),
            mechanism=int(fixes.mechanism[at]),
        )
        for at in range(len(walked))
    ]


Told = tuple[object, ...]


def told(visit: Visit) -> Told:
    """What must be equal, whoever found it."""
    times = (visit.entered_us, visit.confirmed_us, visit.last_inside_us, visit.left_us, visit.closed_us)
    return (
        visit.zone_id,
        visit.aspect.value,
        *(None if one is None else (one - START_US) / SECOND_US for one in times),
        visit.zone_version,
        visit.regime.value,
        visit.state.value,
        visit.inferred,
        visit.positions_inside,
    )


def told_by_reference(stay: Stay) -> Told:
    times = (stay.entered_us, stay.confirmed_us, stay.last_us, stay.left_us, stay.closed_us)
    return (
        stay.zone_id,
        stay.aspect.value,
        *(None if one is None else (one - START_US) / SECOND_US for one in times),
        stay.version,
        stay.regime.value,
        stay.state.value,
        stay.inferred,
        stay.positions,
    )
