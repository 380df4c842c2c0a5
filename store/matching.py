"""What matching found: runs and results. A run that follows another keeps what that one said: results are superseded,
never changed, and whoever has none was absent.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from secrets import SystemRandom
from typing import Self

import numpy as np
from psycopg2.extras import execute_values

from crimes.matching.documents import match_document, read_match, settings_document
from crimes.scenes import Scene
from model.crimes import MATCHING_VERSION, Match, MatchingSettings, MatchVerdict, Window
from model.times import from_microseconds
from store.database import Cursor
from store.matching_wanted import Cause
from store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class Counts:
    """Of everyone who wore a device at some time of a crime's padded windows."""

    present: int
    possible: int
    absent: int
    cannot_say: int
    not_monitored: int = 0  # of those of cannot_say: who was not monitored then, and has no result that says so

    @classmethod
    def of(cls, population: int, verdicts: Iterable[MatchVerdict], not_monitored: int = 0) -> Self:
        """``verdicts`` are those of whoever is not simply absent; nor without one because of not being monitored."""
        found = [verdict for verdict in verdicts if verdict is not MatchVerdict.ABSENT]
        counts = Counter(found)
        return cls(
            present=counts[MatchVerdict.PRESENT],
            possible=counts[MatchVerdict.POSSIBLE],
            absent=population - len(found) - not_monitored,
            cannot_say=counts[MatchVerdict.CANNOT_SAY] + not_monitored,
            not_monitored=not_monitored,
        )

    def moved(self, before: MatchVerdict | None, after: MatchVerdict | None, *, was_monitored: bool = True) -> Self:
        """With one person moved from a verdict to another; None: out of, or into, the population."""
        counts = {verdict.value: getattr(self, verdict.value) for verdict in MatchVerdict}
        counts["not_monitored"] = self.not_monitored - (not was_monitored)
        if before is not None:
            counts[before.value] -= 1
        if after is not None:
            counts[after.value] += 1
        return type(self)(**counts)


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A current result, or one that was."""

    result_id: int
    run_id: int
    crime_version_id: int
    match: Match


@dataclass(frozen=True, slots=True)
class RunWrite:
    """A run of one crime version, and what it changes of the current results."""

    scene: Scene
    cause: Cause
    requested_by: str
    counts: Counts
    superseded: Sequence[int] = field(default=())  # result ids
    results: Sequence[Match] = field(default=())
    not_monitored: Collection[int] | None = None  # people; None where the run is not against everybody


def write_runs(
    cursor: Cursor, runs: Sequence[RunWrite], settings: MatchingSettings, software_version: str
) -> dict[int, int]:
    """The run's id of each crime version, of which there is one run at most among ``runs``."""
    if not runs:
        return {}
    common = MATCHING_VERSION, software_version, json.dumps(settings_document(settings))
    written = execute_values(
        cursor,
        "INSERT INTO matching_runs (crime_version_id, cause, requested_by, algorithm_version, software_version,"
        " settings, present, possible, absent, cannot_say, not_monitored) VALUES %s RETURNING crime_version_id, run_id",
        [(run.scene.scene_id, run.cause.value, run.requested_by, *common, *_counted(run.counts)) for run in runs],
        page_size=len(runs),
        fetch=True,
    )
    run_ids: dict[int, int] = dict(written)
    insert_rows(
        cursor,
        "INSERT INTO not_monitored (crime_version_id, people) VALUES %s"
        " ON CONFLICT (crime_version_id) DO UPDATE SET people = excluded.people",
        ((run.scene.scene_id, _bitmap(run.not_monitored)) for run in runs if run.not_monitored is not None),
    )
    insert_rows(
        cursor,
        "UPDATE matching_results result SET superseded_by = by_run"
        " FROM (VALUES %s) AS superseded (superseded_id, by_run) WHERE result.result_id = superseded_id",
        ((result_id, run_ids[run.scene.scene_id]) for run in runs for result_id in run.superseded),
    )
    insert_rows(
        cursor,
        "INSERT INTO matching_results (run_id, crime_version_id, person_id, verdict, document) VALUES %s",
        (
            (
                run_ids[run.scene.scene_id],
                run.scene.scene_id,
                match.person_id,
                match.verdict.value,
                json.dumps(match_document(match)),
            )
            for run in runs
            for match in SystemRandom().sample(run.results, len(run.results))  # their ids tell nothing of who they are
        ),
    )
    return run_ids


