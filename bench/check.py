"""The check alone: positions against zones, on one core; no broker, no database but the peer's.

Each of 20,000 people sends a position a minute; a batch is 10,000 of them. Half of the people go about within 1.5 km of
a zone of their own, the others anywhere in Greater London; a minute's way is that of a walker or, for three in ten, a
driver. 95 % of the positions are GPS (10 m in the median), 3 % WIFI (60 m), 2 % cell tower (600 m). Without more, some
6 % lie inside an own zone; where two thirds of those who go near one turn back at its edge, some 2 % do. The share is
counted and printed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from uuid import UUID

import numpy as np

from bench.plain_check import PlainCheck
from bench.postgis import PostGis, running_postgis
from bench.result import Result
from bench.wearers import BATCH, MINUTE_US, Habits, Wearers
from bench.zones import PROJECTION, anywhere, centres, make_curfews, make_versions
from geofence.columns import Fixes, PositionRows
from geofence.detection import Detection, detect
from geofence.naive import NaiveIndex, matches_of
from geofence.track import Track, track_of
from geofence.zone_index import ZoneIndex
from ingest.run import collect_garbage_seldom
from model.enums import Aspect
from model.visits import Visit
from model.zones import ZoneVersion
from tests.support.engine_walks import LIMITS, REFERENCE_LIMITS, seen_of, told, told_by_reference
from tests.support.reference_engine import reference_visits

SEED = 20261122
PEOPLE = 20_000
MINUTES = 10
WARM_UP = 4  # batches that do not count: they meet geometries that are not indexed yet, and everybody is clear
PEER_MINUTES = (2, 3)
NAIVE_PINGS = 2_000  # of a batch: it is slow
JUDGED_AGAIN = 40  # people
NOON_US = 20_454 * 24 * 60 * MINUTE_US + 12 * 60 * MINUTE_US  # of a winter's day: UTC is London's time
EVENING_US = NOON_US + 10 * 60 * MINUTE_US


@dataclass(frozen=True)
class Workload:
    zones: str
    zones_each: int
    habits: Habits
    shared: int = 0
    buffer_m: float = 0
    curfews: bool = False


GOING_IN = Habits(keeps_out=0, at_home=0, start_us=NOON_US)
KEEPING_OUT = Habits(keeps_out=0.68, at_home=0, start_us=NOON_US)
AT_HOME = Habits(keeps_out=0, at_home=0.97, start_us=EVENING_US)
WORKLOADS = (
    Workload("20,000 zones", 1, GOING_IN),
    Workload("20,000 zones", 1, KEEPING_OUT),
    Workload("20,000 zones, half of them with a buffer", 1, GOING_IN, buffer_m=100),
    Workload("200,000 zones", 10, GOING_IN),
    Workload("200,000 zones", 10, KEEPING_OUT),
    Workload("200,000 zones and 500 shared", 10, KEEPING_OUT, shared=500),
    Workload("20,000 zones and as many curfews by day", 1, KEEPING_OUT, curfews=True),
    Workload("20,000 zones and as many curfews by night", 1, AT_HOME, curfews=True),
)


def run() -> Iterator[Result]:
    """Pings a second of the deepened check, of the plain one and of the match within both, beside the peers."""
    collect_garbage_seldom()  # as a worker does
    with running_postgis() as postgis:
        for workload in WORKLOADS:
            yield from _measured(workload, postgis)


class Deepened:
    """Detection with the open visits, as a worker holds them."""

    def __init__(self, index: ZoneIndex) -> None:
        self._index = index
        self.visits: dict[UUID, Visit] = {}
        self._open: dict[int, dict[tuple[int, Aspect], Visit]] = {}

    def take(self, track: Track) -> Detection:
        found = detect(track, self._index, self._open, LIMITS)
        for (activation_id, zone_id, aspect), visit in found.presence.items():
            if visit is not None:
                self._open.setdefault(activation_id, {})[zone_id, aspect] = visit
            elif activation_id in self._open:
                self._open[activation_id].pop((zone_id, aspect), None)
        return found


@dataclass
class World:
    versions: list[ZoneVersion]
    index: ZoneIndex
    wearers: Wearers
    plain: PlainCheck


def _world(workload: Workload) -> World:
    rng = np.random.default_rng(SEED)
    homes = anywhere(rng, PEOPLE)
    versions = make_versions(rng, PEOPLE, workload.zones_each, workload.shared, workload.buffer_m)
    curfews = make_curfews(homes, len(versions)) if workload.curfews else []
    index = ZoneIndex(PROJECTION)
    index.apply([*versions, *curfews])
    row = np.arange(PEOPLE) * workload.zones_each + rng.integers(0, workload.zones_each, PEOPLE)
    wearers = Wearers(rng, workload.habits, index, centres(versions, row), homes, row)
    plain = PlainCheck(index, np.arange(PEOPLE) + len(versions) if curfews else None)
    return World([*versions, *curfews], index, wearers, plain)


@dataclass
class Rates:
    """Pings a second of each batch, by way."""

    match: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    deepened: list[float] = field(default_factory=list)
    naive: list[float] = field(default_factory=list)
    postgis: list[float] = field(default_factory=list)


def _measured(workload: Workload, postgis: PostGis | None) -> list[Result]:
    world = _world(workload)
    naive = NaiveIndex(world.versions, PROJECTION)
    if postgis is not None:
        postgis.hold(world.versions)
    deepened, rates, tracks, inside = Deepened(world.index), Rates(), [], []
    for minute in range(MINUTES):
        for track in world.wearers.batches():
            tracks.append(track)
            inside.append(_take(world, deepened, track, rates))
            if minute in PEER_MINUTES:
                _ask_peers(world.index, naive, postgis, track, rates)
    _judge_again(world.versions, tracks, deepened)
    share = sum(inside) / (len(inside) * BATCH)
    return _results(f"check, {PEOPLE:,} people, {workload.zones}, {share:.1%} of pings in one", rates)


def _take(world: World, deepened: Deepened, track: Track, rates: Rates) -> int:
    """Give a batch to the three ways; how many pings the plain dot saw inside."""
    begun = perf_counter()
    world.index.match(track.person, track.points, track.rows.fixes.fix_time_us)
    matched = perf_counter()
    inside = world.plain.take(track)
    dotted = perf_counter()
    found = deepened.take(track)
    rates.deepened.append(BATCH / (perf_counter() - dotted))
    rates.plain.append(BATCH / (dotted - matched))
    rates.match.append(BATCH / (matched - begun))
    deepened.visits |= {change.after.visit_id: change.after for change in found.changes}
    return inside


def _ask_peers(index: ZoneIndex, naive: NaiveIndex, postgis: PostGis | None, track: Track, rates: Rates) -> None:
    few = track.take(np.arange(NAIVE_PINGS))
    columns = (few.person, few.points, few.rows.fixes.fix_time_us)
    begun = perf_counter()
    answers = naive.match(*columns)
    rates.naive.append(NAIVE_PINGS / (perf_counter() - begun))
    if answers != matches_of(index, index.match(*columns)):
        raise AssertionError("the naive way and the index disagree: the figures would be worthless")
    if postgis is None:
        return
    begun = perf_counter()
    found = postgis.match(track.person, track.points)
    rates.postgis.append(BATCH / (perf_counter() - begun))
    hits = index.match(track.person, track.points, track.rows.fixes.fix_time_us)
    matches = {(position, zone_id) for position, zone_id, _ in matches_of(index, hits)}
    # PostGIS knows a circle as a polygon of many corners, so it may say otherwise at a circle's edge
    if len(found ^ matches) > len(matches) / 100:
        raise AssertionError("PostGIS and the index disagree: the figures would be worthless")


def _judge_again(versions: list[ZoneVersion], tracks: list[Track], deepened: Deepened) -> None:
    """Hold the visits of some people against the rules written down plainly, one position and one zone at a time."""
    rows = _rows(tracks)
    for person in range(0, PEOPLE, PEOPLE // JUDGED_AGAIN):
        track = track_of(rows.take(rows.device_id == person), person, person, PROJECTION)
        theirs = [one for one in versions if one.person_id in {person, None}]
        stays = reference_visits(seen_of(track), person, theirs, [], PROJECTION, REFERENCE_LIMITS)
        visits = [one for one in deepened.visits.values() if one.person_id == person]
        if set(map(told, visits)) != set(map(told_by_reference, stays)):
            raise AssertionError(f"person {person} has other visits by the plain rules: the figures would be worthless")


def _rows(tracks: list[Track]) -> PositionRows:
    columns = [(one.rows.device_id, one.rows.fix_key, one.rows.flags, one.rows.partition) for one in tracks]
    fixes = Fixes.concatenate([one.rows.fixes for one in tracks])
    return PositionRows(fixes, *(np.concatenate(parts) for parts in zip(*columns, strict=True)))


def _results(name: str, rates: Rates) -> list[Result]:
    match, plain, deepened = (one[WARM_UP:] for one in (rates.match, rates.plain, rates.deepened))
    return [
        _result(name, deepened, "the plain dot", plain),
        _result("  the plain dot", plain, "R-tree per ping, prepared shapely", rates.naive),
        _result("  the match alone", match, "PostGIS", rates.postgis),
    ]


def _result(name: str, figures: list[float], peer: str, peers: list[float]) -> Result:
    return Result(
        name=name,
        value=median(figures),
        unit="pings/s",
        spread=(min(figures), max(figures)),
        peer=peer if peers else None,
        peer_value=median(peers) if peers else None,
    )
