"""Which crimes a worker holds: the recent ones, in their newest version, and that there are others."""

from datetime import UTC, datetime, timedelta

import numpy as np

from crimes.recent import RecentScenes
from geofence.projection import Projection
from model.crimes import LONGEST_HULL, MatchingSettings
from model.times import SECOND_US, to_microseconds
from store.recent_scenes import HELD_FOR, take_scenes
from store.registry import read_revision
from tests.support.batches import connected
from tests.support.database import DatabaseUrls
from tests.support.matching import ReportedCrime, import_crimes

SCENE = (51.5, -0.1)
DAY = timedelta(days=1)


def crime(reference: str, ago: timedelta) -> ReportedCrime:
    """One that lasted for a minute."""
    from_us = to_microseconds((datetime.now(UTC) - ago).replace(microsecond=0))
    return ReportedCrime(reference, SCENE, from_us, from_us + 60 * SECOND_US)


def take(database: DatabaseUrls, scenes: RecentScenes, since_revision: int) -> int:
    """The revision that they are true as of."""
    with connected(database.worker) as connection, connection, connection.cursor() as cursor:
        take_scenes(cursor, scenes, since_revision)
        return read_revision(cursor)


def may_be(scenes: RecentScenes, ago: timedelta) -> bool:
    """Whether there may be a crime in the hour before that."""
    until_us = to_microseconds(datetime.now(UTC) - ago)
    stretch = np.array([until_us - 3600 * SECOND_US]), np.array([until_us])
    return bool(scenes.may_be_in(*stretch)[0])


def test_nothing_is_known_while_there_is_no_crime(migrated_database: DatabaseUrls) -> None:
    scenes = RecentScenes(Projection(51.5, -0.1), MatchingSettings())
    take(migrated_database, scenes, -1)
    assert scenes.knows_none


def test_recent_crimes_are_held_and_of_older_ones_that_there_are_some(migrated_database: DatabaseUrls) -> None:
    scenes = RecentScenes(Projection(51.5, -0.1), MatchingSettings())
    import_crimes(migrated_database, crime("NEW", 2 * DAY))
    revision = take(migrated_database, scenes, -1)
    assert len(scenes) == 1
    assert [may_be(scenes, ago) for ago in (2 * DAY, 3 * DAY, 100 * DAY)] == [True, False, False]
    import_crimes(migrated_database, crime("OLD", 50 * DAY))
    take(migrated_database, scenes, revision)
    assert len(scenes) == 1
    assert [may_be(scenes, ago) for ago in (2 * DAY, 3 * DAY, 100 * DAY)] == [True, False, True]
    horizon = HELD_FOR + LONGEST_HULL
    assert may_be(scenes, horizon - LONGEST_HULL + timedelta(minutes=1)), "one of 13 hours may reach up to there"


def test_a_resubmitted_crime_is_held_where_it_is_said_to_be_now(migrated_database: DatabaseUrls) -> None:
    scenes = RecentScenes(Projection(51.5, -0.1), MatchingSettings())
    import_crimes(migrated_database, crime("CRIME", 2 * DAY), crime("OTHER", 4 * DAY))
    revision = take(migrated_database, scenes, -1)
    import_crimes(migrated_database, crime("CRIME", 3 * DAY))
    take(migrated_database, scenes, revision)
    assert len(scenes) == 2
    assert [may_be(scenes, ago) for ago in (2 * DAY, 3 * DAY, 4 * DAY)] == [False, True, True]
