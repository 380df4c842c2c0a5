"""Two forces' crimes and two wearers, one of the practitioner, as the import and the matcher would leave them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from model.crimes import MatchVerdict
from store.database import Cursor, Identity, connect, set_identity
from tests.support.crimes import (
    OTHER_FORCE,
    WINDOW_FROM,
    a_match,
    position,
    seed_batch,
    seed_crime,
    seed_result,
    seed_run,
)
from tests.support.database import DatabaseUrls
from tests.support.seed import FORCE, Wearer, as_owner, seed_wearer

MINUTE = timedelta(minutes=1)
SEEN_AT = WINDOW_FROM + 5 * MINUTE


@dataclass(frozen=True, slots=True)
class PoliceWorld:
    """``present`` is of the own wearer, ``unplaced`` of the other one; ``theirs`` is a crime of the other force."""

    urls: DatabaseUrls
    own: Wearer
    other: Wearer
    batch: int
    crime: int
    version: int
    run: int
    present: int
    near: int
    unplaced: int
    theirs: int
    their_match: int


def two_wearers_world(urls: DatabaseUrls) -> PoliceWorld:
    """Of two wearers without a trail, one of the practitioner."""
    with as_owner(urls.owner) as cursor:
        own = seed_wearer(cursor, "X100001", "the.practitioner", name="Sam Own")
        other = seed_wearer(cursor, "X100002", "another", name="Kim Other")
    return seed_police_world(urls, own, other)


def seed_police_world(urls: DatabaseUrls, own: Wearer, other: Wearer) -> PoliceWorld:
    """The present one has a position at the scene, and two that police must not see: too early, and too far."""
    seen = (position(SEEN_AT), position(WINDOW_FROM - 11 * MINUTE), position(SEEN_AT, distance_m=109.0, lat=51.501))
    with as_owner(urls.owner) as cursor:
        near = seed_wearer(cursor, "X100003", name="Jo Near")
        batch = seed_batch(cursor)
        crime, version = seed_crime(cursor, batch, "CRI/1")
        run = seed_run(cursor, version)
        their_crime, their_version = seed_crime(cursor, seed_batch(cursor, OTHER_FORCE), "CRI/2", force=OTHER_FORCE)
        their_run = seed_run(cursor, their_version)
        present, absent, unplaced = (
            seed_result(cursor, run, version, match)
            for match in (
                a_match(own.person_id, MatchVerdict.PRESENT, seen),
                a_match(near.person_id, MatchVerdict.ABSENT),
                a_match(other.person_id, MatchVerdict.CANNOT_SAY),
            )
        )
        their_match = seed_result(
            cursor, their_run, their_version, a_match(own.person_id, MatchVerdict.PRESENT, seen[:1])
        )
    return PoliceWorld(
        urls, own, other, batch, crime, version, run, present, absent, unplaced, their_crime, their_match
    )


@contextmanager
def as_police(
    urls: DatabaseUrls, role: str = "police_analyst", subject: str = "an.analyst", force: str = FORCE
) -> Iterator[Cursor]:
    """A cursor of the API's role in one transaction."""
    with closing(connect(urls.api, "test")) as connection, connection, connection.cursor() as cursor:
        set_identity(cursor, Identity(subject, role, "test", "test", force))
        yield cursor
