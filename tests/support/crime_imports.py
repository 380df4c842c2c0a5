"""Police files imported as the API's role does for an analyst of one force."""

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from ingest.matching.importing import ImportedFile, Reading, Sender, import_crime_file
from store.database import Cursor, Identity, connect, set_identity
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

FORCE = "Metropolitan"
MAX_BYTES = 10_000_000
LOCK_TIMEOUT_MS = 500


@dataclass(frozen=True, slots=True)
class Importer:
    """Who sends files. ``force`` is the token's, of which the files have to be."""

    urls: DatabaseUrls
    force: str = FORCE
    subject: str = "an.analyst"

    @property
    def identity(self) -> Identity:
        return Identity(self.subject, "police_analyst", "test", "request", self.force)

    @contextmanager
    def begin(self) -> Iterator[Cursor]:
        with (
            closing(connect(self.urls.api, "test")) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            set_identity(cursor, self.identity)
            yield cursor

    def send(self, content: bytes | BinaryIO, max_bytes: int = MAX_BYTES) -> ImportedFile:
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        sender = Sender(self.identity, "api", self.force)
        return import_crime_file(self.begin, stream, sender, Reading({}, max_bytes, LOCK_TIMEOUT_MS))


def ask(urls: DatabaseUrls, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows as the owner reads them, who sees everything."""
    with as_owner(urls.owner) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def value(urls: DatabaseUrls, statement: str, *values: object) -> Any:
    ((found,),) = ask(urls, statement, *values)
    return found
