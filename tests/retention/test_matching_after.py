"""Crimes are matched after positions were let go: whoever wore a tag then is not ruled out, and nobody is matched."""

from collections.abc import Iterator

import pytest

from model.crimes import MatchVerdict
from model.retention import Kind, RetentionRules, Rule
from tests.support.database import DatabaseUrls
from tests.support.matched_world import CENTRE, MatchedWorld, at, crime, sent, verdicts
from tests.support.retention import run

ELSEWHERE = (CENTRE[0] + 0.05, CENTRE[1])
OLD_POSITIONS: RetentionRules = {kind: Rule(1 if kind is Kind.POSITIONS else None, None) for kind in Kind}
"""By an age that all of the world's have: it plays a month before the service's clock."""


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> Iterator[MatchedWorld]:
    with MatchedWorld.on(migrated_database) as made:
        made.enrol(["NEAR", "FAR"], ["TAG-NEAR", "TAG-FAR"])
        for serial, crn in (("TAG-NEAR", "NEAR"), ("TAG-FAR", "FAR")):
            made.activate(serial, crn, at(0))
        made.clock(at(200))
        made.arrive(sent(CENTRE, *range(1, 121), serial="TAG-NEAR"))
        made.arrive(sent(ELSEWHERE, *range(1, 121), serial="TAG-FAR"))
        yield made


def test_what_was_matched_before_stands_and_what_is_matched_after_says_nothing(
    migrated_database: DatabaseUrls, world: MatchedWorld
) -> None:
    world.report([crime(60)])
    world.match_all()
    assert verdicts(world) == [MatchVerdict.PRESENT]
    before = world.standing()["CRIME"]

    assert run(migrated_database, OLD_POSITIONS)[Kind.POSITIONS, "positions"] == 240
    world.match_all()
    assert world.standing()["CRIME"] == before  # explained by what it carries with it

    world.report([crime(61)])  # police send it again, with another time
    world.match_all()
    assert verdicts(world) == [MatchVerdict.CANNOT_SAY, MatchVerdict.CANNOT_SAY]


def test_a_worker_that_goes_on_leaves_nobody_out_of_a_search(
    migrated_database: DatabaseUrls, world: MatchedWorld
) -> None:
    run(migrated_database, OLD_POSITIONS)
    world.arrive(sent(ELSEWHERE, 90.5, serial="TAG-FAR"))  # late, and of an erased time
    world.report([crime(60)])
    world.match_all()
    assert verdicts(world) == [MatchVerdict.CANNOT_SAY, MatchVerdict.CANNOT_SAY]
