"""Alerts as detection raises them, for the tests of their explanation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alerts.decide import decide
from geofence.columns import Earlier, Fixes, Points, PositionRows
from geofence.detection import VisitChange, detect
from geofence.projection import Projection
from geofence.sightings import DetectionLimits
from geofence.track import Track
from geofence.zone_index import ZoneIndex
from model.alerts import Alert, AlertChange
from model.authorisations import Authorisation
from model.enums import AlertChangeKind, Mechanism, PositionFlag, ZoneKind
from model.explanations import AlertCase, LoggedChange, PersonName, ZoneAsItStood
from model.policies import FAST, PresencePolicy
from model.schedules import Schedule
from model.times import SECOND_US, to_microseconds
from model.zones import Circle, ZoneVersion
from tests.support.pings import fixes as plain_fixes
from tests.support.seed import MORNING

PROJECTION = Projection(51.5, -0.1)
LIMITS = DetectionLimits(implied_speed_limit_mps=90, poor_accuracy_m=150)
RADIUS_M = 150.0
START_US = to_microseconds(MORNING)
SAM = PersonName("X100001", "Sam Example")


@dataclass(frozen=True, slots=True)
class Ping:
    """``away_m`` metres east of the zone's centre, ``at_s`` after the morning of the tests began."""

    at_s: float
    away_m: float
    accuracy_m: float | None = 8.0
    mechanism: Mechanism = Mechanism.GPS
    delay_s: float = 2.0
    flags: PositionFlag = PositionFlag.NONE


def zone(
    policy: PresencePolicy = FAST,
    kind: ZoneKind = ZoneKind.EXCLUSION,
    schedule: Schedule | None = None,
    zone_id: int = 3,
    person_id: int = 5,
) -> ZoneVersion:
    """A circle about the middle of the plane, valid since the day before."""
    return ZoneVersion(
        zone_id=zone_id,
        version=1,
        reference="OWN-1",
        name="Market Square",
        kind=kind,
        person_id=person_id,
        geometry=Circle(-0.1, 51.5, RADIUS_M),
        valid_from_us=START_US - 24 * 3600 * SECOND_US,
        valid_to_us=None,
        active_from_us=None,
        active_to_us=None,
        schedule=schedule,
        policy=policy,
    )


def track(pings: Sequence[Ping], activation_id: int = 7, person_id: int = 5, device_id: int = 1) -> Track:
    count = len(pings)
    times_us = [START_US + round(one.at_s * SECOND_US) for one in pings]
    x = np.array([one.away_m for one in pings], np.float64)
    lon, lat = PROJECTION.inverse(x, np.zeros(count))
    received_us = [moment + round(one.delay_s * SECOND_US) for moment, one in zip(times_us, pings, strict=True)]
    fixes: Fixes = replace(
        plain_fixes(times_us, list(lat), list(lon), received_us=received_us),
        accuracy_m=np.array([np.nan if one.accuracy_m is None else one.accuracy_m for one in pings]),
        mechanism=np.array([int(one.mechanism) for one in pings], np.int64),
    )
    rows = PositionRows(
        fixes=fixes,
        device_id=np.full(count, device_id),
        fix_key=np.arange(count),
        flags=np.array([int(one.flags) for one in pings], np.int64),
        partition=np.zeros(count, np.int64),
    )
    points = PROJECTION.points(lon, lat)
    return Track(
        rows,
        np.full(count, activation_id),
        np.full(count, person_id),
        points,
        *(_back(fixes, points, n) for n in (1, 2)),
    )


def detected(
    pings: Sequence[Ping], stood: ZoneVersion, activation_id: int = 7, authorised: Sequence[Authorisation] = ()
) -> list[VisitChange]:
    """What becomes of the visits to one zone over the whole track."""
    zones = ZoneIndex(PROJECTION)
    zones.apply([stood])
    zones.apply_authorisations(authorised)
    found = detect(track(pings, activation_id, stood.person_id or 0), zones, {}, LIMITS)
    return found.changes


def alert_changes(
    pings: Sequence[Ping], stood: ZoneVersion, activation_id: int = 7, authorised: Sequence[Authorisation] = ()
) -> list[AlertChange]:
    return decide(detected(pings, stood, activation_id, authorised))


def case_of(alert: Alert, stood: ZoneVersion, preset: str = "fast", **changed: object) -> AlertCase:
    """A case as the store would load it: raised a second after the receipt, and told of once."""
    raised_us = alert.received_us + SECOND_US
    told = {"began_at": "2026-03-02T09:00:00+00:00", "ended_at": None, "severity": alert.severity.value}
    case = AlertCase(
        alert=alert,
        person=SAM,
        raised_us=raised_us,
        versions=(ZoneAsItStood(stood, preset),),
        changes=(LoggedChange(AlertChangeKind.RAISED, alert.urgency, raised_us, None, told),),
        updates=0,
        lapsed=(),
        authorisations=(),
        troubles=(),
        last_heard_us=None,
        merged_into=None,
    )
    return replace(case, **changed)  # type: ignore[arg-type]


def _back(fixes: Fixes, points: Points, steps: int) -> Earlier:
    """The positions ``steps`` before each."""
    count = len(fixes)
    place = np.maximum(np.arange(count) - steps, 0)
    here = Earlier(points, fixes.fix_time_us, fixes.accuracy_m, fixes.mechanism).take(place)
    return here.or_else(Earlier.none(count), np.arange(count) < steps)
