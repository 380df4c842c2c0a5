"""Whether a zone is in force, when that changes, and what its workers have to have said."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from geofence.zone_proof import ALIVE_S, next_change_us, out_of_force, unwatched, versions_at
from model.enums import ZoneKind
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.times import to_microseconds
from model.zone_proof import Carrier, NotLiveReason, PartitionHolder
from model.zones import Circle, ZoneVersion

SATURDAYS = Schedule("Europe/London", (WeeklyWindow(frozenset({Weekday.SATURDAY}), DailyWindow(time(12), time(18))),))
REVISION = 7


def at(day: int, hour: int = 0) -> int:
    """In March 2026; the 7th is a Saturday."""
    return to_microseconds(datetime(2026, 3, day, hour, tzinfo=UTC))


def version(number: int, from_us: int, to_us: int | None = None, **changes: Any) -> ZoneVersion:
    made = ZoneVersion(
        1, number, "Z", "Z", ZoneKind.EXCLUSION, None, Circle(-0.1, 51.5, 50), from_us, to_us, None, None
    )
    return replace(made, **changes)


def reasons(versions: list[ZoneVersion], now_us: int) -> list[NotLiveReason]:
    return [one.reason for one in out_of_force(versions_at(versions, now_us), now_us, {})]


def test_the_version_that_holds_and_the_one_to_come() -> None:
    versions = [version(1, at(1), at(3)), version(2, at(3), at(3)), version(3, at(3), at(9)), version(4, at(9))]
    found = versions_at(versions, at(3))
    assert (found.holds, found.coming) == (versions[2], versions[3])
    assert versions_at(versions, at(1) - 1).holds is None
    assert reasons(versions, at(1) - 1) == [NotLiveReason.NOT_YET_VALID]
    assert reasons(versions[:3], at(9)) == [NotLiveReason.ENDED]


def test_its_dates_and_hours_are_reasons_of_their_own() -> None:
    one = version(1, at(1), active_from_us=at(5), active_to_us=at(20), schedule=SATURDAYS)
    assert reasons([one], at(2)) == [NotLiveReason.OUT_OF_DATES, NotLiveReason.OUT_OF_HOURS]
    assert reasons([one], at(7, 11)) == [NotLiveReason.OUT_OF_HOURS]
    assert reasons([one], at(7, 12)) == []
    assert reasons([one], at(21, 13)) == [NotLiveReason.OUT_OF_DATES]


def test_the_next_change_is_of_hours_dates_and_versions() -> None:
    one = version(1, at(1), active_to_us=at(14, 13), schedule=SATURDAYS)
    assert next_change_us([one], at(2)) == at(7, 12)
    assert next_change_us([one], at(7, 12)) == at(7, 18)
    assert next_change_us([one], at(14, 12)) == at(14, 13)
    assert next_change_us([one], at(14, 13)) is None, "its dates are over"
    assert next_change_us([version(1, at(1))], at(2)) is None, "for ever"
    assert next_change_us([version(1, at(1), at(5)), version(2, at(5), at(6))], at(2)) == at(6), "without a break"
    assert next_change_us([version(1, at(1), at(5)), version(2, at(6))], at(2)) == at(5)


def holder(partition: int, revision: int | None = REVISION, silent_s: float | None = 1.0) -> PartitionHolder:
    return PartitionHolder(partition, "worker-a", revision, silent_s)


def carrier(partition: int | None, revision: int = 0) -> Carrier:
    return Carrier(partition, revision, "TAG", None, None)


def why(carriers: list[Carrier], *holders: PartitionHolder) -> list[NotLiveReason]:
    found = unwatched(REVISION, carriers, {one.partition: one for one in holders}, anybody=True)
    return [one.reason for one in found]


def test_only_the_partitions_of_heard_tags_matter_and_all_of_them_to_others() -> None:
    bad = holder(1, REVISION - 1)
    assert why([carrier(0)], holder(0), bad) == []
    assert why([carrier(1)], holder(0), bad) == [NotLiveReason.WORKER_BEHIND]
    assert why([carrier(0), carrier(None)], holder(0), bad) == [NotLiveReason.WORKER_BEHIND], "it may come on any"
    assert why([], holder(0), bad) == [NotLiveReason.WORKER_BEHIND], "a shared zone"
    assert why([carrier(5)], holder(0)) == [NotLiveReason.PARTITION_UNOWNED], "a partition that nobody knows"


def test_the_activation_has_to_be_known_like_the_zone() -> None:
    assert why([carrier(0, REVISION + 1)], holder(0)) == [NotLiveReason.WORKER_BEHIND]


def test_a_reason_names_a_worker_once() -> None:
    (found,) = unwatched(REVISION, [], {at: holder(at, silent_s=180) for at in range(3)}, anybody=True)
    assert found.words == "worker worker-a, which has partitions 0, 1, 2, was last seen 3 min ago"


@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 2 * REVISION), st.none() | st.floats(0, 2 * ALIVE_S)),
        min_size=1,
        max_size=4,
    )
)
def test_nothing_is_proved_unless_every_partition_is(said: list[tuple[int | None, float | None]]) -> None:
    holders = [holder(at, revision, silent_s) for at, (revision, silent_s) in enumerate(said)]
    proved = all(
        revision is not None and silent_s is not None and revision >= REVISION and silent_s <= ALIVE_S
        for revision, silent_s in said
    )
    assert (why([], *holders) == []) is proved
