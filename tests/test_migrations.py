"""Migrations: applied once, on both kinds of server."""

import pytest

from store.migrate import migrate, read_migrations
from tests.support.database import DatabaseUrls


def test_a_second_run_applies_nothing(migrated_database: DatabaseUrls) -> None:
    assert migrate(migrated_database.owner) == []


def test_a_first_run_applies_everything(empty_embedded_database: str) -> None:
    assert migrate(empty_embedded_database) == [migration.name for migration in read_migrations()]


@pytest.mark.timeout(300)
def test_timescale_takes_the_same_migrations(migrated_timescale_database: DatabaseUrls) -> None:
    assert migrate(migrated_timescale_database.owner) == []
