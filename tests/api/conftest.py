"""One API for the tests of a module that only read; `fresh_api` for those that change what others see."""

from collections.abc import Iterator

import pytest

from store.embedded import EmbeddedPostgres
from tests import conftest
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls, prepare_database


@pytest.fixture(scope="module")
def api(embedded_server: EmbeddedPostgres) -> Iterator[RunningApi]:
    with conftest._fresh_database(embedded_server) as url, running_api(prepare_database(url)) as running:
        yield running


@pytest.fixture
def fresh_api(migrated_database: DatabaseUrls) -> Iterator[RunningApi]:
    with running_api(migrated_database) as running:
        yield running
