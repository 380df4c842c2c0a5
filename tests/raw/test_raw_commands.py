"""`cordon raw` on batches that a worker wrote."""

import getpass
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.archive import messages
from tests.support.command import Cordon
from tests.support.database import DatabaseUrls
from tests.support.judging import TOPIC, Judge
from tests.support.world import enrol, rows

NOW = datetime.now(UTC).replace(microsecond=250_000)
HANDOVER = NOW - timedelta(minutes=30)


def ping(serial: str = "TAG-1", minutes_ago: float = 5, **fields: Any) -> tuple[str, bytes]:
    moment = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    return serial, json.dumps({"device_id": serial, "fix_time": moment, "lat": 51.5, "lon": -0.1} | fields).encode()


def position(minutes_ago: float, serial: str = "TAG-1") -> str:
    return f"{serial}@{(NOW - timedelta(minutes=minutes_ago)).isoformat()}"


@pytest.fixture
def database(migrated_database: DatabaseUrls) -> DatabaseUrls:
    enrol(migrated_database.owner, ["TAG-1", "TAG-2"])
    return migrated_database


def kept_values(database: DatabaseUrls) -> list[bytes | None]:
    bodies = rows(database.owner, "SELECT body FROM raw_batches ORDER BY first_offset")
    return [message.value for (body,) in bodies for message in messages(bytes(body))]


def damage(database: DatabaseUrls) -> None:
    rows(
        database.owner,
        "UPDATE raw_batches SET body = set_byte(body, length(body) - 1, get_byte(body, length(body) - 1) # 1)"
        " WHERE first_offset = 0 RETURNING 1",
    )


@pytest.mark.usefixtures("database")
def test_a_position_is_proved_by_its_bytes(judge: Judge, cordon: Cordon) -> None:
    message = ping(minutes_ago=5, accuracy_m=0, heading_deg=360, speed_mps=0.1)
    judge([ping(minutes_ago=6), message])
    code, out, _ = cordon("raw", "show", position(5))
    said = dict(line.split(maxsplit=1) for line in out.splitlines() if line[0] != "c")
    assert code == 0
    assert said["message"] == f"{TOPIC}, partition 0, offset 1"
    assert said["bytes"] == message[1].decode()
    assert len(said["leaf"]) == 64
    assert said["result"] == "verified"


@pytest.mark.usefixtures("database")
def test_of_several_fixes_at_one_instant_the_key_says_which(judge: Judge, cordon: Cordon) -> None:
    judge([ping(minutes_ago=5), ping(minutes_ago=5, lat=51.6)])
    code, _, error = cordon("raw", "show", position(5))
    choices = [line.strip() for line in error.splitlines()[1:]]
    assert (code, len(choices)) == (1, 2)
    shown = {cordon("raw", "show", choice)[1].split('"lat": ')[1][:4] for choice in choices}
    assert shown == {"51.5", "51.6"}


@pytest.mark.usefixtures("database")
def test_quarantined_positions_are_proved_too(judge: Judge, cordon: Cordon) -> None:
    judge([ping(minutes_ago=-600)])
    code, out, _ = cordon("raw", "show", position(-600))
    assert (code, "(quarantined)" in out, "verified" in out) == (0, True, True)


def test_a_position_whose_batch_was_changed_is_not_proved(database: DatabaseUrls, judge: Judge, cordon: Cordon) -> None:
    judge([ping()])
    judge([ping(minutes_ago=4)])
    damage(database)
    code, out, _ = cordon("raw", "show", position(5))
    assert (code, "NOT VERIFIED: batch 0-0" in out) == (1, True)
    code, out, _ = cordon("raw", "verify")
    assert (code, f"{TOPIC}/0: 0 batches, 0 messages, 0 of them erased: BROKEN: batch 0-0" in out) == (1, True)


def test_a_position_that_its_message_does_not_give_is_not_proved(
    database: DatabaseUrls, judge: Judge, cordon: Cordon
) -> None:
    judge([ping()])
    rows(database.owner, "UPDATE positions SET fix_key = fix_key + 1 RETURNING 1")
    code, out, _ = cordon("raw", "show", position(5))
    assert (code, "NOT VERIFIED: none of the message's pings gives this position" in out) == (1, True)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("TAG-1", "is no position"),
        ("TAG-1@2026-03-01T00:00:00Z", "no position TAG-1@2026-03-01T00:00:00Z is stored"),
        ("TAG-1@2026-03-01T00:00:00Z#x", "'x' is no fix key"),
        ("TAG-1@yesterday", "is no time"),
    ],
)
def test_what_is_no_position_is_told(cordon: Cordon, text: str, complaint: str) -> None:
    code, _, error = cordon("raw", "show", text)
    assert (code, complaint in error) == (1, True), error


def test_a_removed_batch_breaks_its_chain_by_place(database: DatabaseUrls, judge: Judge, cordon: Cordon) -> None:
    for minute in range(3):
        judge([ping(minutes_ago=minute)])
    assert cordon("raw", "verify")[:2] == (0, f"{TOPIC}/0: 3 batches, 3 messages, 0 of them erased: verified\n")
    rows(database.owner, "DELETE FROM raw_batches WHERE first_offset = 1 RETURNING 1")
    code, out, _ = cordon("raw", "verify", "--topic", TOPIC, "--partition", "0")
    assert (code, "BROKEN: the chain breaks behind offset 0" in out) == (1, True)
    assert "no such chain" in cordon("raw", "verify", "--topic", "other")[2]


