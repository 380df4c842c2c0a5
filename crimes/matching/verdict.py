"""The verdict on each pair of a scene and a wearer. Columns rule most of them out, the others are looked at singly."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from crimes.matching import reasons
from crimes.matching.case import Case
from crimes.matching.coverage import NO_POSITION, coverage_of
from crimes.matching.findings import Findings, findings_of
from crimes.matching.held import SceneTable, held_against
from crimes.matching.pairs import pair_facts
from crimes.scenes import CandidateTracks, Scene
from geofence.columns import Floats, Integers
from geofence.projection import Projection
from model.crimes import CoverageGap, GapReason, Match, MatchingSettings, MatchVerdict, Window
from model.device_events import DeviceEvent
from model.enums import Mechanism

POSITIONS_AT_ONCE = 100_000
"""So that memory stays at some tens of megabytes, whatever the number of candidates."""

SUFFICES = frozenset({Mechanism.GPS, Mechanism.RF})
"""Of the positions that say present at least one was found so."""


def match_candidates(
    scenes: Sequence[Scene],
    tracks: CandidateTracks,
    events: Mapping[int, Sequence[DeviceEvent]],
    settings: MatchingSettings,
    projection: Projection,
) -> list[Match]:
    """What the tracks say of each pair, in the order of the pairs.

    ``events`` are, by device, those between the first and the last position of the pairs that it is in, and all earlier
    ones of its strap in the same activation: a strap may have been open for weeks. Raises ValueError for a scene that
    has no window or no place.
    """
    table = SceneTable.of(scenes, settings, projection)
    matches: list[Match] = []
    for first, last in _parts(tracks.start):
        held = held_against(table, tracks, first, last, projection)
        pairs = pair_facts(held, table, coverage_of(held, table, tracks.worn, events, settings), settings)
        matches += _matches(Case(table, pairs, tracks.worn, events, settings, tracks.unmonitored))
    return matches


def unmonitored_match(person_id: int, scene: Scene, settings: MatchingSettings) -> Match:
    """Of one of whom nothing let a position in the padded windows be looked at: as their empty track is matched."""
    gap = CoverageGap(None, None, GapReason.NOT_MONITORED, None)
    words = reasons.gaps_in_words([gap], scene.hull.padded(settings.padding_us))
    return Match(
        person_id=person_id,
        verdict=MatchVerdict.CANNOT_SAY,
        reasons=(*words, *_remarks(None, scene, settings)),
        positions=(),
        gaps=(gap,),
        nearest_m=None,
        nearest_us=None,
        position_count=0,
        covered_from_us=None,
        covered_to_us=None,
    )


def is_unmonitored(match: Match) -> bool:
    """Whether the match is such a one."""
    return match.gaps == (CoverageGap(None, None, GapReason.NOT_MONITORED, None),) and not match.positions


def _parts(start: Integers) -> Iterator[tuple[int, int]]:
    """Runs of pairs with about POSITIONS_AT_ONCE positions together, and at least one pair."""
    first, count = 0, len(start) - 1
    while first < count:
        full = int(np.searchsorted(start, start[first] + POSITIONS_AT_ONCE, side="right")) - 1
        last = min(max(full, first + 1), count)
        yield first, last
        first = last


def _matches(case: Case) -> Iterator[Match]:
    pairs, held = case.pairs, case.pairs.held
    fix_time_us = held.rows.fixes.fix_time_us
    columns = zip(
        pairs.ruled_out.tolist(),
        (np.diff(pairs.reported_from) > 0).tolist(),
        held.person.tolist(),
        pairs.position_count.tolist(),
        _values(held.distance_m, pairs.nearest),
        _values(fix_time_us, pairs.nearest),
        _values(fix_time_us, pairs.covered_from),
        _values(fix_time_us, pairs.covered_to),
        strict=True,
    )
    for pair, (ruled_out, has_report, person, count, nearest_m, nearest_us, from_us, to_us) in enumerate(columns):
        found = None if ruled_out and not has_report else findings_of(case, pair)
        verdict, words = _decided(case, pair, found, ruled_out=ruled_out, covered=Window(from_us or 0, to_us or 0))
        if nearest_m is not None and nearest_us is not None:
            words.append(reasons.nearest(nearest_m, nearest_us, count))
        yield Match(
            person_id=person,
            verdict=verdict,
            reasons=tuple(words),
            positions=() if found is None else found.positions,
            gaps=() if found is None or verdict is MatchVerdict.ABSENT else found.gaps,
            nearest_m=nearest_m,
            nearest_us=nearest_us,
            position_count=count,
            covered_from_us=from_us,
            covered_to_us=to_us,
        )


def _values(column: Floats | Integers, rows: Integers) -> list[float | int | None]:
    """The column at the rows; None for NO_POSITION."""
    if len(column) == 0:
        return [None] * len(rows)
    missing = (rows == NO_POSITION).tolist()
    return [None if none else value for none, value in zip(missing, column[rows].tolist(), strict=True)]


def _decided(
    case: Case, pair: int, found: Findings | None, *, ruled_out: bool, covered: Window
) -> tuple[MatchVerdict, list[str]]:
    scene, hull, settings = case.scene(pair), case.hull(pair), case.settings
    words = _remarks(found, scene, settings)
    if found is not None:
        if found.most_in_a_window >= settings.least_positions:
            doubts = _doubts(found, scene, settings)
            said = [reasons.counting(found.counting, settings), *doubts]
            return MatchVerdict.POSSIBLE if doubts else MatchVerdict.PRESENT, said + words
        hints = _hints(found, scene, settings)
        if hints:
            return MatchVerdict.POSSIBLE, hints + words
    if ruled_out:
        return MatchVerdict.ABSENT, [reasons.ruled_out(covered, hull, scene, settings), *words]
    gaps = () if found is None else found.gaps
    contradiction = [reasons.contradiction()] if found is not None and found.contradicts else []
    return MatchVerdict.CANNOT_SAY, [*reasons.gaps_in_words(gaps, hull), *contradiction, *words]


def _doubts(found: Findings, scene: Scene, settings: MatchingSettings) -> list[str]:
    """Why positions enough do not say present."""
    doubts = []
    if not any(one.mechanism in SUFFICES for one in found.counting):
        doubts.append(reasons.no_satellites(found.counting))
    if found.contradicts:
        doubts.append(reasons.contradiction())
    if scene.place_uncertainty_m > settings.radius_m:
        doubts.append(reasons.place_unsure(scene, settings))
    return doubts


def _hints(found: Findings, scene: Scene, settings: MatchingSettings) -> list[str]:
    """What places the wearer at the scene, though not enough to say present."""
    hints = []
    if found.counting:
        hints += [reasons.counting(found.counting, settings), reasons.too_few(found.most_in_a_window, settings)]
    if found.touching:
        hints.append(reasons.touching(found.touching, scene, settings))
    if found.jumped:
        hints.append(reasons.jumped(found.jumped, settings))
    if found.passing is not None:
        hints.append(reasons.passing(*found.passing))
    hints += [reasons.hint(one, open_strap=False) for one in found.coarse[:1]]
    hints += [reasons.hint(one, open_strap=True) for one in found.strap_open[:1]]
    return hints


def _remarks(found: Findings | None, scene: Scene, settings: MatchingSettings) -> list[str]:
    words = []
    if found is not None and found.outliers:
        words.append(reasons.outliers(found.outliers, settings))
    if len(scene.windows) > 1:
        words.append(reasons.two_instants(scene.windows))
    return words
