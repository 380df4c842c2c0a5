"""What comes late of an erased time does not bring it back, and nobody is ruled out by what was deleted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ingest.archive import messages
from model.device_events import DeviceEvent, DeviceEventKind
from model.retention import Kind
from model.times import to_microseconds
from store.device_events import EventRow, record_events
from store.raw_batches import list_heads
from tests.support.database import DatabaseUrls
from tests.support.judging import Judge, judging
from tests.support.pings import ping
from tests.support.retention import AFTER_THE_END, run
from tests.support.seed import as_owner, seed_wearer, seed_zone

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
WORN = NOON - timedelta(days=50)
TAKEN_OFF = NOON - timedelta(days=40, minutes=30)  # within an hour in which the next wearer's time begins
SAM, ALEX = "S1", "A1"
TAG = f"TAG-{SAM}"
"""One tag, worn by Sam until TAKEN_OFF and by Alex since."""


@pytest.fixture
def judge(migrated_database: DatabaseUrls) -> Iterator[Judge]:
    with as_owner(migrated_database.owner) as cursor:
        sam, alex = seed_wearer(cursor, SAM), seed_wearer(cursor, ALEX)
        seed_zone(cursor, "everywhere", sam.person_id)
        cursor.execute("UPDATE zone_versions SET valid_from = %s, valid_to = %s", (WORN, TAKEN_OFF))
        cursor.execute("DELETE FROM activation_records WHERE person_id = %s", (alex.person_id,))
        cursor.execute(
            "UPDATE activation_records SET during = tstzrange(%s, %s) WHERE person_id = %s",
            (WORN, TAKEN_OFF, sam.person_id),
        )
        cursor.execute(
            "INSERT INTO activation_records (device_id, person_id, during, revision)"
            " VALUES (%s, %s, tstzrange(%s, NULL), 1)",
            (sam.device_id, alex.person_id, TAKEN_OFF),
        )
        cursor.execute("UPDATE people SET ended_at = %s WHERE person_id = %s", (TAKEN_OFF, sam.person_id))
    with judging(migrated_database) as judge_batch:
        yield judge_batch


def sent(at: datetime, lat: float, word: str = "") -> tuple[str, bytes]:
    return TAG, ping(TAG, to_microseconds(at), lat=lat, lon=-0.095, note=word)


def kept_words(database: DatabaseUrls) -> list[bytes]:
    with as_owner(database.owner) as cursor:
        cursor.execute("SELECT body FROM raw_batches")
        return [message.value for (body,) in cursor.fetchall() for message in messages(bytes(body)) if message.value]


def positions(database: DatabaseUrls) -> list[float]:
    with as_owner(database.owner) as cursor:
        cursor.execute("SELECT lat FROM positions UNION ALL SELECT lat FROM quarantined_positions ORDER BY lat")
        return [lat for (lat,) in cursor.fetchall()]


def test_late_pings_of_an_erased_person_are_not_kept(migrated_database: DatabaseUrls, judge: Judge) -> None:
    before, after = TAKEN_OFF - timedelta(minutes=5), TAKEN_OFF + timedelta(minutes=5)
    judge([sent(before, 51.501, "SAMSAYS"), sent(after, 51.61)])
    assert positions(migrated_database) == [51.501, 51.61]
    assert run(migrated_database, AFTER_THE_END)[Kind.POSITIONS, "positions"] == 1

    judge([sent(before - timedelta(minutes=1), 51.502, "SAMSAYS"), sent(before, 51.501, "SAMSAYS"), sent(NOON, 51.62)])
    assert positions(migrated_database) == [51.61, 51.62]
    assert not any(b"SAMSAYS" in word for word in kept_words(migrated_database))
    with as_owner(migrated_database.owner) as cursor:
        for table in ("visits", "alerts", "dead_letters", "reevaluations"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table
        assert [head.batches for head in list_heads(cursor, None, None)] == [2]
    assert run(migrated_database, AFTER_THE_END) == {}


def test_the_deleted_time_is_a_gap_without_a_place(migrated_database: DatabaseUrls, judge: Judge) -> None:
    judge([sent(WORN + timedelta(minutes=n), 51.501) for n in range(3)])
    judge([sent(TAKEN_OFF + timedelta(minutes=n), 51.61) for n in range(3)])
    run(migrated_database, AFTER_THE_END)
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("SELECT from_time, until_time FROM track_gaps WHERE from_time = %s", (WORN,))
        assert cursor.fetchall() == [(WORN, TAKEN_OFF)]
        cursor.execute("SELECT count(*) FROM track_gaps WHERE from_lat < 51.6 OR until_lat < 51.6")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT DISTINCT hour * 3600 FROM track_cells")
        assert cursor.fetchall() == [(int(TAKEN_OFF.timestamp()) // 3600 * 3600,)]  # the next wearer's


def test_what_follows_from_deleted_positions_is_not_judged_anew(migrated_database: DatabaseUrls, judge: Judge) -> None:
    judge([sent(WORN, 51.501)])
    run(migrated_database, AFTER_THE_END)
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute(
            "SELECT request_reevaluation(NULL, (SELECT person_id FROM people WHERE crn = %s), %s)", (ALEX, WORN)
        )
        cursor.execute("SELECT from_time FROM reevaluations")
        assert cursor.fetchall() == [(TAKEN_OFF,)]


def test_late_events_of_an_erased_time_are_not_kept(migrated_database: DatabaseUrls, judge: Judge) -> None:
    judge([sent(WORN, 51.501)])
    run(migrated_database, AFTER_THE_END)
    with as_owner(migrated_database.owner) as cursor:
        for event_time, kept in ((TAKEN_OFF - timedelta(hours=1), 0), (TAKEN_OFF + timedelta(hours=1), 1)):
            event = DeviceEvent(DeviceEventKind.STRAP_TAMPER, to_microseconds(event_time), to_microseconds(NOON), None)
            assert record_events(cursor, [EventRow(TAG, event, None, b"as it was sent")]) == kept
