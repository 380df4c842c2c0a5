"""Real receivers: still ones, buses, collars with labelled outliers. What is known not to be so is not told."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence.columns import Booleans, PositionRows
from geofence.confidence import DEFAULT_ACCURACY_M
from geofence.detection import detect
from geofence.projection import Projection
from geofence.sightings import DetectionLimits
from geofence.track import Track, track_of
from geofence.zone_index import ZoneIndex
from ingest.fix_key import fix_keys
from ingest.tracks import TrackOptions, read_track
from ingest.tracks.track import TrackFix
from model.enums import Aspect, Mechanism, ZoneKind
from model.policies import PRESETS
from model.times import to_microseconds
from model.visits import Visit
from model.zones import Circle, ZoneVersion
from tests.support.pings import START_US, fixes
from tests.support.sirf import sirf_fixes

LIMITS = DetectionLimits(implied_speed_limit_mps=90.0, poor_accuracy_m=150.0)
BEARINGS = np.linspace(0, 2 * np.pi, 36, endpoint=False)
BUSES = ("4720", "4733", "4842", "4836")
NOT_STATED_M = DEFAULT_ACCURACY_M[Mechanism.GPS]
CONFIDENT = ("fast", "steady")


def track_from(read: Sequence[TrackFix]) -> tuple[Track, Projection]:
    """GPS without a stated accuracy, on a plane about the first of them."""
    times = [to_microseconds(one.fix_time) for one in read]
    lat, lon = ([float(one.fields[name]) for one in read] for name in ("lat", "lon"))
    made = fixes(times, lat, lon)
    made.accuracy_m[:] = np.nan
    none = np.zeros(len(made), np.int64)
    projection = Projection(lat[0], lon[0])
    return track_of(PositionRows(made, none + 1, fix_keys(made), none, none), 1, 1, projection), projection


def circle(number: int, preset: str, projection: Projection, place: tuple[float, float, float]) -> ZoneVersion:
    """A zone about x, y in metres on the plane, with a radius; without a buffer."""
    x, y, radius_m = place
    lon, lat = projection.inverse(np.array([x]), np.array([y]))
    shape = Circle(float(lon[0]), float(lat[0]), radius_m)
    policy = replace(PRESETS[preset], buffer_m=0.0)
    kind = ZoneKind.EXCLUSION
    return ZoneVersion(number, 1, f"Z{number}", f"Zone {number}", kind, 1, shape, 0, None, None, None, None, policy)


def visits(track: Track, projection: Projection, zones: Iterable[ZoneVersion]) -> list[Visit]:
    index = ZoneIndex(projection)
    index.apply(zones)
    return [change.after for change in detect(track, index, {}, LIMITS).changes if change.after.aspect is Aspect.ZONE]


def told(found: Iterable[Visit]) -> list[Visit]:
    return [one for one in found if one.confirmed_us is not None or one.inferred]


@pytest.mark.parametrize("preset", CONFIDENT)
def test_a_real_receiver_that_does_not_move_raises_nothing(shared_data: Path, preset: str) -> None:
    """At zones all round whose edge is as far away as its accuracy; it states none, so the default holds."""
    track, projection = track_from(sirf_fixes(shared_data / "tracks" / "bu303-stillfix.log"))
    assert len(track) == 11
    x, y = track.points.x.mean(), track.points.y.mean()
    away_m = 200.0 + NOT_STATED_M
    zones = [
        circle(number, preset, projection, (x + away_m * np.cos(angle), y + away_m * np.sin(angle), 200.0))
        for number, angle in enumerate(BEARINGS, 1)
    ]
    assert visits(track, projection, zones) == []


@given(
    accuracy_m=st.floats(3, 120),
    scattered=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 2 * np.pi)), min_size=1, max_size=20),
    preset=st.sampled_from(CONFIDENT),
)
def test_no_receiver_that_does_not_move_raises_anything_while_its_accuracy_is_true(
    accuracy_m: float, scattered: list[tuple[float, float]], preset: str
) -> None:
    """Wherever in the stated circle it finds itself; the zone's edge is as far away as the circle is wide."""
    share, angle = np.array(scattered).T
    projection = Projection(51.5, -0.1)
    lon, lat = projection.inverse(share * accuracy_m * np.cos(angle), share * accuracy_m * np.sin(angle))
    made = fixes([START_US + number * 60_000_000 for number in range(len(share))], lat.tolist(), lon.tolist())
    made.accuracy_m[:] = accuracy_m
    none = np.zeros(len(made), np.int64)
    track = track_of(PositionRows(made, none + 1, fix_keys(made), none, none), 1, 1, projection)
    assert visits(track, projection, [circle(1, preset, projection, (accuracy_m + 200, 0.0, 200.0))]) == []


