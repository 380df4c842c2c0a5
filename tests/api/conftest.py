"""One API for the tests of a module that only read; `fresh_api` for those that change what others see."""

from collections.abc import Iterator

import pytest

from tests.api.police import PoliceApi, police_api
from tests.conftest import fresh_database
from tests.servers.timescale import DatabaseServer
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls


@pytest.fixture(scope="module")
def api(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[RunningApi]:
    with fresh_database(embedded_server, embedded_template) as url, running_api(DatabaseUrls.of(url)) as running:
        yield running


@pytest.fixture
def fresh_api(migrated_database: DatabaseUrls) -> Iterator[RunningApi]:
    with running_api(migrated_database) as running:
        yield running


@pytest.fixture
def police(migrated_database: DatabaseUrls) -> Iterator[PoliceApi]:
    with police_api(migrated_database) as running:
        yield running
