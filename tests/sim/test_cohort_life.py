"""How wearers of the cohort live: at plausible speeds, by the London clock, and never with a zone over their home."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.geojson import read_zones, to_geojson
from model.times import SECOND_US, to_microseconds
from model.zones import Circle, MultiPolygon
from sim.cohort import CohortWearer, draw
from sim.cohort_zones import Meaning, draw_zones
from sim.diary import Diary
from sim.extents import Disc
from sim.places import Haunt, draw_places
from sim.realism import AS_IN_LIFE, Realism, Routine
from sim.routine import HOUR_S, MINUTE_S
from sim.straying import Straying, stray
from sim.surroundings import PLANE
from sim.true_path import Setting, spells_inside
from sim.week import WEEKDAYS, Calendar
from tests.sim.cohort_oracle import DAYS, START_US, depths_m, week_of, weeks

WALKING_MPS = 6.0  # at most, outdoors: a cyclist, and 20 % on top
FASTEST_MPS = 20.5
SPRING_FORWARD = to_microseconds(datetime(2026, 3, 28, 12, tzinfo=UTC))
FALL_BACK = to_microseconds(datetime(2026, 10, 24, 12, tzinfo=UTC))
seeds = st.integers(0, 2**32 - 1)


def test_nobody_is_faster_than_a_train_and_nobody_on_foot_than_a_cyclist() -> None:
    for wearer in weeks():
        speed = np.hypot(*wearer.path.velocities().T)
        assert speed.max() <= FASTEST_MPS
        assert speed[wearer.path.settings == Setting.OUTDOORS].max() <= WALKING_MPS
        at_rest = np.isin(wearer.path.settings, (Setting.HOME, Setting.INDOORS))
        assert speed[at_rest].max() < 0.5
        assert (np.diff(wearer.path.times_s) > 0).all()


def test_wearers_use_every_means_and_sleep_at_home() -> None:
    used = np.unique(np.concatenate([wearer.path.settings for wearer in weeks()]))
    assert used.tolist() == list(Setting)
    for wearer in weeks():
        nights_s = np.array([wearer.calendar.at(day, 3.5) for day in range(DAYS)])
        away_m = np.hypot(*(wearer.path.places(nights_s) - wearer.path.corners[0]).T)
        assert np.mean(away_m < 10) >= 0.7


def test_weekdays_differ_from_weekends() -> None:
    away = {True: 0.0, False: 0.0}
    hours = {True: 0, False: 0}
    for wearer in weeks():
        for day in range(DAYS):
            noon_s = np.array([wearer.calendar.at(day, hour) for hour in range(10, 15)])
            is_weekday = wearer.calendar.weekday(day) < WEEKDAYS
            from_home_m = np.hypot(*(wearer.path.places(noon_s) - wearer.path.corners[0]).T)
            away[is_weekday] += float((from_home_m > 100).sum())
            hours[is_weekday] += len(noon_s)
    assert away[True] / hours[True] > 2 * away[False] / hours[False]


@given(seed=seeds)
@settings(deadline=None, max_examples=40)
def test_home_work_and_every_way_lie_outside_the_exclusion_zones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = draw_places(rng)
    for zone in draw_zones(rng, 0, places, AS_IN_LIFE):
        if zone.is_exclusion:
            depth_m = zone.extent().depth_m(places.survey())
            assert depth_m.max() == pytest.approx(-zone.nearest_m, abs=0.1)
            assert zone.nearest_m > 29.0
        else:
            assert zone.extent().depth_m(places.at[Haunt.HOME][np.newaxis])[0] > 50


def test_no_exclusion_zone_holds_a_home_by_the_oracle() -> None:
    for wearer in weeks():
        for zone in wearer.exclusion_zones:
            assert depths_m(zone.geometry, np.array([wearer.home]))[0] < -25


def test_who_does_not_stray_never_enters_however_near_everyday_life_passes() -> None:
    for index in range(30):
        wearer = draw(7, index, DAYS, START_US, Realism(routine=Routine(straying_share=0.0)))
        assert not any(map(wearer.true_visits, wearer.exclusion_zones))
    assert sum(any(map(wearer.true_visits, wearer.exclusion_zones)) for wearer in weeks()) > 10


def test_zones_are_of_every_sort_and_many_are_hard() -> None:
    zones = [zone for wearer in weeks() for zone in wearer.zones]
    assert {zone.meaning for zone in zones} == set(Meaning)
    homes = [zone for zone in zones if zone.meaning is Meaning.VICTIM_HOME]
    assert {type(zone.geometry) for zone in homes} == {Circle, MultiPolygon}
    assert np.mean([zone.nearest_m <= 150 for zone in zones if zone.is_exclusion]) > 0.4
    assert len({zone.reference for zone in zones}) == len(zones)


def test_the_service_takes_every_zone() -> None:
    features = []
    for zone in (zone for wearer in weeks() for zone in wearer.zones):
        geometry = to_geojson(zone.geometry)
        radius = {"radius_m": geometry.pop("radius_m")} if "radius_m" in geometry else {}
        properties = {"reference": zone.reference, "name": zone.reference, "kind": "exclusion", **radius}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    assert read_zones({"type": "FeatureCollection", "features": features}).problems == ()


def test_every_straying_happens_and_the_truth_knows_of_those_that_enter() -> None:
    errands = [(wearer, errand) for wearer in weeks() for errand in wearer.errands]
    assert {errand.straying for _, errand in errands} == set(Straying)
    for wearer, errand in errands:
        (zone,) = (zone for zone in wearer.zones if zone.reference == errand.zone_reference)
        since_us, until_us = wearer.path.moment_us(errand.since_s), wearer.path.moment_us(errand.until_s)
        entered = any(stay.entered_us < until_us and stay.left_us > since_us for stay in wearer.true_visits(zone))
        assert entered or errand.straying in (Straying.LOITERING, Straying.WALK_ALONG)


def test_visits_range_from_clips_of_seconds_to_long_and_deep_ones() -> None:
    stays = [stay for wearer in weeks() for zone in wearer.exclusion_zones for stay in wearer.true_visits(zone)]
    length_s = np.array([(stay.left_us - stay.entered_us) / SECOND_US for stay in stays])
    deepest_m = np.array([stay.deepest_m for stay in stays])
    assert (length_s < 30).any()
    assert ((length_s > 600) & (deepest_m > 50)).any()
    assert ((length_s < 120) & (deepest_m > 80)).any()
    assert (deepest_m < 15).any()


@pytest.mark.parametrize("straying", Straying)
def test_each_straying_does_at_a_zone_what_its_name_says(straying: Straying) -> None:
    zone = Disc(np.array([1_500.0, 0.0]), 200.0)
    for seed in range(20):
        diary = Diary(np.random.default_rng([seed, 1]), np.zeros(2))
        stray(np.random.default_rng(seed), diary, straying, zone, AS_IN_LIFE.routine)
        path = diary.path(START_US, PLANE)
        longest_s = max((until - since for since, until in spells_inside(path, zone)), default=0.0)
        deepest_m = zone.depth_m(path.places(np.arange(0.0, path.end_s))).max()
        match straying:
            case Straying.DEEP_VISIT:
                assert longest_s >= 3 * MINUTE_S
                assert deepest_m > 50
            case Straying.SHALLOW_VISIT:
                assert longest_s >= 3 * MINUTE_S
            case Straying.WALK_THROUGH | Straying.DRIVE_THROUGH:
                assert deepest_m > 50
                assert longest_s < 400
            case Straying.CLIP:
                assert longest_s > 0
            case Straying.LOITERING | Straying.WALK_ALONG:
                assert deepest_m > -40.1


@pytest.mark.parametrize(("start_us", "hours"), [(SPRING_FORWARD, 47), (FALL_BACK, 49)])
def test_days_are_those_of_the_london_clock(start_us: int, hours: int) -> None:
    calendar = Calendar.holding(start_us, 2)
    assert calendar.end_s == hours * HOUR_S
    overnight = calendar.hours_of((19 * 60, 7 * 60))
    assert [until_s - since_s for since_s, until_s in overnight] == [7 * HOUR_S, (hours - 36) * HOUR_S, 5 * HOUR_S]
    assert draw(7, 0, 2, start_us).path.end_s == hours * HOUR_S


def test_a_curfew_by_day_does_not_run_over_midnight() -> None:
    calendar = Calendar.holding(START_US, 2)
    assert calendar.hours_of((9 * 60, 17 * 60)) == [(9 * HOUR_S, 17 * HOUR_S), (33 * HOUR_S, 41 * HOUR_S)]


def test_curfews_are_mostly_kept() -> None:
    held: list[CohortWearer] = [wearer for wearer in weeks() if wearer.curfew]
    broken = 0
    for wearer in held:
        assert wearer.curfew is not None
        broken += len(wearer.true_outings(wearer.curfew))
    assert 0 < broken < 0.2 * DAYS * len(held)


def test_only_a_curfew_has_outings() -> None:
    wearer = week_of(0)
    with pytest.raises(ValueError, match="ask true_visits"):
        wearer.true_outings(wearer.exclusion_zones[0])
