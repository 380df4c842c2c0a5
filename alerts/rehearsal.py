"""A draft zone run over a wearer's past: which alerts it would have raised, and what to look at first (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alerts.decide import alert_of, alerts
from geofence.condition_warnings import hours_and_dates, other_conditions
from geofence.detection import detect
from geofence.passages import MapWay, fast_passages, ways_through
from geofence.projection import Projection
from geofence.rehearsal_warnings import (
    RehearsalWarning,
    days_with_positions,
    habits_against,
    narrower_than_accuracy,
    too_few_positions,
    usual_accuracies_m,
)
from geofence.sightings import DetectionLimits
from geofence.track import Track
from geofence.zone_index import ZoneIndex
from model.authorisations import Authorisation
from model.enums import AlertKind, Severity, Urgency
from model.times import DAY_US
from model.visits import Visit
from model.zones import ZoneVersion

NEW_ZONE_ID = 0
"""Of a draft that is no edit of a zone; the database counts from 1."""

WEEK_US = 7 * DAY_US


@dataclass(frozen=True, slots=True)
class RehearsalInput:
    """What a draft is run over. ``others`` are versions of the wearer's other zones, old ones among them.

    The draft's own dates decide nothing in the past: it is run as if it had been in force over all of the tracks, at
    the hours of its schedule. ``authorisations`` count where they name the draft's zone: it is then an edit of one.
    """

    draft: ZoneVersion
    tracks: Sequence[Track]  # of one person; one a device activation
    is_simulated: bool  # the tracks are no wearer's: they tell nothing of habits, ways or accuracy
    others: Sequence[ZoneVersion]
    authorisations: Sequence[Authorisation]
    map_ways: Sequence[MapWay] | None  # None: the deployment has no map of them
    from_us: int
    until_us: int
    now_us: int


@dataclass(frozen=True, slots=True)
class PredictedAlert:
    visit: Visit  # ``visit.evidence`` says where and why
    kind: AlertKind
    severity: Severity


@dataclass(frozen=True, slots=True)
class Week:
    """Alerts that began within ``[from_us, until_us)``; the last may be shorter than a week."""

    from_us: int
    until_us: int
    alerts: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    alerts: tuple[PredictedAlert, ...]  # in the order of their beginning
    weeks: tuple[Week, ...]
    by_kind: dict[AlertKind, int]
    recorded: int  # confirmed visits that alert nobody: of a crime scene
    unconfirmed: int  # possible stays that were never confirmed: nobody would have been told
    positions: int
    days: int  # different ones with positions
    is_map_known: bool
    warnings: tuple[RehearsalWarning, ...]


def rehearse(given: RehearsalInput, projection: Projection, limits: DetectionLimits) -> Rehearsal:
    """Run the draft with the engine that judges live positions. Raises OffThePlaneError as ``ZoneIndex.apply``."""
    zones = ZoneIndex(projection)
    zones.apply([as_in_force(given.draft)])
    zones.apply_authorisations(given.authorisations)
    visits = [change.after for track in given.tracks for change in detect(track, zones, {}, limits).changes]
    told = sorted(filter(alerts, visits), key=lambda visit: visit.entered_us)
    predicted = tuple(_predicted(visit) for visit in told)
    confirmed = sum(visit.confirmed_us is not None or visit.inferred for visit in visits)
    return Rehearsal(
        alerts=predicted,
        weeks=_weeks(predicted, given.from_us, given.until_us),
        by_kind={kind: count for kind in AlertKind if (count := sum(one.kind is kind for one in predicted))},
        recorded=confirmed - len(told),
        unconfirmed=len(visits) - confirmed,
        positions=sum(map(len, given.tracks)),
        days=days_with_positions(given.tracks),
        is_map_known=given.map_ways is not None,
        warnings=tuple(_warnings(given, zones, projection, limits)),
    )


def as_in_force(draft: ZoneVersion) -> ZoneVersion:
    """The draft as if it had always held; its schedule stays."""
    return replace(draft, valid_from_us=0, valid_to_us=None, active_from_us=None, active_to_us=None)


def _predicted(visit: Visit) -> PredictedAlert:
    alert = alert_of(visit, Urgency.IMMEDIATE)  # of the alert, kind and severity are wanted; nobody is told
    return PredictedAlert(visit, alert.kind, alert.severity)


def _weeks(predicted: Sequence[PredictedAlert], from_us: int, until_us: int) -> tuple[Week, ...]:
    bounds = [(since, min(since + WEEK_US, until_us)) for since in range(from_us, until_us, WEEK_US)]
    return tuple(
        Week(since, until, sum(since <= one.visit.entered_us < until for one in predicted)) for since, until in bounds
    )


def _warnings(
    given: RehearsalInput, zones: ZoneIndex, projection: Projection, limits: DetectionLimits
) -> list[RehearsalWarning]:
    own_tracks = () if given.is_simulated else given.tracks
    accuracy_m = usual_accuracies_m(own_tracks)
    return [
        *([] if given.is_simulated else too_few_positions(own_tracks)),
        *habits_against(given.draft, own_tracks, projection, accuracy_m),
        *ways_through(given.draft, given.map_ways or (), projection),
        *fast_passages(given.draft, own_tracks, zones, limits.implied_speed_limit_mps),
        *narrower_than_accuracy(given.draft, projection, accuracy_m),
        *hours_and_dates(given.draft, given.now_us),
        *other_conditions(given.draft, given.others, projection, given.now_us),
    ]
