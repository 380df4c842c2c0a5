"""Positions that share a fix time, or are sent twice, are noted like any others."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from model.enums import Mechanism
from model.times import SECOND_US
from store.database import connect
from tests.support.database import DatabaseUrls
from tests.support.pings import START_US
from tests.support.stored_tracks import Sent, TrackWriter
from tests.support.world import enrol

HERE, AWAY = (51.5, -0.1), (51.6, 0.2)  # 24 km apart


@pytest.fixture
def writer(migrated_database: DatabaseUrls) -> Iterator[TrackWriter]:
    enrol(migrated_database.owner, ["TAG"])
    with closing(connect(migrated_database.worker, "test")) as connection:
        yield TrackWriter(connection)


def fix(second: int, place: tuple[float, float] = HERE, accuracy_m: float = 8.0) -> Sent:
    mechanism = Mechanism.LBS if accuracy_m > 150 else Mechanism.GPS
    return Sent("TAG", START_US + second * SECOND_US, *place, accuracy_m, mechanism)


def test_a_coarse_position_that_is_sent_twice_in_a_batch(writer: TrackWriter) -> None:
    writer.take([fix(0), fix(10, accuracy_m=5000), fix(10, accuracy_m=5000), fix(20)])


def test_two_coarse_positions_at_one_instant(writer: TrackWriter) -> None:
    writer.take([fix(0), fix(10, accuracy_m=5000), fix(10, AWAY, accuracy_m=6000), fix(20)])


def test_two_positions_at_one_instant_and_then_a_gap(writer: TrackWriter) -> None:
    writer.take([fix(0), fix(60), fix(60, AWAY), fix(600)])
