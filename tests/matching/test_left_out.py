"""Nobody is left out as elsewhere by positions that prove nothing."""

from collections.abc import Iterator

import pytest

from model.crimes import GapReason, MatchVerdict
from model.device_events import DeviceEventKind
from tests.support.database import DatabaseUrls
from tests.support.matched_world import CENTRE, MatchedWorld, at, crime, sent, verdicts

FAR_AWAY, ELSEWHERE, OUTSKIRTS = (53.5, -2.2), (50.8, -1.1), (51.9, -0.5)  # 260 km, 105 km and 52 km from the scene
CLOSE = (51.51, -0.1)


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> Iterator[MatchedWorld]:
    with MatchedWorld.on(migrated_database) as made:
        made.enrol(["CRN"], ["TAG", "OTHER"])
        made.activate("TAG", "CRN", at(-60))
        made.clock(at(300))
        yield made


def matched(world: MatchedWorld, minute: float) -> list[MatchVerdict]:
    world.report([crime(minute)])
    world.match_all()
    return verdicts(world)


def test_two_tags_that_are_worn_at_once_contradict_each_other(world: MatchedWorld) -> None:
    world.activate("OTHER", "CRN", at(-60))
    world.arrive(sent(FAR_AWAY, *range(240)) + sent(ELSEWHERE, *range(240), serial="OTHER"))
    assert matched(world, 60) == [MatchVerdict.CANNOT_SAY]


def test_another_tag_speaks_in_the_gap_of_the_first(world: MatchedWorld) -> None:
    world.activate("OTHER", "CRN", at(195))
    world.arrive(sent(FAR_AWAY, *range(11), *range(250, 261)) + sent(OUTSKIRTS, *range(200, 210), serial="OTHER"))
    assert matched(world, 150) == [MatchVerdict.CANNOT_SAY]


@pytest.mark.parametrize("opened", [-30, 200])
def test_a_gap_that_begins_or_ends_with_an_open_strap(world: MatchedWorld, opened: int) -> None:
    world.strap("TAG", DeviceEventKind.STRAP_TAMPER, at(opened))
    world.strap("TAG", DeviceEventKind.STRAP_RESTORED, at(opened + 50))
    world.arrive(sent(FAR_AWAY, *range(11), *range(240, 249)))
    assert matched(world, 100) == [MatchVerdict.CANNOT_SAY]


def test_who_was_last_heard_of_hours_before_is_told_since_when(world: MatchedWorld) -> None:
    world.arrive(sent(FAR_AWAY, *range(11)))
    assert matched(world, 100) == [MatchVerdict.CANNOT_SAY]
    (match,) = world.standing()["CRIME"][1].values()
    assert (match.covered_from_us, match.covered_to_us) == (at(10), at(10))
    assert [(gap.from_us, gap.to_us, gap.reason) for gap in match.gaps] == [(at(10), None, GapReason.NO_COMMUNICATION)]


def test_what_is_worn_long_after_changes_no_word_of_a_match(world: MatchedWorld) -> None:
    world.arrive(sent(CLOSE, *range(240)))
    assert matched(world, 60) == [MatchVerdict.CANNOT_SAY]
    before = world.standing()
    world.deactivate("TAG", at(280))
    world.activate("TAG", "CRN", at(290))
    world.match_all()
    assert verdicts(world) == [MatchVerdict.CANNOT_SAY]
    assert world.standing() == before


def test_who_was_at_the_scene_by_a_second_tag_is_present(world: MatchedWorld) -> None:
    world.deactivate("TAG", at(50))
    world.activate("OTHER", "CRN", at(50))
    world.arrive(sent(CLOSE, *range(50)) + sent(CENTRE, *range(55, 70), serial="OTHER"))
    assert matched(world, 60) == [MatchVerdict.PRESENT]
