"""Two hundred read at once while the sealer seals: every answer has its record, and each record joins the chain."""

import asyncio
import threading
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path
from time import perf_counter

import httpx

from access.audit_heads import read_heads
from access.audit_verification import verify_audit
from access.roles import Role
from access.sealer import Sealer
from store.database import connect
from tests.support.api_server import NO_TLS, RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_positions

READERS, READS = 200, 2
SEAL_EVERY_S = 0.05
WINDOW = "?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z"


async def read_all(api: RunningApi, readers: int = READERS, reads: int = READS) -> list[tuple[str, float]]:
    """The id of each request that was answered, and how long it took in seconds."""
    # none is kept: one that the server closes at its idle end, just as it is used again, is an error of no reader
    limits = httpx.Limits(max_connections=readers, max_keepalive_connections=0)
    headers = {"Authorization": f"Bearer {api.tokens[Role.PRACTITIONER]}"}
    async with httpx.AsyncClient(base_url=api.url, headers=headers, limits=limits, timeout=60, verify=NO_TLS) as client:

        async def read(reader: int) -> list[tuple[str, float]]:
            answered = []
            for number in range(reads):
                began, request_id = perf_counter(), str(uuid.uuid4())
                path = f"/v1/people/{api.own.person_id}/track{WINDOW}" if (reader + number) % 2 else "/v1/people"
                answer = await client.get(path, headers={"X-Request-Id": request_id})
                assert answer.status_code == 200, answer.text
                answered.append((answer.headers["X-Request-Id"], perf_counter() - began))
            return answered

        found = await asyncio.gather(*(read(reader) for reader in range(readers)))
    return [one for theirs in found for one in theirs]


def test_every_answer_to_two_hundred_readers_has_its_record_in_the_chain(
    migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    heads, stop = tmp_path / "heads", threading.Event()
    sealer = Sealer(lambda: connect(migrated_database.sealer, "test"), SEAL_EVERY_S, heads, None)
    with running_api(migrated_database, database_pool_size=20) as api:
        with as_owner(api.urls.owner) as cursor:
            seed_positions(cursor, api.own.device_id, 50)
        sealing = threading.Thread(target=sealer.run, args=(stop,))
        sealing.start()
        try:
            answered = asyncio.run(read_all(api))
        finally:
            stop.set()
            sealing.join()
    assert len(answered) == READERS * READS
    while sealer.round() == 0:
        pass
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("SELECT request_id FROM audit_log WHERE action IN ('track.read', 'people.list')")
        recorded = Counter(request_id for (request_id,) in cursor.fetchall())
    assert recorded == Counter(request_id for request_id, _ in answered), "one record for each answer, and no other"
    with closing(connect(migrated_database.owner, "test")) as connection, connection.cursor() as cursor:
        found = verify_audit(cursor, read_heads(heads), [])
    assert (found.problems, found.unsealed, found.rows) == ([], 0, len(answered))
    assert found.seals > 1, "it was sealed while they read"