def test_two_batches_cannot_follow_the_same_one(database: DatabaseUrls, judge: Judge) -> None:
    judge([ping()])
    forked = rows(
        database.owner,
        "INSERT INTO raw_batches SELECT topic, partition, first_offset + 9, next_offset + 9, message_count,"
        " received_from, received_to, body, previous_hash, chain_hash FROM raw_batches"
        " ON CONFLICT DO NOTHING RETURNING 1",
    )
    assert forked == []


def hand_over(database: DatabaseUrls) -> None:
    """TAG-1 was on TAG-1's person until the handover, and is on TAG-2's person since."""
    rows(
        database.owner,
        f"UPDATE device_activations SET during = tstzrange(lower(during), '{HANDOVER.isoformat()}')"
        " FROM devices WHERE devices.device_id = device_activations.device_id AND serial = 'TAG-1' RETURNING 1",
    )
    rows(
        database.owner,
        "INSERT INTO device_activations (device_id, person_id, during, revision)"
        f" SELECT device_id, person_id, tstzrange('{HANDOVER.isoformat()}', NULL), 0 FROM devices, people"
        " WHERE serial = 'TAG-1' AND crn = 'TAG-2' RETURNING 1",
    )


def test_one_person_s_bytes_are_erased_and_nobody_else_s(database: DatabaseUrls, judge: Judge, cordon: Cordon) -> None:
    hand_over(database)
    theirs = [ping(minutes_ago=40), ping(minutes_ago=31)]
    others = [ping(minutes_ago=29), ping("TAG-2", minutes_ago=40), ("TAG-1", b"rubbish, received after the handover")]
    judge([theirs[0], others[0], theirs[0]])  # a repeated ping has no row of its own
    judge([others[1], theirs[1], others[2]])
    rows(
        database.owner,
        "INSERT INTO device_events (device_id, kind, event_time, received_at, original) SELECT device_id, 'power_off',"
        f" '{HANDOVER.isoformat()}'::timestamptz + apart * interval '1 minute', now(), 'as it was sent'"
        " FROM devices, unnest(ARRAY[-5, 5]) AS apart WHERE serial = 'TAG-1' RETURNING 1",
    )
    assert cordon("raw", "erase", "--crn", "TAG-1")[:2] == (
        0,
        "3 messages in 2 batches and the bytes of 1 events would be erased for good: give --yes to do it\n",
    )
    assert None not in kept_values(database)
    assert cordon("raw", "erase", "--crn", "TAG-1", "--yes")[:2] == (
        0,
        "erased 3 messages in 2 batches and the bytes of 1 events; the chains still verify\n",
    )
    assert kept_values(database) == [None, others[0][1], None, others[1][1], None, others[2][1]]
    assert cordon("raw", "verify")[:2] == (0, f"{TOPIC}/0: 2 batches, 6 messages, 3 of them erased: verified\n")
    code, out, _ = cordon("raw", "show", position(40))
    assert (code, "NOT VERIFIED: the message was erased" in out) == (1, True)
    assert cordon("raw", "show", position(29))[0] == 0
    recorded = rows(
        database.owner, "SELECT action, subject, row_count, cardinality(person_ids) FROM audit_log ORDER BY audit_id"
    )
    user = getpass.getuser()
    assert recorded == [("raw.erase", user, 4, 0), ("raw.read", user, 1, 1), ("raw.read", user, 1, 1)]
    assert rows(database.owner, "SELECT count(original), count(*) FROM device_events") == [(1, 2)]


def test_a_message_that_holds_what_is_held_of_somebody_else_is_not_erased(
    database: DatabaseUrls, judge: Judge, cordon: Cordon
) -> None:
    hand_over(database)
    both = b"[" + b",".join(ping(minutes_ago=minutes)[1] for minutes in (31, 29)) + b"]"
    theirs = ping(minutes_ago=40)
    judge([("TAG-1", both), theirs])
    rows(
        database.owner,
        "INSERT INTO legal_holds (person_id, from_time, to_time, reason, placed_by)"
        " SELECT person_id, now() - interval '1 day', now(), 'complaint', 'x' FROM people WHERE crn = 'TAG-2'"
        " RETURNING 1",
    )
    assert cordon("raw", "erase", "--crn", "TAG-1", "--yes")[1].startswith("erased 1 messages")
    assert kept_values(database) == [both, None]


def test_what_has_no_fix_time_of_its_own_goes_by_its_receipt(
    database: DatabaseUrls, judge: Judge, cordon: Cordon
) -> None:
    judge([("TAG-1", b"rubbish"), ping(minutes_ago=-600), ("TAG-2", b"rubbish")])
    assert cordon("raw", "erase", "--crn", "TAG-1", "--yes")[1].startswith("erased 2 messages in 1 batches")
    assert kept_values(database) == [None, None, b"rubbish"]


def test_nothing_is_erased_where_a_batch_is_damaged(database: DatabaseUrls, judge: Judge, cordon: Cordon) -> None:
    judge([ping(minutes_ago=5)])
    judge([ping(minutes_ago=4)])
    damage(database)
    code, _, error = cordon("raw", "erase", "--crn", "TAG-1", "--yes")
    assert (code, "batch 0-0 of tag.pings/0 is damaged" in error, "nothing was erased" in error) == (1, True, True)
    bodies = rows(database.owner, "SELECT body FROM raw_batches WHERE first_offset = 1")
    assert not messages(bytes(bodies[0][0]))[0].erased


@pytest.mark.usefixtures("database")
def test_whose_bytes_are_not_known_is_told(cordon: Cordon) -> None:
    assert "nobody has the CRN X9" in cordon("raw", "erase", "--crn", "X9")[2]
