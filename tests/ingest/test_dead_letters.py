"""Dead letters from the gateway to the command line and back in, on a real database."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial

import httpx
import psycopg2.errors
import pytest
from typer.testing import CliRunner

from access.rate_limits import request_limits
from cli.dead_letters import dump
from cli.main import COMMANDS, build_application
from ingest.decode import DecodeLimits
from ingest.event import EventLimits
from ingest.gateway.services import GatewayServices
from ingest.queue import QueuePingSink
from ingest.sinks import TableEventSink
from model.enums import RejectionReason
from ops.errors import InputError
from ops.settings import Settings
from store.activations import activate
from store.clock import read_service_clock
from store.database import SERVICE, Pool, connect
from store.dead_letters import NewDeadLetter, count_dead_letters, keep_dead_letter, load_dead_letter
from store.sources import SourceAccess, authenticate_source, create_source, device_states, revoke_source
from tests.support.database import DatabaseUrls
from tests.support.gateway import running_gateway

PING = {"device_id": "TAG1", "fix_time": "2026-01-05T10:11:12Z", "lat": 51.5, "lon": -0.12}
R = RejectionReason


@pytest.fixture
def database(migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> DatabaseUrls:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    return migrated_database


@pytest.fixture
def api_pool(database: DatabaseUrls) -> Iterator[Pool]:
    with closing(Pool(database.api, "test-api", 2)) as pool:
        yield pool


def register(database: DatabaseUrls, *serials: str) -> None:
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO devices (serial) SELECT unnest(%s)", (list(serials),))


def keep(pool: Pool, value: bytes, reason: RejectionReason, topic: str = "osmand", key: bytes | None = b"TAG1") -> None:
    keep_dead_letter(pool, NewDeadLetter(topic, 0, key, value, reason, "the detail"))


def run(*arguments: str) -> tuple[str, Exception | None]:
    result = CliRunner().invoke(
        build_application(COMMANDS.values()), ["dead-letters", *arguments], catch_exceptions=True
    )
    error = result.exception if isinstance(result.exception, Exception) else None
    return result.output, error


def queued(database: DatabaseUrls) -> list[tuple[bytes, dict[str, object]]]:
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT key, value FROM ping_queue ORDER BY sequence")
        return [(bytes(key), json.loads(bytes(value))) for key, value in cursor.fetchall()]


QUERY = b"id=TAG1&lat=51.5&lon=-0.12&timestamp=1767607872"


def test_the_gateways_role_adds_dead_letters_and_reads_none(database: DatabaseUrls, api_pool: Pool) -> None:
    keep(api_pool, b"\x00\xffraw", R.NOT_JSON, key=None)
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        assert count_dead_letters(cursor) == [("not_json", 1, 0)]
        letter = load_dead_letter(cursor, 1)
    assert (letter.value, letter.key, letter.summary.detail) == (b"\x00\xffraw", None, "the detail")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), api_pool.transaction(SERVICE) as cursor:
        cursor.execute("SELECT FROM dead_letters")


def test_list_counts_by_reason_and_show_prints_the_bytes_harmlessly(api_pool: Pool) -> None:
    keep(api_pool, b"hello \x1b[2J", R.NOT_JSON)
    keep(api_pool, QUERY, R.UNKNOWN_DEVICE)
    output, _ = run("list", "--reason", "not_json")
    assert [line.split() for line in output.splitlines()[:3]] == [
        ["REASON", "WAITING", "REPLAYED"],
        ["not_json", "1", "0"],
        ["unknown_device", "1", "0"],
    ]
    assert "hello" not in output
    output, _ = run("show", "1")
    assert "68 65 6c 6c 6f 20 1b 5b 32 4a" in output
    assert "hello .[2J" in output
    assert "\x1b" not in output


def test_a_dead_letter_of_a_device_registered_since_goes_in_and_is_marked(
    database: DatabaseUrls, api_pool: Pool
) -> None:
    keep(api_pool, QUERY, R.UNKNOWN_DEVICE)
    _, error = run("replay", "1")
    assert "not registered" in str(error)
    assert queued(database) == []
    register(database, "TAG1")
    output, error = run("replay", "1")
    assert (output, error) == ("replayed 1: pings 1\n", None)
    ((key, ping),) = queued(database)
    assert (key, ping["device_id"], ping["original"]) == (b"TAG1", "TAG1", QUERY.decode())
    assert "unknown_device  0        1" in run("list")[0]


def test_all_of_a_reason_are_replayed_and_those_still_wrong_stay_and_are_named(
    database: DatabaseUrls, api_pool: Pool
) -> None:
    register(database, "TAG1")
    location = {"_type": "location", "lat": 51.5, "lon": -0.12, "tst": 1_767_607_872}
    keep(api_pool, json.dumps(location).encode(), R.UNKNOWN_DEVICE, "owntracks")
    keep(api_pool, b"{", R.UNKNOWN_DEVICE, "owntracks")
    keep(api_pool, json.dumps([PING, PING]).encode(), R.UNKNOWN_DEVICE, "tag.pings")
    keep(api_pool, b"{", R.NOT_JSON, "tag.pings")
    output, error = run("replay", "--reason", "unknown_device")
    assert output == "replayed 1: pings 1\nreplayed 3: pings 2\n"
    assert str(error).startswith("dead letter 2 would be rejected again: not_json")
    assert len(queued(database)) == 3
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        assert count_dead_letters(cursor) == [("not_json", 1, 0), ("unknown_device", 1, 2)]


def test_a_replay_does_not_decide_whose_ping_it_is(database: DatabaseUrls, api_pool: Pool) -> None:
    register(database, "TAG1")
    keep(api_pool, json.dumps(PING).encode(), R.KEY_MISMATCH, "tag.pings", key=b"TAG2")
    _, error = run("replay", "1")
    assert isinstance(error, InputError)
    assert queued(database) == []


@pytest.mark.parametrize(
    "arguments", [("replay",), ("replay", "1", "--reason", "not_json"), ("replay", "99"), ("show", "99")]
)
def test_a_wrong_choice_says_what_to_do(database: DatabaseUrls, arguments: tuple[str, ...]) -> None:
    assert database.owner
    assert isinstance(run(*arguments)[1], InputError)


def test_a_dump_has_a_line_for_every_sixteen_bytes() -> None:
    assert dump(b"") == []
    assert [line[:8] for line in dump(bytes(range(33)))] == ["00000000", "00000010", "00000020"]


def test_a_source_is_known_by_its_key_until_it_is_revoked(database: DatabaseUrls, api_pool: Pool) -> None:
    register(database, "TAG1")
    with closing(connect(database.owner, "test")) as owner, owner, owner.cursor() as cursor:
        fleet, phone = create_source(cursor, "fleet"), create_source(cursor, "phone", "TAG1")
    assert authenticate_source(api_pool, fleet) == SourceAccess(1, "fleet", None)
    assert authenticate_source(api_pool, phone) == SourceAccess(2, "phone", "TAG1")
    assert authenticate_source(api_pool, "\ud800") is None
    with closing(connect(database.owner, "test")) as owner, owner, owner.cursor() as cursor:
        revoke_source(cursor, "fleet")
    assert authenticate_source(api_pool, fleet) is None
    for call in (
        lambda cursor: create_source(cursor, "phone"),
        lambda cursor: create_source(cursor, "other", "UNSEEN"),
        lambda cursor: create_source(cursor, ""),
        lambda cursor: revoke_source(cursor, "fleet"),
    ):
        with (
            pytest.raises(InputError),
            closing(connect(database.owner, "test")) as owner,
            owner,
            owner.cursor() as cursor,
        ):
            call(cursor)


def test_the_api_learns_of_devices_no_more_than_whether_somebody_wears_them(
    database: DatabaseUrls, api_pool: Pool
) -> None:
    register(database, "SPARE")
    with closing(connect(database.owner, "test")) as owner, owner, owner.cursor() as cursor:
        cursor.execute("INSERT INTO people (crn, name, date_of_birth) VALUES ('X000001', 'A Person', '1980-01-01')")
        activate(cursor, "WORN", "X000001", datetime(2026, 1, 1, tzinfo=UTC))
    assert device_states(api_pool, ["WORN", "SPARE", "UNSEEN"]) == {"WORN": True, "SPARE": False}


def test_the_gateway_on_a_real_database_acknowledges_what_the_queue_holds(
    database: DatabaseUrls, api_pool: Pool
) -> None:
    register(database, "TAG1")
    with closing(connect(database.owner, "test")) as owner, owner, owner.cursor() as cursor:
        key = create_source(cursor, "fleet")
    services = GatewayServices(
        sink=QueuePingSink(api_pool),
        events=TableEventSink(api_pool),
        event_limits=EventLimits(message_max_bytes=100_000, max_age_days=400, max_future_s=300),
        authenticate=partial(authenticate_source, api_pool),
        known_devices=partial(device_states, api_pool),
        keep_dead_letter=partial(keep_dead_letter, api_pool),
        clock=partial(read_service_clock, api_pool),
        decode_limits=DecodeLimits(message_max_bytes=100_000, region=(49.0, -9.0, 61.0, 2.5)),
        body_max_bytes=1_000_000,
        limits=request_limits(Settings()),
    )
    with running_gateway(services) as port:
        address = f"http://127.0.0.1:{port}"
        headers = {"Authorization": f"Bearer {key}"}
        unseen = {**PING, "device_id": "UNSEEN"}
        answer = httpx.post(f"{address}/v1/pings", json=[PING, unseen], headers=headers, trust_env=False)
        kept = httpx.get(f"{address}/v1/osmand?{QUERY.decode()}1&id=TAG1&key={key}", trust_env=False)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert answer.json()["notices"] == [{"index": 0, "notice": "device_on_nobody"}]
    assert queued(database) == [(b"TAG1", PING)]
    assert kept.headers["x-cordon-rejected"] == "not_a_ping"
    assert "not_a_ping" in run("list")[0]
    assert key not in run("show", "1")[0]
