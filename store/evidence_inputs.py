"""What a result is computed from, read as it is now, and read again by what was recorded with a bundle."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from crimes.evidence.dossier import RejectedFix
from crimes.evidence.inputs import Inputs, RecordedInputs
from crimes.evidence.observed import QUARANTINED, Serials
from crimes.scenes import CandidateTracks, Scene
from model.crimes import MatchingSettings, Window
from model.enums import Mechanism
from model.times import from_microseconds, to_microseconds
from store.database import Cursor
from store.match_reads import find_candidates_of, read_events_of
from store.position_reads import COLUMNS, position_rows


def read_inputs(
    cursor: Cursor, scene: Scene, person_id: int, settings: MatchingSettings, centre: tuple[float, float]
) -> Inputs | None:
    """All that is stored now; None where the person wore no tag in the searched time."""
    tracks = find_candidates_of(cursor, [scene], person_id, settings)
    if len(tracks) == 0:
        return None
    events = read_events_of(cursor, [scene], tracks, settings)
    return Inputs(scene, settings, tracks, events, centre)


@dataclass(frozen=True, slots=True)
class FoundInputs:
    """``inputs`` is None where a position that was recorded is no longer there: the result cannot be had again."""

    inputs: Inputs | None
    missing: int


def read_recorded_inputs(cursor: Cursor, recorded: RecordedInputs) -> FoundInputs:
    """The positions by their keys, in the order that they were recorded in."""
    rows = {}
    cursor.execute(
        f"SELECT device_id, {COLUMNS} FROM positions"  # noqa: S608 -- names of this package
        " WHERE (device_id, fix_time, fix_key) IN (SELECT device_id, 'epoch'::timestamptz + time_us * interval"
        " '1 microsecond', fix_key FROM unnest(%s::integer[], %s::bigint[], %s::bigint[])"
        " AS wanted (device_id, time_us, fix_key)) AND fix_time BETWEEN %s AND %s",
        (
            [one.device_id for one in recorded.positions],
            [one.fix_time_us for one in recorded.positions],
            [one.fix_key for one in recorded.positions],
            *_span(recorded),
        ),
    )
    for device_id, *row in cursor.fetchall():
        rows[device_id, to_microseconds(row[0]), row[1]] = tuple(row)
    keys = [(one.device_id, one.fix_time_us, one.fix_key) for one in recorded.positions]
    missing = sum(key not in rows for key in keys)
    if missing or not keys:
        return FoundInputs(None, missing)
    tracks = CandidateTracks(
        scene=np.zeros(1, np.int64),
        person=np.array([recorded.person_id], np.int64),
        start=np.array([0, len(keys)], np.int64),
        rows=position_rows([device_id for device_id, _, _ in keys], [rows[key] for key in keys]),
        worn={recorded.person_id: recorded.worn},
    )
    return FoundInputs(Inputs(recorded.scene, recorded.settings, tracks, recorded.events, recorded.centre), 0)


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


def _span(recorded: RecordedInputs) -> tuple[object, object]:
    """The bounds of all fix times: constants leave the other chunks out of the plan."""
    times = [one.fix_time_us for one in recorded.positions] or [0]
    return from_microseconds(min(times)), from_microseconds(max(times))
