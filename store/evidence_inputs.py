"""What a result is computed from, read as it is now, and read again by what was recorded with a bundle."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from crimes.evidence.dossier import RejectedFix
from crimes.evidence.inputs import Inputs, RecordedInputs
from crimes.evidence.observed import QUARANTINED, Serials
from crimes.scenes import CandidateTracks, Scene
from geofence.columns import PositionRows
from model.crimes import MatchingSettings, Window
from model.enums import Mechanism
from model.times import from_microseconds, to_microseconds
from store.database import Cursor
from store.match_reads import find_candidates_of, read_events_of
from store.position_reads import COLUMNS, position_rows

PositionKey = tuple[int, int, int]
"""Device, fix time and key of its content."""


def read_inputs(
    cursor: Cursor, scene: Scene, person_id: int, settings: MatchingSettings, centre: tuple[float, float]
) -> Inputs | None:
    """All that is stored now; None where the person wore no tag in the searched time."""
    tracks = find_candidates_of(cursor, [scene], person_id, settings)
    if len(tracks) == 0:
        return None
    events = read_events_of(cursor, [scene], tracks, settings)
    whole = _whole_rows(cursor, person_id, _keys(tracks.rows)).rows  # a search leaves out where the originals are
    return Inputs(scene, settings, tracks if whole is None else replace(tracks, rows=whole), events, centre)


@dataclass(frozen=True, slots=True)
class FoundInputs:
    """``inputs`` is None where a recorded position is no longer there, or no longer to be looked at."""

    inputs: Inputs | None
    missing: int


def read_recorded_inputs(cursor: Cursor, recorded: RecordedInputs) -> FoundInputs:
    """The positions by their keys, in the order that they were recorded in."""
    keys = [(one.device_id, one.fix_time_us, one.fix_key) for one in recorded.positions]
    found = _whole_rows(cursor, recorded.person_id, keys)
    if found.rows is None:
        return FoundInputs(None, found.missing)
    tracks = CandidateTracks(
        scene=np.zeros(1, np.int64),
        person=np.array([recorded.person_id], np.int64),
        start=np.array([0, len(keys)], np.int64),
        rows=found.rows,
        worn={recorded.person_id: recorded.worn},
        unmonitored={recorded.person_id: recorded.unmonitored},
    )
    return FoundInputs(Inputs(recorded.scene, recorded.settings, tracks, recorded.events, recorded.centre), 0)


def _keys(rows: PositionRows) -> list[PositionKey]:
    return list(zip(rows.device_id.tolist(), rows.fixes.fix_time_us.tolist(), rows.fix_key.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _WholeRows:
    rows: PositionRows | None  # None: not all of them are there, or there are none
    missing: int


def _whole_rows(cursor: Cursor, person_id: int, keys: Sequence[PositionKey]) -> _WholeRows:
    """The stored positions of the keys, in their order, each in a time in which the person's may be looked at."""
    times_us = [fix_time_us for _, fix_time_us, _ in keys]
    cursor.execute(
        f"SELECT device_id, {COLUMNS} FROM positions"  # noqa: S608 -- names of this package
        " WHERE (device_id, fix_time, fix_key) IN (SELECT device_id, 'epoch'::timestamptz + time_us * interval"
        " '1 microsecond', fix_key FROM unnest(%s::integer[], %s::bigint[], %s::bigint[])"
        " AS wanted (device_id, time_us, fix_key)) AND fix_time BETWEEN %s AND %s"
        " AND fix_time <@ (SELECT lawful_times(%s, %s, %s::timestamptz + interval '1 microsecond'))",
        (
            [device_id for device_id, _, _ in keys],
            times_us,
            [fix_key for _, _, fix_key in keys],
            from_microseconds(min(times_us, default=0)),
            from_microseconds(max(times_us, default=0)),
            person_id,
            from_microseconds(min(times_us, default=0)),
            from_microseconds(max(times_us, default=0)),
        ),
    )
    found = {(device_id, to_microseconds(row[0]), row[1]): tuple(row) for device_id, *row in cursor.fetchall()}
    missing = sum(key not in found for key in keys)
    if missing or not keys:
        return _WholeRows(None, missing)
    return _WholeRows(position_rows([device_id for device_id, _, _ in keys], [found[key] for key in keys]), 0)


def quarantined_fixes(
    cursor: Cursor, device_ids: Collection[int], windows: Collection[Window], serials: Serials
) -> tuple[RejectedFix, ...]:
    """Fixes of the searched time whose clock was too wild to keep them with the others; their places are not told."""
    found = []
    for window in windows:
        cursor.execute(
            "SELECT device_id, fix_time, received_at, mechanism FROM quarantined_positions"
            " WHERE device_id = ANY (%s) AND fix_time BETWEEN %s AND %s ORDER BY fix_time, device_id, fix_key",
            (list(device_ids), from_microseconds(window.from_us), from_microseconds(window.to_us)),
        )
        found += [
            RejectedFix(
                serial=serials[device_id],
                fix_time_us=to_microseconds(fix_time),
                received_us=to_microseconds(received_at),
                mechanism=Mechanism(mechanism).word,
                why=(QUARANTINED,),
                lat=None,
                lon=None,
                accuracy_m=None,
                distance_m=None,
            )
            for device_id, fix_time, received_at, mechanism in cursor.fetchall()
        ]
    return tuple(found)
