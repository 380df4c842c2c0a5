"""Matching held against the truth: simulated wearers, of whom some call where and when real incidents happened."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from crimes.matching import match_candidates
from crimes.scenes import CandidateTracks, Scene, Worn
from geofence.arrays import spans
from geofence.columns import Floats, PositionRows
from geofence.confidence import effective_accuracy_m
from geofence.projection import Projection
from geofence.track import track_of
from model.crimes import USABLE_ACCURACY_M, Match, MatchingSettings, MatchVerdict, Window
from model.enums import Mechanism
from model.times import SECOND_US, to_microseconds
from ops.errors import CordonError
from sim.calls import Call, nearest_m
from sim.chance import directions, log_uniform
from sim.cohort import CohortWearer
from sim.phenomena import Phenomenon
from sim.true_path import Setting, TruePath

CALLS_STREAM = 4
"""Of random numbers; sim/cohort.py has the others."""
CALLS_A_DAY = 0.5
CALL_MIN = (2.0, 45.0)
OUTDOORS_SHARE = 0.6
CALL_OFF_M = 60.0
"""From the place reported, at most."""
FROM_HOME_M = 8_000.0
APART_US = 3 * 3600 * SECOND_US
PERSON = DEVICE = 1
NEARLY_M = 50.0
"""Beyond the radius: who was so near is not far from the truth."""


@dataclass(frozen=True, slots=True, eq=False)
class Incidents:
    """Where and when; arrays of the shape (k,), in the order of time."""

    lon: Floats
    lat: Floats
    moments_us: np.ndarray[Any, np.dtype[np.int64]]

    def __len__(self) -> int:
        return len(self.lon)


def read_incidents(file: Path) -> Incidents:
    """A CSV with the columns Date (ISO 8601 with an offset), Latitude and Longitude, as data.police.uk has them.

    Rows without a place are left out. Raises CordonError for a file that is none of this.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [one for one in csv.DictReader(lines) if one["Latitude"] and one["Longitude"]]
        read = sorted(
            (to_microseconds(datetime.fromisoformat(one["Date"])), float(one["Longitude"]), float(one["Latitude"]))
            for one in rows
        )
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, ValueError) as error:
        raise CordonError(
            f"{file} cannot be read as incidents: {error!r}. It needs the columns Date (such as "
            "2019-01-01T00:01:00+00:00), Latitude and Longitude"
        ) from error
    if not read:
        raise CordonError(f"{file} has no incident with a place and a time")
    moments_us, lon, lat = zip(*read, strict=True)
    return Incidents(np.array(lon), np.array(lat), np.array(moments_us, np.int64))


def calls_of(incidents: Incidents, seed: int, index: int) -> Callable[[TruePath], Sequence[Call]]:
    """The calls of one wearer: to some incidents not too far from home, each there at its time, none near another."""

    def planned(path: TruePath) -> Sequence[Call]:
        rng = np.random.default_rng([seed, index, CALLS_STREAM])
        places = path.plane.metres(np.column_stack([incidents.lon, incidents.lat]))
        near = np.flatnonzero(np.hypot(*(places - path.corners[0]).T) <= FROM_HOME_M)
        count = rng.poisson(CALLS_A_DAY * path.end_s / 86_400)
        chosen = np.sort(rng.choice(near, size=min(count, len(near)), replace=False))
        calls: list[Call] = []
        for one in chosen.tolist():
            lasts_us = round(log_uniform(rng, CALL_MIN) * 60 * SECOND_US)
            from_us = int(incidents.moments_us[one]) - round(rng.random() * lasts_us)
            off_m = CALL_OFF_M * np.sqrt(rng.random()) * directions(rng, 1)
            lon, lat = path.plane.degrees(places[one] + off_m)[0].tolist()
            setting = Setting.OUTDOORS if rng.random() < OUTDOORS_SHARE else Setting.INDOORS
            if not calls or from_us - calls[-1].until_us > APART_US:
                calls.append(Call((lon, lat), from_us, from_us + lasts_us, setting))
        return calls

    return planned


@dataclass(frozen=True, slots=True)
class Judged:
    """One wearer and one incident."""

    verdict: MatchVerdict
    reason: str | None  # of the longest gap, where nothing can be said
    true_m: float  # how near the wearer truly was to the place in the padded window
    satellites: int  # positions of satellites made in the window and truly within the radius
    clock_wrong: bool  # some position that it rests on was made minutes before or after it says


def judge_crimes(
    wearer: CohortWearer,
    accepted: PositionRows,
    incidents: Incidents,
    settings: MatchingSettings,
    projection: Projection,
) -> list[Judged]:
    """Every incident of the time in which the wearer was monitored. The true place decides what was true."""
    track = track_of(accepted, activation=1, person=PERSON, projection=projection)
    first_us, last_us = wearer.monitored
    padding_us = settings.padding_us
    within = (incidents.moments_us - padding_us >= first_us) & (incidents.moments_us + padding_us <= last_us)
    chosen = np.flatnonzero(within)
    scenes = [
        Scene(place, float(incidents.lat[place]), float(incidents.lon[place]), 0.0, (Window(moment_us, moment_us),))
        for place, moment_us in zip(chosen.tolist(), incidents.moments_us[chosen].tolist(), strict=True)
    ]
    tracks = _tracks(track.rows, scenes, padding_us, Worn(1, DEVICE, first_us, last_us))
    matches = match_candidates(scenes, tracks, {}, settings, projection)
    places = wearer.path.plane.metres(np.column_stack([incidents.lon[chosen], incidents.lat[chosen]]))
    offset = tracks.rows.fixes.message_offset
    made = _Made(wearer, settings)
    return [
        made.judged(match, place, scene.windows[0].padded(padding_us), offset[start:end])
        for match, place, scene, start, end in zip(
            matches, places, scenes, tracks.start[:-1].tolist(), tracks.start[1:].tolist(), strict=True
        )
    ]


