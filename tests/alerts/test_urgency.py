"""How urgently staff are told: at once of what goes on, in the morning of what is history."""

from geofence.columns import Fixes
from model.devices import FOREVER_US, Activation
from model.enums import ZoneKind
from model.times import SECOND_US
from model.zones import Circle, ZoneVersion
from tests.support.memory_records import MemoryRecords
from tests.support.pings import START_US, fixes

ZONE = ZoneVersion(1, 1, "Z", "zone", ZoneKind.EXCLUSION, 7, Circle(-0.1, 51.5, 500.0), 0, None, None, None)
MINUTE_US, HOUR_US = 60 * SECOND_US, 3600 * SECOND_US
FAR = 51.51


def told(*batches: Fixes) -> list[tuple[str, str]]:
    records = MemoryRecords((Activation(5, 7, 0, FOREVER_US),), (ZONE,))
    for batch in batches:
        records.take(batch)
    return [(change.kind.value, change.alert.urgency.value) for change in records.changes]


def inside(*minutes: float, received_after_us: int = SECOND_US) -> Fixes:
    times = [START_US + int(minute * MINUTE_US) for minute in minutes]
    return fixes(times, received_us=[moment + received_after_us for moment in times])


def left(minute: float, received_after_us: int = SECOND_US) -> Fixes:
    moment = START_US + int(minute * MINUTE_US)
    return fixes([moment], lat=[FAR], received_us=[moment + received_after_us])


def test_what_is_seen_live_is_told_at_once_and_so_is_its_end() -> None:
    assert told(inside(0, 1), left(2)) == [("raised", "immediate"), ("ended", "immediate")]


def test_a_long_past_uploaded_in_pieces_is_not_told_as_if_it_were_now() -> None:
    pieces = (inside(0, 1, received_after_us=13 * HOUR_US), inside(2, 3, received_after_us=13 * HOUR_US))
    ended = left(4, received_after_us=13 * HOUR_US)
    assert told(*pieces, ended) == [("raised", "morning"), ("updated", "morning"), ("ended", "morning")]


def test_it_is_told_at_once_when_the_upload_reaches_the_present_and_the_wearer_is_there_still() -> None:
    assert told(inside(0, 1, received_after_us=13 * HOUR_US), inside(14 * 60)) == [
        ("raised", "morning"),
        ("upgraded", "immediate"),
    ]


def test_who_was_inside_an_hour_ago_may_be_there_still() -> None:
    assert told(inside(0, 1, received_after_us=HOUR_US)) == [("raised", "immediate")]


def test_what_was_told_at_once_stays_urgent_when_a_buffer_follows() -> None:
    assert told(inside(0, 1), inside(2, received_after_us=13 * HOUR_US), left(3, received_after_us=13 * HOUR_US)) == [
        ("raised", "immediate"),
        ("updated", "immediate"),
        ("ended", "immediate"),
    ]
