"""The command as a user runs it, on a database of its own."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from cli.main import main
from store.migrate import migrate


@pytest.fixture
def database(empty_embedded_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """A migrated database that the commands find, and a way to ask it."""
    migrate(empty_embedded_database)
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", empty_embedded_database)
    options = "-c search_path=cordon -c timezone=UTC"
    with closing(psycopg2.connect(empty_embedded_database, options=options)) as connection:
        connection.autocommit = True

        def value(statement: str) -> Any:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone()
                assert row is not None
                return row[0]

        yield value


@pytest.fixture
def cordon(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command with these arguments; its exit code, what it printed, and what it complained of."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cordon", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run