def current_results(
    cursor: Cursor, crime_version_ids: Collection[int], person_id: int | None = None
) -> dict[int, list[StoredResult]]:
    """What stands of each crime version, of everybody or of one person, in the order of the people."""
    cursor.execute(
        "SELECT result_id, run_id, crime_version_id, document FROM matching_results"
        " WHERE superseded_by IS NULL AND crime_version_id = ANY(%(versions)s)"
        " AND (%(person)s::bigint IS NULL OR person_id = %(person)s) ORDER BY crime_version_id, person_id",
        {"versions": list(crime_version_ids), "person": person_id},
    )
    found: dict[int, list[StoredResult]] = {version: [] for version in crime_version_ids}
    for result_id, run_id, version, document in cursor.fetchall():
        found[version].append(StoredResult(result_id, run_id, version, read_match(document)))
    return found


def latest_counts(cursor: Cursor, crime_version_ids: Collection[int]) -> dict[int, Counts]:
    """Of each crime version's last run; a version that was never matched is left out."""
    cursor.execute(
        "SELECT version, present, possible, absent, cannot_say, not_monitored"
        " FROM unnest(%s::bigint[]) AS asked (version)"
        " CROSS JOIN LATERAL (SELECT present, possible, absent, cannot_say, not_monitored FROM matching_runs"
        "   WHERE crime_version_id = version ORDER BY run_id DESC LIMIT 1) last",
        (list(crime_version_ids),),
    )
    return {version: Counts(*counts) for version, *counts in cursor.fetchall()}


def worn_in(cursor: Cursor, window: Window, person_ids: Collection[int]) -> set[int]:
    """Those of ``person_ids`` who wore a device at some time of the window."""
    cursor.execute(
        "SELECT DISTINCT person_id FROM device_activations WHERE person_id = ANY(%s)"
        " AND during && tstzrange(%s, %s, '[]')",
        (list(person_ids), from_microseconds(window.from_us), from_microseconds(window.to_us)),
    )
    return {person_id for (person_id,) in cursor.fetchall()}


def not_monitored_at(cursor: Cursor, crime_version_ids: Collection[int], person_id: int) -> set[int]:
    """The crime versions at which the person was not monitored, when they were matched against everybody last."""
    cursor.execute(
        "SELECT crime_version_id FROM not_monitored WHERE crime_version_id = ANY(%(versions)s)"
        " AND CASE WHEN %(person)s < 8 * length(people) THEN get_bit(people, %(person)s) = 1 END",
        {"versions": list(crime_version_ids), "person": person_id},
    )
    return {crime_version_id for (crime_version_id,) in cursor.fetchall()}


def ruled_out_by_name(cursor: Cursor, crime_version_ids: Collection[int]) -> dict[int, set[int]]:
    """By crime version: whoever was told of by name that the track rules them out, with or without a result."""
    cursor.execute(
        "SELECT crime_version_id, person_id FROM eliminations WHERE crime_version_id = ANY(%s) AND verdict = 'absent'",
        (list(crime_version_ids),),
    )
    found: dict[int, set[int]] = {version: set() for version in crime_version_ids}
    for version, person_id in cursor.fetchall():
        found[version].add(person_id)
    return found


def _bitmap(people: Collection[int]) -> bytes:
    """As PostgreSQL's get_bit counts: bit ``n`` of byte ``m`` is the person ``8 m + n``."""
    bits = np.zeros(max(people, default=-1) + 1, np.uint8)
    bits[list(people)] = 1
    return np.packbits(bits, bitorder="little").tobytes()


def _counted(counts: Counts) -> tuple[int, int, int, int, int]:
    return counts.present, counts.possible, counts.absent, counts.cannot_say, counts.not_monitored
