"""Rows and batches as a worker hands them to the store."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np

from alerts.decide import decide
from crimes.recent import Stretches
from geofence.columns import Fixes, PositionRows
from geofence.detection import VisitChange
from ingest.fix_key import fix_keys
from model.enums import RejectionReason
from store.batch import BatchWrite, DeadLetter, RawRecord
from store.database import Connection, connect
from store.offsets import Claim
from tests.support.pings import START_US
from tests.support.pings import fixes as plain_fixes
from tests.support.visits import confirmed_visit

TOPIC = "tag.pings"


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    with closing(connect(url, "test")) as connection:
        yield connection


def position_rows(fixes: Fixes, device_id: int = 1, flags: int = 0) -> PositionRows:
    count = len(fixes)
    return PositionRows(
        fixes=fixes,
        device_id=np.full(count, device_id, dtype=np.int64),
        fix_key=fix_keys(fixes),
        flags=np.full(count, flags, dtype=np.int64),
        partition=np.zeros(count, dtype=np.int64),
    )


def batch_write(held: Claim, first_offset: int = 0, count: int = 3) -> BatchWrite:
    """A batch that writes to every table: ``count`` messages, the last of them a late one."""
    times = [START_US + (first_offset + place) * 1_000_000 for place in range(count)]
    rows = position_rows(plain_fixes(times, offsets=[first_offset + place for place in range(count)]))
    stay = confirmed_visit(START_US)
    letter = DeadLetter(
        held.topic, held.partition, first_offset, 0, None, b"\x00?", RejectionReason.NOT_JSON, "detail", START_US, 1
    )
    raw = RawRecord(
        topic=held.topic,
        partition=held.partition,
        first_offset=first_offset,
        next_offset=first_offset + count,
        message_count=count,
        received_from_us=START_US,
        received_to_us=START_US,
        body=b"body",
        previous_hash=held.chain_hash,
        chain_hash=bytes([first_offset % 256]) * 32,
    )
    return BatchWrite(
        raw=[raw],
        newer=rows.take(np.arange(count - 1)),
        older=rows.take(np.arange(count - 1, count)),
        quarantined=position_rows(plain_fixes([0], offsets=[first_offset])),
        dead_letters=[letter],
        visits=[stay],
        presence={(stay.activation_id, stay.zone_id, stay.aspect): stay},
        alert_changes=decide([VisitChange(None, stay)]),
        commands=[],
        rematches=Stretches.none(),
        channels=["kafka"],
    )
