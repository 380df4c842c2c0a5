"""Whatever is put on the topic, a worker goes on: rubbish is kept as it came, good pings between are stored."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from model.times import to_microseconds
from tests.support.database import DatabaseUrls
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import MESSAGE_MAX_BYTES, append, queue_worker
from tests.support.world import enrol, rows

SERIAL = "TAG-1"
START_US = to_microseconds(datetime.now(UTC) - timedelta(days=1))
GOOD = json.loads(ping(SERIAL, START_US))


def changed(**fields: Any) -> bytes:
    return json.dumps(GOOD | fields).encode()


def raw(field: str, text: str) -> bytes:
    """A ping whose ``field`` is spelled as ``text``, whether or not that is JSON."""
    rest = json.dumps({name: value for name, value in GOOD.items() if name != field})
    return f'{rest[:-1]}, "{field}": {text}}}'.encode()


RUBBISH = {
    "nothing": b"",
    "blanks": b" \n\t",
    "not JSON": b"hello",
    "not UTF-8": b'{"device_id": "\xff\xfe"}',
    "a zero byte": b"\x00",
    "zero bytes around a ping": b"\x00" + ping(SERIAL, START_US) + b"\x00",
    "half a ping": ping(SERIAL, START_US)[:40],
    "two pings run together": ping(SERIAL, START_US) * 2,
    "null": b"null",
    "a number": b"1e999999",
    "an empty array": b"[]",
    "nested a thousand deep": b"[" * 1000 + b"]" * 1000,
    "nested a hundred thousand deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "too large": changed(padding="x" * MESSAGE_MAX_BYTES),
    "a zero byte in the serial": raw("device_id", r'"TAG\u0000"'),
    "half a surrogate in the serial": raw("device_id", r'"TAG\ud800"'),
    "an empty serial": changed(device_id=""),
    "an endless serial": changed(device_id="x" * 100_000),
    "a device nobody knows": changed(device_id="TAG-404"),
    "not a number": raw("lat", "NaN"),
    "infinity": raw("lat", "1e400"),
    "latitude out of range": changed(lat=91),
    "longitude out of range": changed(lon=-180.0001),
    "swapped coordinates": changed(lat=-0.1, lon=51.5),
    "accuracy below zero": changed(accuracy_m=-1),
    "accuracy beyond a float4": changed(accuracy_m=1e39),
    "satellites beyond a smallint": changed(satellites=40_000),
    "a sequence beyond a bigint": changed(sequence=2**63),
    "a sequence beyond everything": raw("sequence", "9" * 5000),
    "a mechanism of tomorrow": changed(mechanism=9),
    "a time without a zone": changed(fix_time="2026-01-01T00:00:00"),
    "a day that is none": changed(fix_time="2026-02-30T00:00:00Z"),
    "before the year 1": changed(fix_time="0001-01-01T00:00:00+23:59"),
    "after the year 9999": changed(fix_time="9999-12-31T23:59:59-23:59"),
    "a time as a number": changed(fix_time=1e300),
    "the latitude twice": raw("lat", '51.5, "lat": 51.6'),
}
QUARANTINED = {
    "1970": changed(fix_time="1970-01-01T00:00:00Z"),
    "2106": changed(fix_time="2106-02-07T06:28:15Z"),
    "the first year": changed(fix_time="0001-01-01T00:00:00Z"),
    "the last second": changed(fix_time="9999-12-31T23:59:59.999999Z"),
}
STORED = {
    "the smallest numbers": changed(accuracy_m=5e-324, hdop=5e-324, speed_mps=-0.0, heading_deg=1e-45, battery_pct=0),
    "the largest numbers": changed(accuracy_m=1e7, speed_mps=1000, heading_deg=360, satellites=255, hdop=1000),
    "the largest sequence": changed(sequence=2**63 - 1),
    "a pole": changed(lat=90, lon=180),
    "the other end of the earth": changed(lat=-51.5, lon=179.9),
}


def test_rubbish_is_kept_as_it_came_and_good_pings_between_are_stored(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, [SERIAL])
    messages: list[tuple[str, bytes]] = []
    for place, value in enumerate([*RUBBISH.values(), *QUARANTINED.values(), *STORED.values()]):
        messages += [(SERIAL, value), (SERIAL, ping(SERIAL, START_US + (place + 1) * 1_000_000))]
    messages += [("x" * 100_000, value) for value in (b"", b"{}")]
    messages.append((SERIAL, b"[" + b",".join([RUBBISH["latitude out of range"], changed(lat=51.7), b"7"]) + b"]"))
    good = len(messages) // 2 - 1 + len(STORED) + 1
    with queue_worker(migrated_database, batch_size=17) as worker:
        append(migrated_database, messages)
        last = ping(SERIAL, START_US + 10_000_000_000)
        append(migrated_database, [(SERIAL, last)])
        wait_until(lambda: not worker.alive or not rows(migrated_database.owner, "SELECT FROM ping_queue"))
        assert worker.error is None
    owner = migrated_database.owner
    kept = {bytes(value) for (value,) in rows(owner, "SELECT value FROM dead_letters")}
    assert [name for name, value in RUBBISH.items() if value not in kept] == []
    assert rows(owner, "SELECT count(*) FROM positions") == [(good + 1,)]
    assert rows(owner, "SELECT count(*) FROM quarantined_positions") == [(len(QUARANTINED),)]


def test_a_message_of_thousands_of_bad_pings_is_kept_once_for_each_reason(migrated_database: DatabaseUrls) -> None:
    padding = b" " * (MESSAGE_MAX_BYTES - 100_000)
    unknown = b"[" + b",".join([ping("TAG-404", START_US)] * 800) + padding + b"]"
    broken = b"[" + b",".join([b"7", b"{}"] * 4000) + padding + b"]"
    enrol(migrated_database.owner, [SERIAL])
    with queue_worker(migrated_database) as worker:
        append(migrated_database, [("TAG-404", unknown), (SERIAL, broken), (SERIAL, ping(SERIAL, START_US))])
        wait_until(lambda: not worker.alive or bool(rows(migrated_database.owner, "SELECT FROM positions")))
        assert worker.error is None
    kept = rows(migrated_database.owner, "SELECT reason, item, value, detail FROM dead_letters ORDER BY reason")
    assert [(reason, item, bytes(value)) for reason, item, value, _ in kept] == [
        ("missing_field", 1, broken),
        ("not_a_ping", 0, broken),
        ("unknown_device", 0, unknown),
    ]
    assert "the first of 800 in this message" in kept[2][3]
