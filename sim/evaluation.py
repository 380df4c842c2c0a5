"""Detection held against the truth, wearer by wearer (pure).

Positions are judged in the order of their fix times: so the service ends, whatever the order in which they came, once
late ones are replayed. What the words mean:

- **Told** is a stay that a detector tells of: from ``entered_us`` on, at ``told_us``, the fix time of the position that
  confirmed it, and not before ``received_us``, when the last of those was received that the confirmation rests on.
- It is **false** when the wearer truly was not in the zone at any moment from one minute before ``entered_us`` to one
  minute after ``told_us``: what was said when it was told. The minute is the usual interval between positions. That a
  true stay came later excuses nothing.
- A true stay is **found** when a confirmed one overlaps it, ``SLACK_US`` either way.
- A true stay is **long** from 3 minutes and 50 m of depth on (an absence: from 20 minutes, of which 10 are grace).
- **Blind** is a true stay without one GPS position made during it: no tag could have known.
- **Within two** is a long stay told by the second position after the first GPS one truly inside, at the latest: of any
  mechanism, or counting those of GPS alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum

import numpy as np

from geofence.columns import Booleans, Integers, PositionRows
from geofence.detection import detect
from geofence.plain_dot import DotStay, plain_dot
from geofence.projection import Projection
from geofence.sightings import DetectionLimits
from geofence.track import Track, track_of
from geofence.zone_index import ZoneIndex
from model.enums import Aspect, Mechanism, ZoneKind
from model.policies import PRESETS
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.times import SECOND_US
from model.visits import Visit
from model.zones import ZoneVersion
from sim.cohort import CohortWearer
from sim.cohort_zones import CohortZone, CurfewHours, Meaning

SLACK_US = 60 * SECOND_US
LONG_S = 180.0
LONG_ABSENCE_S = 1200.0
LONG_DEPTH_M = 50.0
FURTHER = 2
FOR_EVER_US = int(np.iinfo(np.int64).max) - SLACK_US
PERSON = ACTIVATION = 1


class Method(StrEnum):
    """What judges the positions."""

    OWN = "own"  # the preset meant for the zone
    FAST = "fast"  # every exclusion zone by this preset
    STEADY = "steady"
    PLAIN_DOT = "plain_dot"


PRESET_OF = {Meaning.VICTIM_HOME: "fast", Meaning.TOWN_CENTRE: "steady", Meaning.CURFEW: "curfew"}


@dataclass(frozen=True, slots=True)
class Told:
    """A stay as a detector tells of it."""

    entered_us: int
    told_us: int
    received_us: int
    left_us: int
    inferred: bool  # of a crossing between two positions: a warning, never a confirmed stay


@dataclass(frozen=True, slots=True)
class Truth:
    """A true stay or, of a curfew, a true absence."""

    entered_us: int
    left_us: int
    depth_m: float


@dataclass(frozen=True, slots=True)
class JudgedTold:
    """What a detector told, and whether that was so."""

    method: Method
    meaning: Meaning
    inferred: bool
    false: bool
    phenomena: int  # of the positions from the entry to the telling: sim.phenomena.Phenomenon bits


@dataclass(frozen=True, slots=True)
class JudgedTruth:
    """A true stay, and what a detector made of it."""

    method: Method
    meaning: Meaning
    lasted_s: float
    depth_m: float
    blind: bool
    told: int  # confirmed stays that overlap it
    found: bool
    inferred: bool  # a crossing was inferred, and no stay confirmed
    within_two: bool
    within_two_gps: bool
    delay_s: float  # from the true entry to the fix time of the telling position; NaN where it was not found
    delay_received_s: float  # likewise to the receipt

    @property
    def is_long(self) -> bool:
        least_s = LONG_ABSENCE_S if self.meaning is Meaning.CURFEW else LONG_S
        return self.lasted_s >= least_s and self.depth_m >= LONG_DEPTH_M


@dataclass(frozen=True, slots=True)
class WearerResult:
    wearer_days: float
    positions: int
    approaches: int  # warnings
    told: tuple[JudgedTold, ...]
    truths: tuple[JudgedTruth, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """The positions of a track as they truly came about, in the order of the track; shape (n,)."""

    fix_time_us: Integers
    true_time_us: Integers
    is_gps: Booleans
    phenomena: Integers


def judge_wearer(
    wearer: CohortWearer, accepted: PositionRows, projection: Projection, limits: DetectionLimits
) -> WearerResult:
    """Every zone of the wearer by every method.

    ``accepted`` are those of ``wearer.fixes`` that were not quarantined, each with its ``message_offset``.
    """
    track = track_of(accepted, ACTIVATION, PERSON, projection)
    place = track.rows.fixes.message_offset
    made = Made(
        track.rows.fixes.fix_time_us,
        wearer.true_time_us[place],
        track.rows.fixes.mechanism == Mechanism.GPS,
        wearer.phenomena[place],
    )
    versions = [one for number, zone in enumerate(wearer.zones) for one in _versions(number, zone)]
    index = ZoneIndex(projection)
    index.apply(versions)
    visits = [change.after for change in detect(track, index, {}, limits).changes]
    told: list[JudgedTold] = []
    truths: list[JudgedTruth] = []
    for number, zone in enumerate(wearer.zones):
        true_stays = _truths(wearer, zone)
        for method in _methods(zone):
            if method is Method.PLAIN_DOT:
                dots = plain_dot(track, index, [_zone_id(number, Method.OWN)])
                said = [_dot_told(track, one) for one in dots]
            else:
                said = _visits_told(visits, _zone_id(number, method))
            told += [judge_told(one, true_stays, made, method, zone.meaning) for one in said]
            truths += [judge_truth(one, said, made, method, zone.meaning) for one in true_stays]
    own = {_zone_id(number, Method.OWN) for number in range(len(wearer.zones))}
    approaches = sum(
        one.zone_id in own and one.aspect is Aspect.BUFFER and one.confirmed_us is not None for one in visits
    )
    return WearerResult(wearer.wearer_days, len(track), approaches, tuple(told), tuple(truths))


def _methods(zone: CohortZone) -> Sequence[Method]:
    return tuple(Method) if zone.is_exclusion else (Method.OWN, Method.PLAIN_DOT)


def _zone_id(number: int, method: Method) -> int:
    return 1 + number * len(Method) + list(Method).index(method)


def _versions(number: int, zone: CohortZone) -> Iterable[ZoneVersion]:
    for method in _methods(zone):
        if method is not Method.PLAIN_DOT:
            yield ZoneVersion(
                zone_id=_zone_id(number, method),
                version=1,
                reference=zone.reference,
                name=zone.reference,
                kind=ZoneKind.EXCLUSION if zone.is_exclusion else ZoneKind.CURFEW,
                person_id=PERSON,
                geometry=zone.geometry,
                valid_from_us=0,
                valid_to_us=None,
                active_from_us=None,
                active_to_us=None,
                schedule=None if zone.hours is None else _schedule(zone.hours),
                policy=PRESETS[PRESET_OF[zone.meaning] if method is Method.OWN else method.value],
            )


def _schedule(hours: CurfewHours) -> Schedule:
    starts, ends = (time(*divmod(minutes, 60)) for minutes in hours)
    return Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), DailyWindow(starts, ends)),))


def _truths(wearer: CohortWearer, zone: CohortZone) -> list[Truth]:
    if zone.is_exclusion:
        return [Truth(one.entered_us, one.left_us, one.deepest_m) for one in wearer.true_visits(zone)]
    return [Truth(one.left_us, one.returned_us, one.farthest_m) for one in wearer.true_outings(zone)]


def _visits_told(visits: Iterable[Visit], zone_id: int) -> list[Told]:
    """Those of which staff are told: confirmed, or inferred."""
    return [
        _visit_told(one)
        for one in visits
        if one.zone_id == zone_id and one.aspect is Aspect.ZONE and (one.confirmed_us is not None or one.inferred)
    ]


def _visit_told(visit: Visit) -> Told:
    evidence, left_us = visit.evidence, FOR_EVER_US if visit.left_us is None else visit.left_us
    rests_on = (*evidence.trail, evidence.confirming or evidence.entry)
    told_us = left_us if visit.confirmed_us is None else visit.confirmed_us
    received_us = max(one.received_us for one in rests_on)
    return Told(visit.entered_us, told_us, received_us, left_us, visit.inferred)


def _dot_told(track: Track, stay: DotStay) -> Told:
    fixes = track.rows.fixes
    entered_us = int(fixes.fix_time_us[stay.first])
    left_us = FOR_EVER_US if stay.after is None else int(fixes.fix_time_us[stay.after])
    return Told(entered_us, entered_us, int(fixes.received_us[stay.first]), left_us, inferred=False)


def judge_told(told: Told, truths: Iterable[Truth], made: Made, method: Method, meaning: Meaning) -> JudgedTold:
    since_us, until_us = told.entered_us - SLACK_US, told.told_us + SLACK_US
    false = not any(one.entered_us <= until_us and one.left_us >= since_us for one in truths)
    first, last = np.searchsorted(made.fix_time_us, (told.entered_us, told.told_us + 1))
    phenomena = int(np.bitwise_or.reduce(made.phenomena[first:last], initial=0))
    return JudgedTold(method, meaning, told.inferred, false, phenomena)


def judge_truth(truth: Truth, told: Iterable[Told], made: Made, method: Method, meaning: Meaning) -> JudgedTruth:
    near = [
        one for one in told if one.entered_us - SLACK_US <= truth.left_us and one.left_us + SLACK_US >= truth.entered_us
    ]
    confirmed = [one for one in near if not one.inferred]
    gps = np.flatnonzero(made.is_gps)
    inside = gps[(made.true_time_us[gps] >= truth.entered_us) & (made.true_time_us[gps] <= truth.left_us)]
    blind = len(inside) == 0
    first = min(confirmed, key=lambda one: one.told_us, default=None)
    judged = JudgedTruth(
        method=method,
        meaning=meaning,
        lasted_s=(truth.left_us - truth.entered_us) / SECOND_US,
        depth_m=truth.depth_m,
        blind=blind,
        told=sum(one.entered_us <= truth.left_us and one.left_us >= truth.entered_us for one in confirmed),
        found=first is not None,
        inferred=bool(near) and not confirmed,
        within_two=False,
        within_two_gps=False,
        delay_s=np.nan,
        delay_received_s=np.nan,
    )
    if first is None:
        return judged
    return replace(
        judged,
        within_two=not blind and first.told_us <= _deadline_us(made.fix_time_us, int(inside[0])),
        within_two_gps=not blind
        and first.told_us <= _deadline_us(made.fix_time_us[gps], int(np.searchsorted(gps, inside[0]))),
        delay_s=max(0.0, (first.told_us - truth.entered_us) / SECOND_US),
        delay_received_s=max(0.0, (first.received_us - truth.entered_us) / SECOND_US),
    )


def _deadline_us(fix_time_us: Integers, first: int) -> int:
    """The fix time of the last position that counts as one of the two further ones."""
    return int(fix_time_us[min(first + FURTHER, len(fix_time_us) - 1)])
