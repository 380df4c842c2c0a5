"""One database a file for tests that only read or are refused; `migrated_database` for those that change it."""

from collections.abc import Iterator

import pytest

from tests.conftest import fresh_database
from tests.servers.timescale import DatabaseServer
from tests.support.database import DatabaseUrls


@pytest.fixture(scope="module")
def shared_database(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[DatabaseUrls]:
    with fresh_database(embedded_server, embedded_template) as url:
        yield DatabaseUrls.of(url)
