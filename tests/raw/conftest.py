"""An archive as a worker leaves it: pings judged from the embedded queue, in a process of the test's own."""

from collections.abc import Iterator

import pytest

from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.judging import Judge, judging


@pytest.fixture
def judge(migrated_database: DatabaseUrls) -> Iterator[Judge]:
    """Judges (serial, JSON) pairs as one batch."""
    with judging(migrated_database) as judge_batch:
        yield judge_batch


@pytest.fixture
def cordon(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cordon:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    return in_process(monkeypatch, capsys)
