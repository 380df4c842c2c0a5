"""Police files by the API: of the own force alone, streamed, and answered with every error."""

import asyncio
import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from access.roles import Role
from access.tokens import DEFAULT_LIFETIME, create_token
from store.registry import lock_registry_shared
from tests.crimes.files.police_files import GOOD, SECOND_CRIME, geojson, police_csv
from tests.support.api_server import NO_TLS, RunningApi, running_api
from tests.support.crime_imports import ask, value
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

MAX_BYTES = 8_000_000
WRONG = {"crime_reference": "BAD", "crime_type_id": "XX", "date_to": "soon"}
KENT = {"police_force": "Kent", "batch_id": "KNT20250126"}


@dataclass(frozen=True, slots=True)
class Police:
    """The API, with a token of an analyst in each of two forces, and one of no force."""

    api: RunningApi
    tokens: dict[str, str]

    def client(self, force: str = "Metropolitan") -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.tokens[force]}", "X-Purpose": "test"}
        return httpx.Client(base_url=self.api.url, headers=headers, timeout=30, verify=NO_TLS)

    def send(self, content: bytes | Iterator[bytes], force: str = "Metropolitan") -> httpx.Response:
        with self.client(force) as client:
            return client.post("/v1/crime-batches", content=content)

    def get(self, path: str, force: str = "Metropolitan") -> httpx.Response:
        with self.client(force) as client:
            return client.get(path)


@pytest.fixture
def police(migrated_database: DatabaseUrls) -> Iterator[Police]:
    with running_api(migrated_database, crime_file_max_bytes=MAX_BYTES, lock_timeout_ms=300) as api:
        with as_owner(api.urls.owner) as cursor:
            tokens = {
                force: create_token(
                    cursor, Role.POLICE_ANALYST, f"{force}.analyst", datetime.now(UTC), DEFAULT_LIFETIME, force
                ).token
                for force in ("Metropolitan", "Kent")
            }
        yield Police(api, tokens)


def test_a_file_is_taken_then_known_then_its_change_is_a_version(police: Police) -> None:
    first = police.send(police_csv({}, SECOND_CRIME))
    assert first.status_code == 201, first.text
    made = first.json()
    assert made | {"imported_at": None} == {
        "crime_batch_id": made["crime_batch_id"],
        "force": "Metropolitan",
        "reference": "MPS20250126",
        "format": "police_csv",
        "received_by": "api",
        "imported_by": "Metropolitan.analyst",
        "imported_at": None,
        "state": "accepted",
        "row_count": 2,
        "new_count": 2,
        "changed_count": 0,
        "unchanged_count": 0,
        "error_count": 0,
        "errors": [],
        "errors_at": None,
    }
    again = police.send(police_csv({}, SECOND_CRIME))
    assert (again.status_code, again.json()) == (200, made)
    changed = police.send(geojson({"date_to": "20250125100000"}))
    assert changed.status_code == 201
    assert (changed.json()["format"], changed.json()["changed_count"]) == ("geojson", 1)
    recorded = police.api.audit("crimes.import")
    assert [(outcome, subject, rows, purpose) for outcome, subject, _, rows, purpose in recorded] == [
        ("allowed", "Metropolitan.analyst", rows, "test") for rows in (2, 0, 1)
    ]


def test_good_rows_are_taken_and_the_errors_are_there_as_json_and_csv(police: Police) -> None:
    answer = police.send(police_csv({}, WRONG)).json()
    assert (answer["state"], answer["new_count"], answer["error_count"]) == ("partial", 1, 1)
    assert [(one["row"], one["field"], one["value"]) for one in answer["errors"]] == [
        (2, "crime_type_id", "XX"),
        (2, "date_to", "soon"),
    ]
    assert all(one["problem"] and one["remedy"] for one in answer["errors"])
    first = police.get(f"{answer['errors_at']}?limit=1").json()
    second = police.get(first["next"]).json()
    assert first["errors"] + second["errors"] == answer["errors"]
    assert second["next"] is None
    sheet = police.get(f"{answer['errors_at']}.csv")
    assert sheet.headers["content-type"].startswith("text/csv")
    assert "attachment" in sheet.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert rows == [{name: str(found) for name, found in one.items()} for one in answer["errors"]]


def test_a_file_with_many_errors_has_them_all(police: Police) -> None:
    answer = police.send(police_csv({}, *[WRONG | {"crime_reference": f"C{n}"} for n in range(2500)])).json()
    assert len(answer["errors"]) == 100
    sheet = police.get(f"{answer['errors_at']}.csv").content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(sheet)))) == 5000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe" + "Metropolitan".encode("utf-16-le"),
        b"PK\x03\x04" + bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b'{"type":"FeatureCollection"}',
        b"[" * 100_000,
        b'"' * 200_001,
        b"," * 50_000,
        police_csv(WRONG),
        police_csv({}, KENT | {"crime_reference": "K"}),
    ],
)
def test_rubbish_is_refused_by_name_and_kept_on_record(police: Police, content: bytes) -> None:
    answer = police.send(content)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["errors"]
    assert all(one["remedy"] for one in body["errors"])
    assert police.get(f"/v1/crime-batches/{body['crime_batch_id']}").json()["state"] == "refused"
    assert police.send(content).json()["crime_batch_id"] == body["crime_batch_id"]
    assert value(police.api.urls, "SELECT count(*) FROM crimes") == 0


