"""A verdict that rests on two positions with hours between them falls when one of them does."""

from collections.abc import Iterator

import pytest

from model.crimes import MatchVerdict
from model.times import SECOND_US, from_microseconds
from tests.support.database import DatabaseUrls
from tests.support.matched_world import MatchedWorld, said, start_of_all
from tests.support.stored_tracks import Sent

MINUTE_US = 60 * SECOND_US
SCENE, FAR_AWAY, ELSEWHERE = (51.5, -0.1), (53.5, -2.2), (51.8, -2.2)  # 260 km from the scene; 190 km from there


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


def at(minute: float) -> int:
    return start_of_all() + round(minute * MINUTE_US)


def sent(place: tuple[float, float], *minutes: float, serial: str = "TAG") -> list[Sent]:
    return [Sent(serial, at(minute), *place) for minute in minutes]


def crime(minute: float) -> dict[str, object]:
    moment = from_microseconds(at(minute)).isoformat()
    return {
        "police_force": "Metropolitan",
        "crime_type_id": "KROB",
        "batch_id": "MPS20261120",
        "crime_reference": "CRIME",
        "date_from": moment,
        "date_to": moment,
        "latitude": SCENE[0],
        "longitude": SCENE[1],
    }


def verdicts(world: MatchedWorld) -> list[MatchVerdict]:
    """What is said of whoever was not simply elsewhere; the same whether it stands or is searched for anew."""
    (counts, standing), (searched_counts, searched) = (one["CRIME"] for one in (world.standing(), world.from_nothing()))
    assert said(standing) == said(searched)
    assert counts == searched_counts
    return [one.verdict for one in said(standing).values()]


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
