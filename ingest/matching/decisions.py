"""What a run changes of the results that stand (pure): the same stays, since a reviewer's word hangs on it."""

from collections.abc import Collection, Sequence

from crimes.matching.verdict import is_unmonitored, unmonitored_match
from crimes.scenes import Scene
from ingest.matching.engine import SceneMatches
from model.casework import SERVICE_SUBJECT
from model.crimes import SHORT_GAP_S, Match, MatchingSettings, MatchVerdict
from store.matching import Counts, RunWrite, StoredResult
from store.matching_wanted import Cause, WantedMatch

NEVER_NEAR = (
    f"The track has a usable position at least every {SHORT_GAP_S} s, or gaps too short for a journey by way of the"
    " scene, and all of it is too far away."
)


def run_of_everybody(
    wanted: WantedMatch,
    found: SceneMatches,
    standing: Sequence[StoredResult],
    wearers: Collection[int],
    settings: MatchingSettings,
    ruled_out: Collection[int] = (),
) -> RunWrite:
    """A run against everybody. ``wearers`` are those with a standing result who wore a device in the padded windows.

    Whoever is absent and never came within ``near_m``, or was not monitored, has no result of their own, unless another
    stood before: then one says so, for whoever has read the other. Of whoever was ``ruled_out`` by name the answer was
    read, whether there was a result or not.
    """
    matches = {match.person_id: match for match in found.matches}
    superseded: list[int] = []
    results: list[Match] = []
    told = {stood.match.person_id for stood in standing} | set(ruled_out)
    matches |= {
        person_id: unmonitored_match(person_id, found.scene, settings) for person_id in found.not_monitored & told
    }
    verdicts = [match.verdict for match in matches.values()]
    for stood in standing:
        before = stood.match
        after = matches.pop(before.person_id, None)
        if after is None and before.person_id in wearers:
            after = before if before.verdict is MatchVerdict.ABSENT else elsewhere(before.person_id)
        if after == before:
            continue
        superseded.append(stood.result_id)
        if after is not None:
            results.append(after)
    counts = Counts.of(found.population, verdicts, len(found.not_monitored - told))
    results += [match for match in matches.values() if deserves_result(match, settings.near_m)]
    return RunWrite(
        found.scene, wanted.cause, wanted.requested_by, counts, superseded, results, not_monitored=found.not_monitored
    )


def run_of_one(
    scene: Scene,
    after: Match | None,
    standing: StoredResult | None,
    counts: Counts,
    near_m: float,
    *,
    settled: bool,
    was_monitored: bool = True,
) -> RunWrite | None:
    """A run against one person of whose time something new is known; None where it changes nothing.

    ``after`` is None for one who wore no device then, ``counts`` are those of the run before. Until the crime is
    ``settled`` a result gives way only to another verdict: the run once it is settled takes in the rest, and a result
    for every ping would help nobody.

    Without a result they were absent, or, where ``was_monitored`` is false, nothing could be said of them. Who has been
    neither for a while has a result that says so: nothing else would tell it from the run before.
    """
    before = None if standing is None else standing.match
    if after == before:
        return None
    if before is None and after is not None:
        same = not deserves_result(after, near_m) if was_monitored else is_unmonitored(after)
        if same:
            return None
    if not settled and before is not None and after is not None and after.verdict is before.verdict:
        return None
    stood = _without_result(was_monitored=was_monitored) if before is None else before.verdict
    had_no_result = before is None and not was_monitored
    return RunWrite(
        scene,
        Cause.POSITIONS,
        SERVICE_SUBJECT,
        counts.moved(stood, None if after is None else after.verdict, was_monitored=not had_no_result),
        () if standing is None else (standing.result_id,),
        () if after is None else (after,),
    )


def _without_result(*, was_monitored: bool) -> MatchVerdict:
    return MatchVerdict.ABSENT if was_monitored else MatchVerdict.CANNOT_SAY


def deserves_result(match: Match, near_m: float) -> bool:
    """Whether somebody who had no result has one now."""
    if match.verdict is not MatchVerdict.ABSENT:
        return True
    return match.nearest_m is not None and match.nearest_m <= near_m


def elsewhere(person_id: int) -> Match:
    """Of one who is no candidate any more: the search itself rules them out."""
    return Match(
        person_id=person_id,
        verdict=MatchVerdict.ABSENT,
        reasons=(NEVER_NEAR,),
        positions=(),
        gaps=(),
        nearest_m=None,
        nearest_us=None,
        position_count=0,
        covered_from_us=None,
        covered_to_us=None,
    )
