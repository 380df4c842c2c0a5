"""A crime with a wearer at its scene, matched by a real matcher, and what police do with the match."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from access.roles import Role
from crimes.evidence.signature import make_key
from model.times import SECOND_US
from store.database import Cursor, Identity, connect, set_identity
from store.evidence import EvidenceWanted, StoredEvidence, find_evidence, request_evidence
from tests.support.database import DatabaseUrls
from tests.support.matching import ReportedCrime, import_crimes, matching, verdicts
from tests.support.pings import ping
from tests.support.seed import FORCE
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, rows

SCENE, FAR = (51.5, -0.1), (51.6, -0.1)
MINUTE_US = 60 * SECOND_US
START_US = 1_772_442_000_000_000
"""A morning in March 2026."""
SERIAL = "NEAR"
ANALYST = Identity("an.analyst", Role.POLICE_ANALYST, "investigating", "request", FORCE)
WANTED = {"purpose": "charging decision", "basis": "DPA 2018 Schedule 2", "maker": "A. Smith", "exhibit": "AS/1"}

Walk = Sequence[tuple[float, tuple[float, float]]]
"""(minute, place)"""


@dataclass(frozen=True, slots=True)
class EvidenceWorld:
    """``result`` is the present match of the wearer whose tag is SERIAL."""

    urls: DatabaseUrls
    key_file: Path
    public_key: Path
    result: int

    def qualify(self, decision: str = "confirmed", reviewer: str = "a.reviewer", result: int | None = None) -> None:
        with closing(connect(self.urls.owner, "test")) as connection, connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO match_qualifications (result_id, reviewer, decision, note) VALUES (%s, %s, %s, 'seen')",
                (result or self.result, reviewer, decision),
            )

    def ask(self, identity: Identity = ANALYST, result: int | None = None) -> StoredEvidence | None:
        with self.as_police(identity) as cursor:
            return request_evidence(cursor, EvidenceWanted(result or self.result, **WANTED))

    def state(self, evidence_id: int) -> tuple[str, str | None]:
        with self.as_police() as cursor:
            found = find_evidence(cursor, evidence_id)
        assert found is not None
        return found.state, found.problem

    def issue(self) -> int:
        """The id of evidence that was confirmed, asked for and issued."""
        self.qualify()
        asked = self.ask()
        assert asked is not None
        wait_until(lambda: self.state(asked.evidence_id)[0] != "requested", what="the bundle")
        assert self.state(asked.evidence_id) == ("issued", None)
        return asked.evidence_id

    def send(self, walk: Walk) -> None:
        send(self.urls, walk)

    @contextmanager
    def as_police(self, identity: Identity = ANALYST) -> Iterator[Cursor]:
        with closing(connect(self.urls.api, "test")) as connection, connection, connection.cursor() as cursor:
            set_identity(cursor, identity)
            yield cursor


@contextmanager
def evidence_world(urls: DatabaseUrls, folder: Path, **settings: object) -> Iterator[EvidenceWorld]:
    """With a worker and a matcher that go on to the end of the block."""
    key_file, public_key = folder / "key.pem", folder / "key.pem.pub"
    for file, content in zip((key_file, public_key), make_key(), strict=True):
        file.write_bytes(content)
    enrol(urls.owner, [SERIAL])
    with queue_worker(urls), matching(urls, **{"evidence_key_file": str(key_file), **settings}):
        send(urls, [(float(minute), SCENE if 58 <= minute < 64 else FAR) for minute in (*range(50), *range(58, 64))])
        send(urls, [(float(minute), FAR) for minute in range(75, 120)])
        wait_until(lambda: rows(urls.owner, "SELECT count(*) FROM positions") == [(101,)], what="the positions")
        import_crimes(urls, ReportedCrime("CRIME", SCENE, START_US + 60 * MINUTE_US, START_US + 62 * MINUTE_US))
        wait_until(lambda: verdicts(urls, "CRIME") == {SERIAL: "present"}, what="the match")
        (result,) = rows(urls.owner, "SELECT result_id FROM matching_results WHERE superseded_by IS NULL")[0]
        yield EvidenceWorld(urls, key_file, public_key, result)


def send(urls: DatabaseUrls, walk: Walk) -> None:
    """One message a position."""
    append(
        urls,
        [
            (SERIAL, ping(SERIAL, START_US + int(minute * MINUTE_US), *place, accuracy_m=8, mechanism="GPS"))
            for minute, place in walk
        ],
    )
