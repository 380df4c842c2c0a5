"""The command as a user runs it, on a database of its own."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls


@pytest.fixture
def database(migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """A migrated database that the commands find, and a way to ask it."""
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    options = "-c search_path=cordon -c timezone=UTC"
    with closing(psycopg2.connect(migrated_database.owner, options=options)) as connection:
        connection.autocommit = True

        def value(statement: str) -> Any:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone()
                assert row is not None
                return row[0]

        yield value


@pytest.fixture
def cordon(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cordon:
    return in_process(monkeypatch, capsys)
