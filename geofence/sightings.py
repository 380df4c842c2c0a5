"""Positions held against zones: how deep, how sure, and so what each says about a stay. All in columns."""

from dataclasses import dataclass

import numpy as np

from geofence.arrays import spans
from geofence.columns import Booleans, Floats, Integers
from geofence.confidence import effective_accuracy_m, p_inside
from geofence.crossings import Crossings, crossings, touches_on_the_way
from geofence.track import Track, at_ordinary_pace, implausible
from geofence.zone_index import AUTHORISED, NO_ROW, NOBODY, NOT_IN_FORCE, ZoneIndex
from geofence.zone_table import BUFFER, COLUMN, ZONE
from model.enums import Mechanism
from model.visits import Verdict

VERDICTS = tuple(Verdict)
CODES = {verdict: code for code, verdict in enumerate(VERDICTS)}
FAR_M = 2_000.0
"""Beyond this, and twice the accuracy, the distance to a zone's box stands for that to its boundary."""


@dataclass(frozen=True, slots=True)
class DetectionLimits:
    """Of the deployment, not of a zone."""

    implied_speed_limit_mps: float
    poor_accuracy_m: float  # a position less accurate than this cannot confirm


@dataclass(frozen=True, slots=True)
class Watched:
    """``k`` pairs of an activation and a zone's aspect that are of interest in a track."""

    activation: Integers
    zone_id: Integers
    aspect: Integers  # a place in zone_table.ASPECTS


@dataclass(frozen=True, slots=True)
class Sightings:
    """Positions held against zones, ordered by (pair of ``Watched``, position); arrays of the shape ``(m,)``.

    ``row`` is NO_ROW where the zone is not in force, and the measures are NaN then.
    """

    pair: Integers
    position: Integers
    row: Integers
    regime: Integers  # a place in zone_index.REGIMES
    depth_m: Floats
    p_inside: Floats
    verdict: Integers  # a place in VERDICTS
    crossing: Crossings


def touched(track: Track, zones: ZoneIndex) -> Watched:
    """The pairs for which some position of the track speaks, or the way between two does; repeated, in any order."""
    hits = zones.near(track.person, track.points, track.ways(), track.rows.fixes.fix_time_us)
    position, row, table = hits.position, hits.row, zones.table
    covered = zones.covers(row, track.points.take(position))
    absence = table.watches_absence(row)
    outside = np.flatnonzero(~covered & ~absence)
    on_the_way = touches_on_the_way(track, zones, position[outside], row[outside])
    zone_at = np.concatenate([np.flatnonzero(covered ^ absence), outside[on_the_way]])
    buffer_at = np.flatnonzero(table.has_buffer(row) & ~absence)
    buffer_at = buffer_at[covered[buffer_at] | _in_buffer(track, zones, position[buffer_at], row[buffer_at])]
    at = np.concatenate([zone_at, buffer_at])
    aspect = np.repeat([ZONE, BUFFER], [len(zone_at), len(buffer_at)])
    return Watched(track.activation[position[at]], table.zone_id(row[at]), aspect)


def _in_buffer(track: Track, zones: ZoneIndex, position: Integers, row: Integers) -> Booleans:
    """Whether each position is no farther from the row's shape than its buffer; shapes (k,)."""
    points, buffer_m = track.points.take(position), zones.table.measures(row, BUFFER)[:, COLUMN["widened_by_m"]]
    within = zones.table.away_from_box_m(row, points.lon, points.lat) <= buffer_m
    at = np.flatnonzero(within)
    within[at] = zones.depth_m(row[at], points.take(at)) >= -buffer_m[at]
    return within


def sightings(track: Track, zones: ZoneIndex, watched: Watched, limits: DetectionLimits) -> Sightings:
    """Every position of the activations of ``watched`` (each pair once) held against the zone of the pair."""
    starts, counts = _runs(track.activation, watched.activation)
    pair, position = spans(starts, counts)
    fixes = track.rows.fixes
    row = zones.rows_at(watched.zone_id[pair], fixes.fix_time_us[position])
    regime = np.full(len(row), NOT_IN_FORCE)
    valid = np.flatnonzero(row != NO_ROW)
    regime[valid] = zones.regimes(track.person[position[valid]], row[valid], fixes.fix_time_us[position[valid]])
    aspect = watched.aspect[pair]
    no_approach = (aspect == BUFFER) & ((regime == AUTHORISED) | ~zones.table.has_buffer(row))
    row[(regime == NOT_IN_FORCE) | no_approach] = NO_ROW
    held = np.flatnonzero(row != NO_ROW)
    depth_m, probability = np.full(len(row), np.nan), np.full(len(row), np.nan)
    verdict = np.full(len(row), CODES[Verdict.UNSURE])
    weighed = _weigh(track, zones, position[held], row[held], aspect[held], limits)
    depth_m[held], probability[held], verdict[held] = weighed.depth_m, weighed.p_inside, weighed.verdict
    may_cross = (aspect[held] == ZONE) & (regime[held] != AUTHORISED) & (weighed.depth_m < 0) & weighed.decisive
    may_cross &= ~zones.table.watches_absence(row[held]) & _begins_soundly(track, position[held], limits)
    crossing = crossings(track, zones, position, row, held[may_cross], depth_m)
    return Sightings(pair, position, row, regime, depth_m, probability, verdict, crossing)