def collars(shared_data: Path) -> list[tuple[Track, Projection, Booleans]]:
    """Each collar's track, and which of its positions are labelled as outliers."""
    file = shared_data / "tracks" / "collars_uk.csv"
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    labels = [{name for name in row if name.endswith("_marked_outlier") and row[name] == "TRUE"} for row in rows]
    outliers = {
        (row["tag_id"], to_microseconds(datetime.fromisoformat(f"{row['timestamp']}+00:00")), row["location_lat"])
        for row, label in zip(rows, labels, strict=True)
        if label
    }
    found = []
    for tag in sorted({tag for tag, _, _ in outliers}):
        read = read_track(file, TrackOptions(where={"tag_id": tag}, zone="UTC")).fixes
        track, projection = track_from(read)
        places = {(time_us, float(lat)) for one, time_us, lat in outliers if one == tag}
        keys = zip(track.rows.fixes.fix_time_us.tolist(), track.rows.fixes.lat.tolist(), strict=True)
        found.append((track, projection, np.array([key in places for key in keys])))
    return found


@pytest.mark.parametrize("preset", CONFIDENT)
def test_a_labelled_outlier_of_a_real_collar_confirms_nothing_by_itself(shared_data: Path, preset: str) -> None:
    """A zone about each that is 120 m or more from all that is not labelled; that stays 30 m outside."""
    judged = confirmed = 0
    for track, projection, outlier in collars(shared_data):
        x, y = track.points.x, track.points.y
        zones: list[ZoneVersion] = []
        for at in np.flatnonzero(outlier).tolist():
            nearest_m = float(np.hypot(x[~outlier] - x[at], y[~outlier] - y[at]).min())
            if nearest_m >= 120:
                zones.append(circle(at + 1, preset, projection, (x[at], y[at], min(300.0, nearest_m - 30))))
        raised = told(visits(track, projection, zones))
        assert not [one for one in raised if one.inferred or one.positions_inside < 2]
        judged, confirmed = judged + len(zones), confirmed + len({one.zone_id for one in raised})
    assert judged == 79
    assert confirmed <= 23  # by runs of outliers that agree with each other: nothing in the pings tells them apart


def bus_tracks(shared_data: Path) -> list[tuple[Track, Projection]]:
    file = shared_data / "tracks" / "bus_liverpool_route14.csv"
    read = [read_track(file, TrackOptions(where={"vehicle_id": bus}, zone="UTC")).fixes for bus in BUSES]
    return [track_from(one) for one in read]


@pytest.mark.parametrize("preset", CONFIDENT)
def test_a_bus_that_passes_zones_beside_its_road_confirms_no_visit(shared_data: Path, preset: str) -> None:
    """Zones of 100 m whose edge is, at the nearest, as far from every position as the accuracy that holds for it."""
    for track, projection in bus_tracks(shared_data):
        x, y = track.points.x, track.points.y
        zones: list[ZoneVersion] = []
        for at in range(0, len(track), 3):
            for angle in BEARINGS[::4]:
                east, north = x[at] + 130.5 * np.cos(angle), y[at] + 130.5 * np.sin(angle)
                if np.hypot(x - east, y - north).min() >= 100 + NOT_STATED_M:
                    zones.append(circle(len(zones) + 1, preset, projection, (east, north, 100.0)))
        assert len(zones) > 50
        assert not [one for one in visits(track, projection, zones) if one.confirmed_us is not None]


@pytest.mark.parametrize("preset", CONFIDENT)
def test_a_bus_that_goes_through_a_zone_is_found(shared_data: Path, preset: str) -> None:
    """Zones of 250 m on its road, in each of which it was seen 50 m deep twice or more within a minute or so."""
    for track, projection in bus_tracks(shared_data):
        x, y = track.points.x, track.points.y
        moving = np.hypot(np.diff(x, append=np.nan), np.diff(y, append=np.nan))
        soon = np.diff(track.rows.fixes.fix_time_us, append=np.iinfo(np.int64).max // 2) <= 60_000_000
        on_the_way = np.flatnonzero((moving > 20) & (moving < 200) & soon)[::5]
        zones = [circle(int(at) + 1, preset, projection, (x[at], y[at], 250.0)) for at in on_the_way]
        found = {one.zone_id for one in visits(track, projection, zones) if one.confirmed_us is not None}
        assert len(zones) > 5
        assert found == {zone.zone_id for zone in zones}
