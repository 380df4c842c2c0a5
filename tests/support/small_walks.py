"""Walks about a square of 400 m at the centre, and what the engine makes of them, said in few words.

Places are metres east and north of the centre, times are minutes.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from alerts.decide import decide
from geofence.detection import VisitChange
from geofence.track import track_of
from model.authorisations import Authorisation
from model.enums import AlertKind, Aspect, Mechanism, VisitState, ZoneKind
from model.policies import PresencePolicy
from model.visits import Visit
from model.zones import MultiPolygon, ZoneVersion
from tests.support.batches import position_rows
from tests.support.engine_walks import (
    ACTIVATION_ID,
    MINUTE_US,
    PERSON_ID,
    PROJECTION,
    box,
    detected,
    index_of,
    version_of,
)
from tests.support.pings import START_US
from tests.support.pings import fixes as plain_fixes

SQUARE = MultiPolygon(((box(-200, -200, 200, 200),),))
ZONE_ID = 1
Fix = tuple[float, float, float, float | None, Mechanism]
"""Minutes, metres east, metres north, accuracy in metres, mechanism."""


def fix(
    minute: float, east_m: float, north_m: float = 0, accuracy_m: float | None = 8, mechanism: Mechanism = Mechanism.GPS
) -> Fix:
    return minute, east_m, north_m, accuracy_m, mechanism


def zone(policy: PresencePolicy, kind: ZoneKind = ZoneKind.EXCLUSION, **more: Any) -> ZoneVersion:
    return version_of(ZONE_ID, SQUARE, kind, policy, **more)


def visits(version: ZoneVersion, *given: Fix, authorised: tuple[Authorisation, ...] = ()) -> list[Visit]:
    minutes, east_m, north_m, accuracy_m, mechanism = zip(*given, strict=True)
    lon, lat = PROJECTION.inverse(np.array(east_m, np.float64), np.array(north_m, np.float64))
    times_us = [START_US + round(minute * MINUTE_US) for minute in minutes]
    fixes = replace(
        plain_fixes(times_us, lat.tolist(), lon.tolist()),
        accuracy_m=np.array(accuracy_m, np.float64),
        mechanism=np.array(mechanism, np.int64),
    )
    walked = track_of(position_rows(fixes), ACTIVATION_ID, PERSON_ID, PROJECTION)
    return detected(walked, index_of([version], authorised))


def at_zone(found: list[Visit]) -> list[Visit]:
    return [visit for visit in found if visit.aspect is Aspect.ZONE]


def raised(found: list[Visit]) -> list[AlertKind]:
    changes = decide(VisitChange(None, visit) for visit in found)
    return [change.alert.kind for change in changes if change.kind == "raised"]


def minutes(*moments_us: int | None) -> list[float | None]:
    return [None if moment is None else (moment - START_US) / MINUTE_US for moment in moments_us]


def states(found: list[Visit]) -> list[VisitState]:
    return [visit.state for visit in found]