def test_a_file_of_another_force_is_refused_and_recorded(police: Police) -> None:
    answer = police.send(police_csv({}), force="Kent")
    assert answer.status_code == 403
    assert "Metropolitan" in answer.json()["detail"]
    assert [record[:2] for record in police.api.audit("crimes.import")] == [("refused", "Kent.analyst")]
    assert value(police.api.urls, "SELECT count(*) FROM crime_batches") == 0


def test_nobody_but_a_police_analyst_imports(police: Police) -> None:
    for role in Role:
        with police.api.client(role) as client:
            answer = client.post("/v1/crime-batches", content=police_csv({}))
        assert answer.status_code == 403 or role is Role.POLICE_ANALYST, role
    with police.api.client() as client:
        assert client.post("/v1/crime-batches", content=police_csv({})).status_code == 401


def test_a_force_sees_its_own_batches_alone(police: Police) -> None:
    mine = police.send(police_csv({}, WRONG)).json()["crime_batch_id"]
    theirs = police.send(police_csv(KENT), force="Kent").json()["crime_batch_id"]
    for force, own, other in (("Metropolitan", mine, theirs), ("Kent", theirs, mine)):
        listed = police.get("/v1/crime-batches", force).json()["crime_batches"]
        assert [one["crime_batch_id"] for one in listed] == [own]
        assert police.get(f"/v1/crime-batches/{own}", force).status_code == 200
        for path in ("", "/errors", "/errors.csv"):
            assert police.get(f"/v1/crime-batches/{other}{path}", force).status_code == 404
    outcomes = [record[0] for record in police.api.audit("crime_batches.read")]
    assert (outcomes.count("allowed"), outcomes.count("refused")) == (4, 6)


def test_batches_page_newest_first(police: Police) -> None:
    sent = [police.send(police_csv({"crime_reference": f"C{n}"})).json()["crime_batch_id"] for n in range(3)]
    first = police.get("/v1/crime-batches?limit=2").json()
    second = police.get(first["next"]).json()
    assert [one["crime_batch_id"] for one in first["crime_batches"] + second["crime_batches"]] == sent[::-1]
    assert second["next"] is None


def test_a_file_may_be_larger_than_other_bodies(police: Police) -> None:
    many = police_csv(*[{"crime_reference": f"C{n}", "crime_text": "x" * 2000} for n in range(2600)])
    assert 5_000_000 < len(many) < MAX_BYTES
    assert police.send(many).json()["new_count"] == 2600


def test_what_is_too_large_is_refused_by_its_bytes_whatever_it_claims(police: Police) -> None:
    def chunks() -> Iterator[bytes]:
        yield from [b"x" * 100_000] * 100

    assert police.send(chunks()).status_code == 413
    claim = (
        "POST /v1/crime-batches HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n"
        f"Authorization: Bearer {police.tokens['Metropolitan']}\r\n\r\n"
    )
    assert b" 413 " in asyncio.run(_first_answer(police.api.url, claim.encode()))
    assert value(police.api.urls, "SELECT count(*) FROM crime_batches") == 0


async def _first_answer(url: str, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(request)
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return answer


def test_a_body_that_breaks_off_leaves_nothing(police: Police) -> None:
    content = police_csv({})
    request = (
        f"POST /v1/crime-batches HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n"
        f"Authorization: Bearer {police.tokens['Metropolitan']}\r\n\r\n"
    ).encode() + content[:-20]

    async def break_off() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", int(police.api.url.rpartition(":")[2]))
        writer.write(request)
        await writer.drain()
        writer.close()

    asyncio.run(break_off())
    assert police.get("/v1/crime-batches").json()["crime_batches"] == []
    assert police.send(content).status_code == 201


def test_a_busy_registry_is_said_and_nothing_is_kept(police: Police) -> None:
    with as_owner(police.api.urls.owner) as batch:
        lock_registry_shared(batch)
        answer = police.send(police_csv({}))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert value(police.api.urls, "SELECT count(*) FROM crime_batches") == 0
    assert police.send(police_csv({})).status_code == 201


def test_several_senders_at_once(police: Police) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: police.send(police_csv({"crime_reference": f"C{n}"}, GOOD)).json(), range(6)))
    assert sum(one["new_count"] for one in answers) == 7
    current: list[tuple[Any, ...]] = ask(police.api.urls, "SELECT count(*) FROM crime_versions WHERE is_current")
    assert current == [(7,)]