@dataclass(frozen=True, slots=True)
class _Weighed:
    depth_m: Floats
    p_inside: Floats
    verdict: Integers
    decisive: Booleans


def _weigh(
    track: Track, zones: ZoneIndex, position: Integers, row: Integers, aspect: Integers, limits: DetectionLimits
) -> _Weighed:
    fixes, table = track.rows.fixes, zones.table
    mechanism = fixes.mechanism[position]
    accuracy_m = effective_accuracy_m(fixes.accuracy_m[position], mechanism)
    depth_m, probability = _measured(track, zones, position, row, accuracy_m)
    measures = table.measures(row, aspect)
    absence, widened_m = table.watches_absence(row), measures[:, COLUMN["widened_by_m"]]
    towards_m = np.where(absence, -depth_m, depth_m + widened_m)
    p_for = np.where(absence, 1 - probability, probability)
    wide = np.flatnonzero(widened_m > 0)
    p_for[wide] = p_inside(towards_m[wide], accuracy_m[wide])
    at_beacon = mechanism == Mechanism.RF
    p_for[at_beacon & table.is_curfew(row)] = 0.0  # a beacon stands at home, wherever its position is said to be
    plausible = ~implausible(track, position, limits.implied_speed_limit_mps)
    decisive = (mechanism == Mechanism.GPS) & plausible & (accuracy_m <= limits.poor_accuracy_m)
    speaks_for = (towards_m >= 0) & (p_for >= measures[:, COLUMN["for_probability"]]) & ~at_beacon
    speaks_against = p_for <= measures[:, COLUMN["against_probability"]]
    alone = (p_for >= measures[:, COLUMN["alone_probability"]]) & (towards_m >= measures[:, COLUMN["alone_depth_m"]])
    alone &= (fixes.accuracy_m[position] > 0) & at_ordinary_pace(track, position)
    far = towards_m <= -measures[:, COLUMN["leave_alone_m"]]
    verdict = np.select(
        [
            speaks_for & decisive & alone,
            speaks_for & decisive,
            speaks_for,
            speaks_against & (decisive | at_beacon) & far,
            speaks_against & (decisive | at_beacon),
            speaks_against,
        ],
        [
            CODES[one]
            for one in (
                Verdict.FOR_ALONE,
                Verdict.FOR,
                Verdict.HINT_FOR,
                Verdict.AGAINST_ALONE,
                Verdict.AGAINST,
                Verdict.HINT_AGAINST,
            )
        ],
        CODES[Verdict.UNSURE],
    )
    return _Weighed(depth_m, probability, verdict, decisive)


def _begins_soundly(track: Track, position: Integers, limits: DetectionLimits) -> Booleans:
    """Whether the way to each position begins at one that is accurate enough to decide."""
    before = track.before.take(position)
    return effective_accuracy_m(before.accuracy_m, before.mechanism) <= limits.poor_accuracy_m


def _measured(
    track: Track, zones: ZoneIndex, position: Integers, row: Integers, accuracy_m: Floats
) -> tuple[Floats, Floats]:
    """Signed depths and probabilities of being inside the shape."""
    points = track.points.take(position)
    away_m = zones.table.away_from_box_m(row, points.lon, points.lat)
    depth_m, probability = -away_m, np.zeros(len(row))
    near = np.flatnonzero(~(away_m > np.maximum(FAR_M, 2 * accuracy_m)))
    points = points.take(near)
    depth_m[near] = zones.depth_m(row[near], points)
    probability[near] = zones.probability_inside(
        row[near], points, depth_m[near], accuracy_m[near], track.rows.fixes.mechanism[position[near]]
    )
    return depth_m, probability


def _runs(activation: Integers, wanted: Integers) -> tuple[Integers, Integers]:
    """Where each wanted activation's positions begin, and how many they are; sorted by device, so it is one run."""
    edges = np.flatnonzero(np.diff(activation, prepend=NOBODY))
    lengths = np.diff(np.append(edges, len(activation)))
    order = np.argsort(activation[edges], kind="stable")
    place = np.searchsorted(activation[edges][order], wanted)
    return edges[order][place], lengths[order][place]
