"""Matching goes by what may be looked at: nothing is said of a time that no condition, basis or visit opens."""

from collections.abc import Iterator, Sequence

import pytest

from crimes.matching.verdict import unmonitored_match
from model.crimes import GapReason, Match, MatchVerdict, Window
from store import scene_groups
from store.database import Cursor
from store.lawful_wearings import read_lawful
from store.wearings import Wearings
from tests.support.database import DatabaseUrls
from tests.support.matched_world import CENTRE, SETTINGS, at, crime, four, sent
from tests.support.monitored_world import MonitoredWorld

FAR_AWAY = (53.5, -2.2)
EVER = at(-60), at(600)


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> Iterator[MonitoredWorld]:
    """Somebody whom nothing lets be looked at."""
    with MonitoredWorld.on(migrated_database) as made:
        made.enrol(["CRN"], ["TAG"], monitored=())
        made.add_zone()
        made.activate("TAG", "CRN", at(-60))
        made.clock(at(500))
        yield made


def matched(world: MonitoredWorld) -> tuple[MatchVerdict | None, Match]:
    """The verdict that stands, and what is asked of the one wearer; the counts are those of both, and of a search."""
    world.match_all()
    counts, alone = world.one_by_one()["CRIME"]
    standing_counts, standing = world.standing()["CRIME"]
    assert four(standing_counts) == four(counts) == four(world.from_nothing()["CRIME"][0])
    ((_, match),) = alone.items()
    stood = next(iter(standing.values()), None)
    if stood is not None and stood.verdict is not MatchVerdict.ABSENT:
        assert stood == match
    return None if stood is None else stood.verdict, match


@pytest.mark.parametrize("place", [CENTRE, FAR_AWAY])
def test_nothing_is_said_of_a_time_that_nothing_opens(world: MonitoredWorld, place: tuple[float, float]) -> None:
    """At the scene or far away: the answer is the same to the letter."""
    world.arrive(sent(place, *range(240)))
    world.report([crime(60)])
    verdict, match = matched(world)
    assert verdict is None, "who is not monitored is counted, and has no result"
    assert match == unmonitored_match(match.person_id, world.scene("CRIME"), SETTINGS)
    assert (match.verdict, match.gaps[0].reason) == (MatchVerdict.CANNOT_SAY, GapReason.NOT_MONITORED)
    assert world.standing()["CRIME"][0].not_monitored == 1


def test_lawful_time_before_and_after_says_nothing_of_a_window_without_any(world: MonitoredWorld) -> None:
    world.monitor("CRN", at(0), at(45))
    world.monitor("CRN", at(75), at(240))
    world.arrive(sent(FAR_AWAY, *range(240)))
    world.report([crime(60)])
    assert matched(world)[1].verdict is MatchVerdict.CANNOT_SAY


def test_a_basis_that_is_approved_later_lets_the_past_be_matched(world: MonitoredWorld) -> None:
    world.arrive(sent(CENTRE, *range(240)))
    world.report([crime(60)])
    assert matched(world)[1].verdict is MatchVerdict.CANNOT_SAY
    world.monitor("CRN", *EVER)
    assert matched(world)[0] is MatchVerdict.PRESENT
    world.end_monitoring("CRN", at(0))
    verdict, match = matched(world)
    assert (verdict, match.gaps[0].reason) == (MatchVerdict.CANNOT_SAY, GapReason.NOT_MONITORED)
    assert not match.positions


def test_who_was_ruled_out_is_not_once_the_basis_is_ended_for_that_time(world: MonitoredWorld) -> None:
    world.monitor("CRN", *EVER)
    world.arrive(sent(FAR_AWAY, *range(240)))
    world.report([crime(60)])
    verdict, match = matched(world)
    assert (verdict, match.verdict) == (None, MatchVerdict.ABSENT)
    world.end_monitoring("CRN", at(0))
    assert matched(world)[0] is MatchVerdict.CANNOT_SAY, "a result says so: the elimination before it is withdrawn"


