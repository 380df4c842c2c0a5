"""What a search goes by beyond the positions: straps, silence, swaps of tags, and parts read ahead."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from crimes.scenes import Scene
from model.crimes import MatchingSettings, Window
from model.device_events import DeviceEvent, DeviceEventKind
from model.times import SECOND_US, from_microseconds
from store.database import Cursor, connect
from store.device_events import EventRow, record_events
from store.match_reads import find_candidates, find_candidates_of, read_device_events
from tests.support.database import DatabaseUrls
from tests.support.pings import START_US
from tests.support.stored_tracks import Sent, TrackWriter
from tests.support.world import enrol

MINUTE_US = 60 * SECOND_US
SETTINGS = MatchingSettings()
HERE, FAR_AWAY = (51.5, -0.1), (51.6, 0.2)  # 24 km apart
TAGS = ["TAG-NEAR", "TAG-FAR", "TAG-SILENT"]


def at(minute: float) -> int:
    return START_US + round(minute * MINUTE_US)


def scene(first: float, last: float, number: int = 1) -> Scene:
    return Scene(number, *HERE, 0.0, (Window(at(first), at(last)),))


def sent(serial: str, place: tuple[float, float], minutes: range) -> list[Sent]:
    return [Sent(serial, at(minute), *place) for minute in minutes]


@pytest.fixture
def cursor(migrated_database: DatabaseUrls) -> Iterator[Cursor]:
    """Three wearers: one at the scene, one far away, one far away who is not heard of after minute 100."""
    enrol(migrated_database.owner, TAGS)
    with closing(connect(migrated_database.worker, "test")) as connection:
        writer = TrackWriter(connection)
        writer.take(sent("TAG-NEAR", HERE, range(240)) + sent("TAG-FAR", FAR_AWAY, range(240)))
        writer.take(sent("TAG-SILENT", FAR_AWAY, range(100)))
        with connection, connection.cursor() as opened:
            yield opened


def candidates(cursor: Cursor, *scenes: Scene, settings: MatchingSettings = SETTINGS) -> list[set[str]]:
    """The serials of each scene's candidates; everybody's CRN is the serial of their tag."""
    found = find_candidates(cursor, scenes, settings).tracks
    cursor.execute("SELECT person_id, crn FROM people")
    crns = dict(cursor.fetchall())
    return [{crns[one] for one in found.person[found.scene == place].tolist()} for place in range(len(scenes))]


def test_who_was_far_away_all_the_time_is_no_candidate(cursor: Cursor) -> None:
    assert candidates(cursor, scene(30, 40)) == [{"TAG-NEAR"}]


def test_everybody_who_wore_a_tag_is_counted(cursor: Cursor) -> None:
    assert find_candidates(cursor, [scene(30, 40)], SETTINGS).population.tolist() == [3]


def test_whose_tag_fell_silent_is_a_candidate_whatever_comes_after(cursor: Cursor) -> None:
    assert candidates(cursor, scene(95, 96), scene(150, 160)) == [{"TAG-NEAR", "TAG-SILENT"}] * 2


def test_before_the_first_position_everybody_is_a_candidate(cursor: Cursor) -> None:
    assert candidates(cursor, scene(-300, -200), scene(5, 6)) == [set(TAGS)] * 2


def test_no_scene_asks_for_nothing(cursor: Cursor) -> None:
    found = find_candidates(cursor, [], SETTINGS)
    assert (len(found.tracks), found.tracks.start.tolist(), found.population.tolist()) == (0, [0], [])


def test_who_comes_as_near_as_is_told_one_by_one_is_a_candidate(cursor: Cursor) -> None:
    assert candidates(cursor, scene(30, 40), settings=MatchingSettings(near_m=30_000)) == [
        {"TAG-NEAR", "TAG-FAR", "TAG-SILENT"}
    ]


def test_a_slow_search_reckons_with_ways_that_are_not_noted(cursor: Cursor) -> None:
    near = Scene(1, 51.5, -0.06, 0.0, (Window(at(30), at(40)),))  # 2.8 km from who was here
    assert candidates(cursor, near) == [set()]
    assert candidates(cursor, near, settings=MatchingSettings(plausible_speed_mps=15)) == [{"TAG-NEAR"}]


@pytest.mark.parametrize(
    ("opened", "closed", "is_found"),
    [(20, 45, True), (-60, 300, True), (35, None, True), (60, 70, False), (1, 5, False)],
)
def test_whose_strap_was_open_about_the_window_is_a_candidate(
    cursor: Cursor, opened: float, closed: float | None, *, is_found: bool
) -> None:
    record(cursor, "TAG-FAR", DeviceEventKind.STRAP_TAMPER, opened)
    if closed is not None:
        record(cursor, "TAG-FAR", DeviceEventKind.STRAP_RESTORED, closed)
    assert ("TAG-FAR" in candidates(cursor, scene(30, 40))[0]) == is_found


def record(cursor: Cursor, serial: str, kind: DeviceEventKind, minute: float) -> None:
    record_events(cursor, [EventRow(serial, DeviceEvent(kind, at(minute), at(minute)), None, None)])


def test_the_tracks_of_one_person_are_read_though_no_candidate(cursor: Cursor) -> None:
    cursor.execute("SELECT person_id FROM people WHERE crn = 'TAG-FAR'")
    ((person_id,),) = cursor.fetchall()
    found = find_candidates_of(cursor, [scene(30, 40), scene(60, 60)], person_id, SETTINGS)
    assert found.scene.tolist() == [0, 1]
    first = found.rows.fixes.fix_time_us[: found.start[1]]
    assert (first.min(), first.max()) == (at(18), at(52)), "the padded window and two minutes each way"
    assert [one.device_id for one in found.worn[person_id]] == [2]


def test_events_of_the_window_and_the_last_of_each_kind_before_it(cursor: Cursor) -> None:
    for kind, minute in [
        ("alive", 1),
        ("strap_tamper", 2),
        ("alive", 3),
        ("power_off", 10),
        ("power_on", 12),
        ("alive", 40),
    ]:
        record(cursor, "TAG-NEAR", DeviceEventKind(kind), minute)
    found = read_device_events(cursor, [1, 2], Window(at(10), at(20)))
    assert [(one.kind.value, one.event_us) for one in found[1]] == [
        ("strap_tamper", at(2)),
        ("alive", at(3)),
        ("power_off", at(10)),
        ("power_on", at(12)),
    ]
    assert found[2] == []
    assert from_microseconds(found[1][0].received_us).year == 2025
