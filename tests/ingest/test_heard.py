"""Heartbeats among pings, and what is noted of when a device was heard."""

import math

import numpy as np

from geofence.columns import Fixes
from geofence.projection import Projection
from ingest.decode import DecodeLimits, decode
from ingest.devices import DeviceTable
from ingest.heard import heard_rows, select_heard
from ingest.heartbeat import HEARTBEAT_KEY, HEARTBEAT_VALUE
from ingest.pipeline import Batch
from ingest.source import PartitionBatch
from model.devices import DeviceRecord
from model.enums import Mechanism, RejectionReason
from model.times import SECOND_US
from store.heard import HeardRow
from tests.support.pings import LIMITS, START_US, fixes, ping

EVERY_US = 60 * SECOND_US


def batch_of(keys: list[bytes | None], values: list[bytes]) -> PartitionBatch:
    return PartitionBatch(0, list(range(len(keys))), [1000 + place for place in range(len(keys))], keys, values, 9, 0)


def test_a_heartbeat_is_no_ping_and_no_dead_letter() -> None:
    beat = (HEARTBEAT_KEY, HEARTBEAT_VALUE)
    messages = [beat, (b"TAG", ping("TAG", START_US)), beat, (b"TAG", b"?")]
    found = decode(
        batch_of([key for key, _ in messages], [value for _, value in messages]), DecodeLimits(10_000, LIMITS.region)
    )
    assert (found.serials, found.heartbeat_ms) == (["TAG"], 1002)
    assert [(one.message_index, one.reason) for one in found.rejections] == [(3, RejectionReason.NOT_JSON)]


def test_nobody_else_s_message_is_a_heartbeat() -> None:
    """Neither a tag that says so, nor a ping under its key."""
    limits = DecodeLimits(10_000, LIMITS.region)
    found = decode(batch_of([b"TAG", HEARTBEAT_KEY], [HEARTBEAT_VALUE, ping("TAG", START_US)]), limits)
    assert found.heartbeat_ms is None
    assert [one.reason for one in found.rejections] == [RejectionReason.NOT_JSON, RejectionReason.KEY_MISMATCH]


def devices(count: int) -> DeviceTable:
    table = DeviceTable()
    records = [DeviceRecord(f"TAG-{number}", 100 + number, (), ()) for number in range(count)]
    table.add(0, records, Projection(51.5, -0.1))
    return table


def heard(found: Fixes, slots: list[int], table: DeviceTable) -> list[HeardRow]:
    batch = Batch(found, np.array(slots), np.zeros(len(slots), np.int64))
    return heard_rows(select_heard(batch, table, LIMITS, EVERY_US), table.device_id)


def test_the_newest_of_each_device_is_noted() -> None:
    found = fixes([START_US, START_US + 9, START_US + 5], received_us=[START_US + 10, START_US + 20, START_US + 30])
    found.battery_pct[:] = [50, math.nan, 48]
    assert heard(found, [1, 1, 0], devices(2)) == [
        HeardRow(100, START_US + 30, START_US + 5, 48, START_US + 5),
        HeardRow(101, START_US + 20, START_US + 9, 50, START_US),
    ]


def test_a_cell_tower_s_position_is_a_message_and_no_fix() -> None:
    found = fixes([START_US])
    found.mechanism[:] = Mechanism.LBS
    assert heard(found, [0], devices(1)) == [HeardRow(100, START_US + SECOND_US, None, None, None)]


def test_a_wild_clock_gives_no_fix_and_a_fast_one_none_of_the_future() -> None:
    wild, fast = START_US + 10_000 * SECOND_US, START_US + 100 * SECOND_US
    found = fixes([wild, fast], received_us=[START_US, START_US])
    assert heard(found, [0, 1], devices(2)) == [
        HeardRow(100, START_US, None, None, None),
        HeardRow(101, START_US, START_US, None, None),
    ]


def test_a_device_is_noted_at_most_once_in_the_set_time() -> None:
    table = devices(2)
    table.heard_written_us[0] = START_US
    soon, late = START_US + EVERY_US - 1, START_US + EVERY_US
    assert [row.device_id for row in heard(fixes([soon, soon], received_us=[soon, soon]), [0, 1], table)] == [101]
    assert [row.device_id for row in heard(fixes([late], received_us=[late]), [0], table)] == [100]