def test_a_visit_places_its_wearer_and_rules_nobody_out_beyond_it(world: MonitoredWorld) -> None:
    world.arrive(sent(CENTRE, *range(240)))
    world.report([crime(60)])
    assert matched(world)[1].verdict is MatchVerdict.CANNOT_SAY
    world.visit("TAG", at(58), at(61))
    assert matched(world)[0] is MatchVerdict.PRESENT
    world.revise_visits("TAG", "state = 'retracted'")
    verdict, match = matched(world)
    assert (verdict, match.gaps[0].reason) == (MatchVerdict.CANNOT_SAY, GapReason.NOT_MONITORED)


def test_where_lawful_time_ends_in_the_window_the_rest_is_a_gap(world: MonitoredWorld) -> None:
    world.monitor("CRN", at(0), at(62))
    world.arrive(sent(FAR_AWAY, *range(240)))
    world.report([crime(60)])
    verdict, match = matched(world)
    assert verdict is MatchVerdict.CANNOT_SAY
    assert [(gap.from_us, gap.to_us, gap.reason) for gap in match.gaps] == [(at(61), None, GapReason.NOT_MONITORED)]
    world.monitor("CRN", at(66), at(240))
    assert matched(world)[0] is MatchVerdict.ABSENT, "260 km away four minutes before and after"


def test_who_was_matched_by_a_basis_is_not_once_their_monitoring_had_ended_before(world: MonitoredWorld) -> None:
    """A basis ends with the person's monitoring, which is often recorded days later; it may be corrected again."""
    world.monitor("CRN", *EVER)
    world.arrive(sent(CENTRE, *range(240)))
    world.report([crime(60)])
    assert matched(world)[0] is MatchVerdict.PRESENT
    world.end_person("CRN", at(0))
    assert matched(world)[0] is MatchVerdict.CANNOT_SAY
    world.end_person("CRN", at(300))
    assert matched(world)[0] is MatchVerdict.PRESENT


def test_a_condition_that_is_ended_before_its_next_version_holds_ends_then(world: MonitoredWorld) -> None:
    """The version that was to come is the live one and says the end; the one before it held until the end alone."""
    world.approve_trail("CRN", at(-30))
    world.approve_trail("CRN", at(200))
    world.arrive(sent(CENTRE, *range(240)))
    world.report([crime(60)])
    assert matched(world)[0] is MatchVerdict.PRESENT
    world.end_trail(at(30))
    assert matched(world)[0] is MatchVerdict.CANNOT_SAY


def test_what_a_later_version_takes_away_of_those_before_it_is_matched_anew(world: MonitoredWorld) -> None:
    world.approve_trail("CRN", at(-30))
    world.end_trail(at(90))
    world.arrive(sent(CENTRE, *range(240)))
    world.report([crime(60)])
    assert matched(world)[0] is MatchVerdict.PRESENT
    world.approve_trail("CRN", at(-20), at(-10))
    assert matched(world)[0] is MatchVerdict.CANNOT_SAY


def test_a_wearer_who_is_recorded_while_matching_reads_changes_nothing_of_the_others(
    world: MonitoredWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who wore what, and when that may be looked at, are read one after the other: the latter may know of more."""
    world.enrol(["CRN-2", "CRN-3"], ["TAG-2", "TAG-3"], monitored=("CRN-2",))
    world.activate("TAG-3", "CRN-3", at(-60))
    world.monitor("CRN", at(0), at(62))
    world.arrive(sent(FAR_AWAY, *range(240)))
    world.report([crime(60)])
    read = read_lawful

    def meanwhile(cursor: Cursor, window: Window, reach: Window, people: Sequence[int] | None = None) -> Wearings:
        monkeypatch.setattr(scene_groups, "read_lawful", read)
        world.activate("TAG-2", "CRN-2", at(-60))
        return read(cursor, window, reach, people)

    monkeypatch.setattr(scene_groups, "read_lawful", meanwhile)
    world.match_crimes()
    counts, _ = world.standing()["CRIME"]
    assert (counts.cannot_say, counts.not_monitored, counts.absent) == (2, 1, 0)
    world.match_all()
    assert four(world.standing()["CRIME"][0]) == four(world.one_by_one()["CRIME"][0])
