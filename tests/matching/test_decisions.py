"""What a run changes of the results that stand, and how the four counts follow."""

from dataclasses import replace

import pytest

from crimes.matching.verdict import unmonitored_match
from crimes.scenes import Scene
from ingest.matching.decisions import elsewhere, run_of_everybody, run_of_one
from ingest.matching.engine import SceneMatches
from model.crimes import Match, MatchingSettings, MatchVerdict, Window
from store.matching import Counts, RunWrite, StoredResult
from store.matching_wanted import Cause, WantedMatch

PRESENT, POSSIBLE, ABSENT, CANNOT_SAY = MatchVerdict
SCENE = Scene(7, 51.5, -0.1, 0.0, (Window(0, 1),))
WANTED = WantedMatch(SCENE, Cause.IMPORTED, "an.officer", 0, is_current=True, row_version="1")
SETTINGS = MatchingSettings()
NEAR_M = SETTINGS.near_m
COUNTS = Counts(present=1, possible=2, absent=90, cannot_say=7)


def match(person_id: int, verdict: MatchVerdict, nearest_m: float | None = 5000.0) -> Match:
    return replace(elsewhere(person_id), verdict=verdict, nearest_m=nearest_m, reasons=(f"{verdict} {nearest_m}",))


def standing(*matches: Match) -> list[StoredResult]:
    """Results by the person's number."""
    return [StoredResult(one.person_id, 1, SCENE.scene_id, one) for one in matches]


def written(run: RunWrite | None) -> tuple[list[int], list[tuple[int, MatchVerdict]]]:
    """(superseded results, new ones)"""
    assert run is not None
    return list(run.superseded), [(one.person_id, one.verdict) for one in run.results]


def test_a_first_run_has_a_result_for_whoever_is_not_simply_elsewhere() -> None:
    matches = [match(1, PRESENT, 3.0), match(2, CANNOT_SAY), match(3, ABSENT), match(4, ABSENT, 800.0)]
    run = run_of_everybody(WANTED, SceneMatches(SCENE, 100, matches, frozenset()), [], (), SETTINGS)
    assert written(run) == ([], [(1, PRESENT), (2, CANNOT_SAY), (4, ABSENT)])
    assert run.counts == Counts(present=1, possible=0, absent=98, cannot_say=1)


def test_a_rerun_changes_only_what_it_finds_otherwise() -> None:
    before = standing(match(1, PRESENT, 3.0), match(2, CANNOT_SAY), match(3, ABSENT, 900.0))
    matches = [match(1, PRESENT, 3.0), match(2, ABSENT), match(3, ABSENT, 850.0)]
    run = run_of_everybody(WANTED, SceneMatches(SCENE, 100, matches, frozenset()), before, {1, 2, 3}, SETTINGS)
    assert written(run) == ([2, 3], [(2, ABSENT), (3, ABSENT)])
    assert run.counts == Counts(present=1, possible=0, absent=99, cannot_say=0)


def test_whoever_is_no_candidate_any_more_is_absent_and_whoever_wore_nothing_is_nobody() -> None:
    before = standing(match(1, CANNOT_SAY), match(2, ABSENT), match(3, PRESENT))
    run = run_of_everybody(WANTED, SceneMatches(SCENE, 100, [], frozenset()), before, {1, 2}, SETTINGS)
    assert written(run) == ([1, 3], [(1, ABSENT)])
    assert run.counts == Counts(present=0, possible=0, absent=100, cannot_say=0)


def test_of_one_person_the_counts_follow() -> None:
    (before,) = standing(match(1, CANNOT_SAY))
    run = run_of_one(SCENE, match(1, PRESENT), before, COUNTS, NEAR_M, settled=True)
    assert written(run) == ([1], [(1, PRESENT)])
    assert run is not None
    assert run.counts == Counts(present=2, possible=2, absent=90, cannot_say=6)


def test_one_who_was_simply_elsewhere_had_been_counted_as_absent() -> None:
    run = run_of_one(SCENE, match(1, POSSIBLE), None, COUNTS, NEAR_M, settled=True)
    assert run is not None
    assert run.counts == Counts(present=1, possible=3, absent=89, cannot_say=7)


@pytest.mark.parametrize("settled", [True, False])
def test_nothing_new_is_no_run(*, settled: bool) -> None:
    (before,) = standing(match(1, PRESENT))
    assert run_of_one(SCENE, match(1, PRESENT), before, COUNTS, NEAR_M, settled=settled) is None
    assert run_of_one(SCENE, match(2, ABSENT), None, COUNTS, NEAR_M, settled=settled) is None


def test_until_a_crime_is_settled_only_another_verdict_is_a_new_result() -> None:
    (before,) = standing(match(1, PRESENT, 10.0))
    closer = match(1, PRESENT, 5.0)
    assert run_of_one(SCENE, closer, before, COUNTS, NEAR_M, settled=False) is None
    assert written(run_of_one(SCENE, closer, before, COUNTS, NEAR_M, settled=True)) == ([1], [(1, PRESENT)])


def test_one_who_wore_no_device_then_loses_the_result() -> None:
    (before,) = standing(match(1, PRESENT))
    run = run_of_one(SCENE, None, before, COUNTS, NEAR_M, settled=True)
    assert written(run) == ([1], [])
    assert run is not None
    assert run.counts == Counts(present=0, possible=2, absent=90, cannot_say=7)


def test_who_is_not_monitored_is_counted_and_has_no_result_unless_one_was_read() -> None:
    before = standing(match(1, PRESENT, 3.0), match(2, CANNOT_SAY))
    found = SceneMatches(SCENE, 100, [match(2, CANNOT_SAY)], frozenset({1, 3, 4, 5}))
    run = run_of_everybody(WANTED, found, before, {1, 2}, SETTINGS, ruled_out={4})
    assert written(run) == ([1], [(1, CANNOT_SAY), (4, CANNOT_SAY)])
    assert run.counts == Counts(present=0, possible=0, absent=95, cannot_say=5, not_monitored=2)
    assert run.not_monitored == {1, 3, 4, 5}
    again = run_of_everybody(WANTED, found, [*standing(*run.results), before[1]], {1, 2, 4}, SETTINGS, ruled_out={4})
    assert (written(again), again.counts) == (([], []), run.counts)


def test_of_one_person_who_is_not_monitored_any_more_or_is_now_the_counts_follow() -> None:
    counts = replace(COUNTS, not_monitored=4)
    nothing = unmonitored_match(1, SCENE, SETTINGS)

    def moved(after: Match | None, *, was_monitored: bool) -> RunWrite | None:
        return run_of_one(SCENE, after, None, counts, NEAR_M, settled=True, was_monitored=was_monitored)

    assert moved(nothing, was_monitored=False) is None
    now_elsewhere = moved(match(1, ABSENT), was_monitored=False)
    assert written(now_elsewhere) == ([], [(1, ABSENT)])
    assert now_elsewhere is not None
    assert now_elsewhere.counts == Counts(present=1, possible=2, absent=91, cannot_say=6, not_monitored=3)
    no_longer = moved(nothing, was_monitored=True)
    assert written(no_longer) == ([], [(1, CANNOT_SAY)])
    assert no_longer is not None
    assert no_longer.counts == Counts(present=1, possible=2, absent=89, cannot_say=8, not_monitored=4)