def _tracks(rows: PositionRows, scenes: Sequence[Scene], padding_us: int, worn: Worn) -> CandidateTracks:
    """For each scene the positions in its padded window, and from the last usable one before to the first after."""
    fixes = rows.fixes
    windows = [one.hull.padded(padding_us) for one in scenes]
    from_us, to_us = (np.array([getattr(one, name) for one in windows], np.int64) for name in ("from_us", "to_us"))
    accuracy_m = effective_accuracy_m(fixes.accuracy_m, fixes.mechanism)
    usable = np.flatnonzero((fixes.mechanism != Mechanism.LBS) & (accuracy_m <= USABLE_ACCURACY_M))
    before = np.searchsorted(fixes.fix_time_us[usable], from_us, "right") - 1
    after = np.searchsorted(fixes.fix_time_us[usable], to_us, "left")
    start = np.where(before >= 0, usable[np.maximum(before, 0)], np.searchsorted(fixes.fix_time_us, from_us, "left"))
    end = np.searchsorted(fixes.fix_time_us, to_us, "right")
    has_after = after < len(usable)
    end[has_after] = usable[after[has_after]] + 1
    counts = np.maximum(end - start, 0)
    _, index = spans(start, counts)
    return CandidateTracks(
        scene=np.arange(len(scenes)),
        person=np.full(len(scenes), PERSON),
        start=np.concatenate([[0], np.cumsum(counts)]),
        rows=rows.take(index),
        worn={PERSON: (worn,)},
    )


class _Made:
    """The wearer's fixes as they truly came about."""

    def __init__(self, wearer: CohortWearer, settings: MatchingSettings) -> None:
        self._path, self._radius_m = wearer.path, settings.radius_m
        self._phenomena = wearer.phenomena
        self._at_us = np.sort(wearer.true_time_us[wearer.fixes.mechanism == Mechanism.GPS])
        self._at = self._path.places((self._at_us - self._path.start_us) / SECOND_US)

    def judged(
        self, match: Match, place: Floats, padded: Window, offset: np.ndarray[Any, np.dtype[np.int64]]
    ) -> Judged:
        from_s, until_s = ((one - self._path.start_us) / SECOND_US for one in (padded.from_us, padded.to_us))
        true_m = nearest_m(self._path, place, from_s, until_s)
        satellites = 0
        if true_m <= self._radius_m:
            first, last = np.searchsorted(self._at_us, (padded.from_us, padded.to_us + 1))
            satellites = int(np.count_nonzero(np.hypot(*(self._at[first:last] - place).T) <= self._radius_m))
        longest = max(match.gaps, key=lambda one: _length_us(one.from_us, one.to_us, padded), default=None)
        reason = None if longest is None or match.verdict is not MatchVerdict.CANNOT_SAY else longest.reason.value
        wrong = bool(np.any(self._phenomena[offset] & (Phenomenon.CLOCK_WRONG | Phenomenon.ABSURD_TIME)))
        return Judged(match.verdict, reason, true_m, satellites, wrong)


def _length_us(from_us: int | None, to_us: int | None, padded: Window) -> int:
    return (padded.to_us if to_us is None else to_us) - (padded.from_us if from_us is None else from_us)


def crime_figures(judged: Iterable[Judged], settings: MatchingSettings) -> dict[str, Any]:
    """All figures, ready for JSON. ``there`` are the pairs whose wearer truly was within the radius in the window."""
    every = list(judged)
    there = [one for one in every if one.true_m <= settings.radius_m]
    seen = [one for one in there if one.satellites >= settings.least_positions]
    present = [one for one in every if one.verdict is MatchVerdict.PRESENT]
    elsewhere = [one for one in every if one.true_m > settings.radius_m]
    wrongly = [one for one in there if one.verdict is MatchVerdict.ABSENT]
    return {
        "pairs": len(every),
        "verdicts": _verdicts(every),
        "there": {
            "pairs": len(there),
            "verdicts": _verdicts(there),
            "recall": _part(sum(one.verdict is MatchVerdict.PRESENT for one in there), len(there)),
            "with_enough_positions_of_satellites": len(seen),
            "recall_of_these": _part(sum(one.verdict is MatchVerdict.PRESENT for one in seen), len(seen)),
        },
        "present": {
            "pairs": len(present),
            "precision": _part(sum(one.true_m <= settings.radius_m for one in present), len(present)),
            "nearly": _part(sum(one.true_m <= settings.radius_m + NEARLY_M for one in present), len(present)),
            "farthest_m": round(max((one.true_m for one in present if not one.clock_wrong), default=0.0), 1),
        },
        "elsewhere": {"pairs": len(elsewhere), "verdicts": _verdicts(elsewhere)},
        "false_absent": sum(not one.clock_wrong for one in wrongly),
        "false_absent_by_a_wrong_clock": sum(one.clock_wrong for one in wrongly),
        "cannot_say_by_reason": dict(Counter(one.reason for one in every if one.reason is not None).most_common()),
        "cannot_say_there_by_reason": dict(
            Counter(one.reason for one in there if one.reason is not None).most_common()
        ),
    }


def _verdicts(judged: Sequence[Judged]) -> dict[str, int]:
    counts = Counter(one.verdict for one in judged)
    return {one.value: counts[one] for one in MatchVerdict}


def _part(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
