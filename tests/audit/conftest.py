"""An audit with a few records, its sealer, and the owner who would like it to say something else."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from access.audit import Action, Subject, record_allowed
from access.audit_heads import read_heads
from access.audit_verification import Verification, verify_audit
from access.sealer import Sealer
from crimes.evidence.signature import load_signing_key, make_key
from store.database import Cursor, Identity, Pool, connect
from tests.conftest import fresh_database
from tests.servers.timescale import DatabaseServer
from tests.support.database import DatabaseUrls

OFFICER = Identity("the.officer", "practitioner", "review of last night's alert", "request-1")
EVERY_S = 1.0


@dataclass
class Audited:
    """Each ``seal`` is what the sealer does in a second."""

    urls: DatabaseUrls
    pool: Pool
    heads: Path
    private_key: bytes
    public_key: bytes

    def __post_init__(self) -> None:
        self.sealer = self.new_sealer(self.private_key)

    def look(self, *people: int, **detail: Any) -> int:
        """A record of each; the id of the last."""
        with self.pool.transaction(OFFICER) as cursor:
            for person_id in people:
                record_allowed(cursor, OFFICER, Action.VISITS_READ, Subject(person_id, row_count=3, detail=detail))
        return int(self.value("SELECT max(audit_id) FROM audit_log"))

    def seal(self) -> None:
        while self.sealer.round() != EVERY_S:
            pass

    def value(self, statement: str) -> Any:
        with closing(connect(self.urls.owner, "test")) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
            assert row is not None
            return row[0]

    def as_owner(self, *statements: str) -> None:
        """Without the triggers, as only the owner and superusers can."""
        with closing(connect(self.urls.owner, "test")) as connection, connection, connection.cursor() as cursor:
            tamper(cursor, *statements)

    def problems_after(self, *statements: str, with_key: bool = False) -> list[str]:
        """What is found once the owner has done this, which is then taken back."""
        with closing(connect(self.urls.owner, "test")) as connection, connection.cursor() as cursor:
            tamper(cursor, *statements)
            return verify_audit(cursor, read_heads(self.heads), [self.public_key] if with_key else []).problems

    def verify(self, *, with_heads: bool = False, with_key: bool = False) -> Verification:
        with closing(connect(self.urls.owner, "test")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                heads = read_heads(self.heads) if with_heads else ()
                return verify_audit(cursor, heads, [self.public_key] if with_key else [])

    def new_sealer(self, private_key: bytes | None) -> Sealer:
        key = None if private_key is None else load_signing_key(private_key)
        return Sealer(lambda: connect(self.urls.sealer, "test"), EVERY_S, self.heads, key)


def tamper(cursor: Cursor, *statements: str) -> None:
    for table in ("audit_log", "audit_seals", "audit_prunings"):
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement in statements:
        cursor.execute(statement)


@contextmanager
def audited_database(urls: DatabaseUrls, folder: Path) -> Iterator[Audited]:
    """Three seals of four records each, published and signed."""
    pool = Pool(urls.api, "test", size=4)
    made = Audited(urls, pool, folder / "heads.ndjson", *make_key())
    for first in (1, 11, 21):
        made.look(first, first + 1, first + 2, first + 3, note="café", at={"b": 1.50, "a": [1, None]})
        made.seal()
    yield made
    made.sealer._let_go()
    pool.close()


@pytest.fixture
def audited(migrated_database: DatabaseUrls, tmp_path: Path) -> Iterator[Audited]:
    with audited_database(migrated_database, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(
    embedded_server: DatabaseServer, embedded_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Audited]:
    """The same for tests that leave it as it is."""
    with (
        fresh_database(embedded_server, embedded_template) as url,
        audited_database(DatabaseUrls.of(url), tmp_path_factory.mktemp("audit")) as made,
    ):
        yield made
