"""The next crimes are read while those before are decided."""

import threading
from contextlib import closing

import pytest

from crimes.scenes import Scene
from geofence.projection import Projection
from ingest.matching import engine as engine_module
from ingest.matching.engine import MatchingEngine
from model.crimes import MatchingSettings, Window
from store.database import connect
from store.match_parts import SCENES_AT_ONCE
from tests.support.database import DatabaseUrls

HOUR_US = 3_600_000_000
SCENES = [
    Scene(number, 51.5, -0.1, 0.0, (Window(number * HOUR_US, number * HOUR_US + 1),))
    for number in reversed(range(1, 3 * SCENES_AT_ONCE + 5))
]
"""The latest first, in some parts and a bit."""


def test_every_crime_has_its_answer_in_the_order_asked(migrated_database: DatabaseUrls) -> None:
    engine = MatchingEngine(MatchingSettings(), Projection(51.5, -0.1))
    with closing(connect(migrated_database.worker, "test")) as connection, connection, connection.cursor() as cursor:
        found = engine.match_everybody(cursor, SCENES)
        assert [one.scene for one in found] == SCENES
        assert engine.match_everybody(cursor, []) == []


def test_one_that_cannot_be_decided_leaves_nobody_reading(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(engine_module, "match_candidates", fail)
    engine = MatchingEngine(MatchingSettings(), Projection(51.5, -0.1))
    with closing(connect(migrated_database.worker, "test")) as connection, connection, connection.cursor() as cursor:
        with pytest.raises(ValueError, match="no") as raised:
            engine.match_everybody(cursor, SCENES)
        assert raised.tb is not None  # and what it refers to is still there, as where an error is dealt with
        assert not [one for one in threading.enumerate() if one.name.startswith("match-reads")]
