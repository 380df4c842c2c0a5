"""A rehearsal predicts what the live pipeline would have decided, position by position."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.decide import alerts
from alerts.rehearsal import PredictedAlert, RehearsalInput, rehearse
from geofence.columns import Fixes
from geofence.track import Track, track_of
from geofence.zone_index import ZoneIndex
from ingest.devices import DeviceTable
from ingest.fix_key import fix_keys
from ingest.pipeline import Batch, Context, process_batch
from model.authorisations import Authorisation
from model.devices import FOREVER_US, Activation, DeviceRecord
from model.enums import AlertKind, Aspect, Mechanism, Severity, ZoneKind
from model.policies import CURFEW, RECORD, STEADY
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.times import DAY_US, SECOND_US
from model.visits import Verdict, Visit
from model.zones import ZoneVersion
from tests.support import pings
from tests.support.memory_world import NO_SCENES
from tests.support.policies import BUFFERED
from tests.support.rehearsals import (
    HOUR_US,
    LIMITS,
    MINUTE_US,
    MONDAY_US,
    NOW_US,
    PROJECTION,
    circle,
    place,
    rectangle,
    rehearsed,
    rows_at,
    track,
    zone,
)

HOURS = Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), DailyWindow(time(0), time(2))),))
DRAFTS = [
    zone(circle((0, 0), 120), policy=BUFFERED, zone_id=7),
    zone(rectangle(-150, -100, 150, 100), policy=STEADY, zone_id=7),
    zone(circle((0, 0), 120), ZoneKind.CURFEW, policy=CURFEW, zone_id=7),
    zone(circle((0, 0), 120), policy=BUFFERED, zone_id=7, schedule=HOURS),
    zone(circle((0, 0), 120), ZoneKind.CRIME_SCENE, policy=RECORD, zone_id=7),
]


def walk(seed: int) -> Fixes:
    """Back and forth about the zone, with errors, poor fixes, pauses and cell-tower fixes."""
    rng = np.random.default_rng(seed)
    count = 150
    times = MONDAY_US + np.cumsum(rng.choice([5, 30, 60, 120, 900], count)) * SECOND_US
    metres = np.cumsum(rng.normal(0, 70, (count, 2)), axis=0)
    lon, lat = PROJECTION.inverse(*metres.T)
    accuracy_m = rng.choice([5.0, 12.0, 40.0, 200.0, np.nan], count)
    fixes = pings.fixes(times.tolist(), lat.tolist(), lon.tolist())
    mechanism = rng.choice([Mechanism.GPS, Mechanism.LBS, Mechanism.RF], count, p=[0.9, 0.05, 0.05]).astype(np.int64)
    return replace(fixes, accuracy_m=accuracy_m, mechanism=mechanism)


def judged_live(fixes: Fixes, version: ZoneVersion, batch: int) -> dict[str, Visit]:
    """The visits as a worker leaves them that takes the fixes in batches."""
    devices, zones = DeviceTable(), ZoneIndex(PROJECTION)
    devices.add(0, [DeviceRecord("TAG", 4, (Activation(3, 1, 0, FOREVER_US),), ())], PROJECTION)
    zones.apply([version])
    zones.mark_loaded([1])
    presence: dict[int, dict[tuple[int, Aspect], Visit]] = {3: {}}
    visits: dict[str, Visit] = {}
    for start in range(0, len(fixes), batch):
        part = fixes.take(np.arange(start, min(start + batch, len(fixes))))
        nothing = np.zeros(len(part), np.int64)
        context = Context(devices, zones, PROJECTION, presence, pings.LIMITS, NO_SCENES)
        outcome = process_batch(Batch(part, nothing, nothing), context)
        last = outcome.last_fixes
        devices.remember(last.slot, last.fix_key, last.last, last.last_but_one)
        visits |= {str(change.after.visit_id): change.after for change in outcome.visit_changes}
        _apply(presence[3], outcome.presence)
    return visits


def _apply(open_visits: dict[tuple[int, Aspect], Visit], after: Mapping[tuple[int, int, Aspect], Visit | None]) -> None:
    for (_, zone_id, aspect), visit in after.items():
        if visit is None:
            open_visits.pop((zone_id, aspect), None)
        else:
            open_visits[zone_id, aspect] = visit


@pytest.mark.parametrize("version", DRAFTS, ids=lambda version: f"{version.kind}")
@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), batch=st.integers(15, 60))
def test_a_published_zone_rehearsed_over_a_stored_track_gives_the_visits_that_were_recorded(
    version: ZoneVersion, seed: int, batch: int
) -> None:
    fixes = walk(seed)
    live = judged_live(fixes, version, batch)
    told = {key: visit for key, visit in live.items() if alerts(visit)}
    stored = replace(rows_at(fixes.fix_time_us.tolist(), [(0, 0)] * len(fixes)), fixes=fixes, fix_key=fix_keys(fixes))
    shuffled = np.random.default_rng(seed).permutation(len(fixes))
    done = rehearsed(version, [track_of(stored.take(shuffled), 3, 1, PROJECTION)])
    predicted = {str(one.visit.visit_id): one.visit for one in done.alerts}
    assert predicted.keys() == told.keys()
    for key, visit in predicted.items():
        assert _decided(visit) == _decided(told[key])
    recorded = [visit for visit in live.values() if visit.confirmed_us is not None and not alerts(visit)]
    assert done.recorded == len(recorded)
    assert done.unconfirmed == len(live) - len(told) - len(recorded)


def _decided(visit: Visit) -> tuple[object, ...]:
    deepest = visit.evidence.deepest
    times = visit.entered_us, visit.confirmed_us, visit.last_inside_us, visit.left_us
    return visit.zone_kind, visit.aspect, visit.inferred, *times, deepest.lon, deepest.lat


def test_the_walks_are_worth_the_comparison() -> None:
    """They lead to alerts and to stays that come to nothing."""
    live = [visit for seed in range(20) for visit in judged_live(walk(seed), DRAFTS[0], 50).values()]
    assert sum(map(alerts, live)) >= 20
    assert sum(visit.aspect is Aspect.BUFFER and alerts(visit) for visit in live) >= 5
    assert sum(not alerts(visit) for visit in live) >= 5


def stay(day: int, minutes: int = 20, away_m: float = 0.0) -> list[tuple[int, tuple[float, float]]]:
    """An hour outside, so many minutes inside, an hour outside."""
    start_us = MONDAY_US + day * DAY_US + 10 * HOUR_US
    return [
        (start_us + minute * MINUTE_US, (away_m, 0.0) if 60 <= minute < 60 + minutes else (3000.0, 0.0))
        for minute in range(120 + minutes)
    ]


def walked(*stays: list[tuple[int, tuple[float, float]]]) -> Track:
    positions = [at for one in stays for at in one]
    return track([time_us for time_us, _ in positions], [metres for _, metres in positions])


def rehearsed_stays(draft: ZoneVersion, *stays: list[tuple[int, tuple[float, float]]]) -> tuple[PredictedAlert, ...]:
    return rehearsed(draft, [walked(*stays)]).alerts


def test_where_and_why_an_alert_is_predicted() -> None:
    draft = zone(circle((0, 0), 150))
    (alert,) = rehearsed_stays(draft, stay(2, away_m=60.0))
    assert (alert.kind, alert.severity) == (AlertKind.EXCLUSION_ZONE_BREACH, Severity.BREACH)
    entered_us = MONDAY_US + 2 * DAY_US + 11 * HOUR_US
    assert (alert.visit.entered_us, alert.visit.left_us) == (entered_us, entered_us + 20 * MINUTE_US)
    deepest = alert.visit.evidence.deepest
    assert (deepest.lon, deepest.lat) == pytest.approx(place((60.0, 0.0)))
    assert [one.verdict for one in alert.visit.evidence.trail] == [Verdict.FOR, Verdict.FOR]


def test_alerts_are_counted_by_the_week_and_by_kind() -> None:
    draft = zone(circle((0, 0), 150))
    done = rehearsed(draft, [walked(stay(1), stay(3), stay(15))])
    assert [week.alerts for week in done.weeks] == [2, 0, 1, 0]
    assert done.by_kind == {AlertKind.EXCLUSION_ZONE_BREACH: 3}
    assert (done.weeks[0].from_us, done.weeks[-1].until_us) == (MONDAY_US, NOW_US)


def test_the_dates_of_the_draft_are_set_aside_and_its_hours_are_not() -> None:
    later = zone(circle((0, 0), 150), active_from_us=NOW_US, valid_from_us=NOW_US)
    assert len(rehearsed_stays(later, stay(2))) == 1
    assert len(rehearsed_stays(replace(later, schedule=HOURS), stay(2))) == 0


def test_a_possible_stay_is_counted_apart() -> None:
    done = rehearsed(zone(circle((0, 0), 150)), [walked(stay(2, minutes=1))])
    assert (done.alerts, done.unconfirmed) == ((), 1)


def test_an_authorisation_of_the_edited_zone_makes_it_information() -> None:
    edited = zone(circle((0, 0), 150), zone_id=9)
    for zone_id, kind in ((9, AlertKind.AUTHORISED_ENTRY), (8, AlertKind.EXCLUSION_ZONE_BREACH)):
        allowed = Authorisation(1, 1, zone_id, MONDAY_US, NOW_US)
        task = RehearsalInput(
            draft=edited,
            tracks=[walked(stay(2))],
            is_simulated=False,
            others=(),
            authorisations=(allowed,),
            map_ways=None,
            from_us=MONDAY_US,
            until_us=NOW_US,
            now_us=NOW_US,
        )
        done = rehearse(task, PROJECTION, LIMITS)
        assert [one.kind for one in done.alerts] == [kind]


def test_two_activations_are_two_tracks() -> None:
    first, second = walked(stay(1)), walked(stay(3))
    other = replace(second, activation=second.activation + 1)
    assert len(rehearsed(zone(circle((0, 0), 150)), [first, other]).alerts) == 2


def test_without_positions_there_is_nothing_but_warnings() -> None:
    done = rehearsed(zone(circle((0, 0), 150)))
    assert (done.alerts, done.positions, len(done.weeks)) == ((), 0, 4)
