"""Whether an issued bundle comes out again: from its recorded inputs, and from all that is stored by now."""

import hashlib
from dataclasses import dataclass, replace

from crimes.evidence.bundle import dossier_of, make_files
from crimes.evidence.changes import changes_between
from crimes.evidence.dossier import Dossier
from crimes.evidence.inputs import Inputs, match_of, recorded_inputs
from crimes.evidence.manifest import PUBLIC_KEY, ListedFile
from crimes.evidence.observed import QUARANTINED, device_facts, finding_of, rejected_fixes
from crimes.evidence.templates import REPORT, STATEMENT, Templates
from model.crimes import MATCHING_VERSION, Match
from store.database import Cursor
from store.device_events import serials_of
from store.evidence_cases import StoredBundle, find_case
from store.evidence_inputs import read_inputs, read_recorded_inputs


@dataclass(frozen=True, slots=True)
class Reproduction:
    """``differing`` are files that came out otherwise; None where nothing could be computed, and ``problem`` says why.

    ``changes`` says what the result would be with all that has arrived since; empty where it would be the same.
    """

    problem: str | None
    inputs: int
    same_result: bool
    differing: tuple[str, ...] | None
    changes: tuple[str, ...]


def reproduce(cursor: Cursor, bundle: StoredBundle, listed: tuple[ListedFile, ...]) -> Reproduction:
    """Compute the bundle again and compare it, file by file, with what its manifest lists."""
    if bundle.algorithm_version != MATCHING_VERSION:
        problem = (
            f"it was computed by the matching rules of version {bundle.algorithm_version}, and this program has version"
            f" {MATCHING_VERSION}: run the release that issued it"
        )
        return Reproduction(problem, 0, same_result=False, differing=None, changes=())
    recorded = recorded_inputs(bundle.inputs)
    found = read_recorded_inputs(cursor, recorded)
    before = find_case(cursor, bundle.evidence_id).match
    now = read_inputs(cursor, recorded.scene, recorded.person_id, recorded.settings, recorded.centre)
    stated = dossier_of(bundle.dossier)
    count = len(recorded.positions)
    if found.inputs is None:
        problem = (
            f"{found.missing} of {count} positions that it was computed from are no longer stored, or not to be looked"
            " at any more: the condition or other legal basis was ended before them"
        )
        return Reproduction(problem, count, same_result=False, differing=None, changes=_changes(before, now))
    match = match_of(found.inputs)
    again = _computed(cursor, stated, found.inputs, match)
    templates = Templates(bundle.templates[REPORT], bundle.templates[STATEMENT])
    differing = _differing(make_files(again, templates), listed)
    return Reproduction(None, count, again.finding == stated.finding, differing, _changes(match, now))


def _computed(cursor: Cursor, stated: Dossier, inputs: Inputs, match: Match) -> Dossier:
    """The dossier with all that is computed put in anew; what was only recorded stays as it was."""
    serials = serials_of(cursor, {worn.device_id for worn in inputs.worn})
    quarantined = [fix for fix in stated.rejected if fix.why == (QUARANTINED,)]
    rejected = sorted([*rejected_fixes(inputs, serials), *quarantined], key=lambda fix: (fix.fix_time_us, fix.serial))
    events = device_facts(inputs, serials)
    return replace(stated, finding=finding_of(match), rejected=tuple(rejected), events=events)


def _changes(before: Match, now: Inputs | None) -> tuple[str, ...]:
    return changes_between(before, None if now is None else match_of(now))


def _differing(files: dict[str, bytes], listed: tuple[ListedFile, ...]) -> tuple[str, ...]:
    made = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    stated = {one.path: one.sha256 for one in listed if one.path != PUBLIC_KEY}
    return tuple(sorted(path for path in made.keys() | stated.keys() if made.get(path) != stated.get(path)))
