"""A verdict that rests on two positions with hours between them falls when one of them does."""

from collections.abc import Iterator

import pytest

from model.crimes import MatchVerdict
from tests.support.database import DatabaseUrls
from tests.support.matched_world import MatchedWorld, at, crime, sent, verdicts

FAR_AWAY, ELSEWHERE = (53.5, -2.2), (51.8, -2.2)  # 260 km from the scene; 190 km from there


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> Iterator[MatchedWorld]:
    """TAG is far away, and silent from minute 10 to 250; the crime is at minute 30."""
    with MatchedWorld.on(migrated_database) as made:
        made.enrol(["CRN"], ["TAG", "OTHER"])
        made.activate("TAG", "CRN", at(-60))
        made.clock(at(260))
        made.arrive(sent(FAR_AWAY, *range(11), *range(250, 261)))
        made.report([crime(30)])
        made.match_all()
        yield made


def test_who_could_not_have_come_back_is_ruled_out(world: MatchedWorld) -> None:
    assert verdicts(world) == []


def test_the_tag_turns_out_to_have_come_off_before_the_later_position(world: MatchedWorld) -> None:
    world.deactivate("TAG", at(240))
    world.match_all()
    assert verdicts(world) == [MatchVerdict.CANNOT_SAY]


def test_another_tag_turns_out_to_have_been_on_before_the_crime_was_long_over(world: MatchedWorld) -> None:
    world.deactivate("TAG", at(240))
    world.arrive(sent(FAR_AWAY, *range(246, 250), serial="OTHER"))
    world.match_all()
    world.activate("OTHER", "CRN", at(245))
    world.match_all()
    assert verdicts(world) == []


def test_late_positions_contradict_those_about_the_gap(world: MatchedWorld) -> None:
    world.arrive(sent(ELSEWHERE, 43, 44))
    world.match_all()
    assert verdicts(world) == [MatchVerdict.CANNOT_SAY]


def test_the_position_that_ended_a_gap_turns_out_to_be_a_lone_outlier(migrated_database: DatabaseUrls) -> None:
    nearby, astray = (51.365, -0.1), (50.107, -0.1)  # 15 km and 155 km from the scene
    with MatchedWorld.on(migrated_database) as world:
        world.enrol(["CRN"], ["TAG"])
        world.activate("TAG", "CRN", at(-60))
        world.clock(at(40.1))
        world.arrive(sent(nearby, *range(11)))
        world.arrive(sent(astray, 40))
        world.report([crime(15)])
        world.match_all()
        assert verdicts(world) == [], "nobody comes there by way of the scene"
        world.clock(at(41.1))
        world.arrive(sent(nearby, 41))
        world.match_all()
        assert verdicts(world) == [MatchVerdict.CANNOT_SAY]
