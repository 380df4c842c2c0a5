"""Who may have been at a scene, and their tracks: all that matching reads from the database.

Only positions of lawful times are read (store/lawful_wearings.py): of whoever has none in the padded windows nothing is
said. Somebody else is left out, and so is absent, only where two usable positions at most SHORT_GAP_S apart, or the two
that a noted gap lies between, prove it for every moment of the padded windows. Why that leaves nobody out who may have
been there is in docs/crime-matching.md, "Speed".
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from crimes.scenes import Candidates, CandidateTracks, Scene, Worn
from geofence.columns import Integers
from model.crimes import MatchingSettings, Window
from model.device_events import DeviceEvent, DeviceEventKind
from model.times import DAY_US, from_microseconds, to_microseconds
from store.database import Cursor
from store.match_tracks import LOOK_FAR_US, joined_tracks, no_rows
from store.scene_groups import Found, SceneGroup
from store.wearings import Wearings, read_wearings

SCENES_AT_ONCE = 64
TIME_AT_ONCE_US = DAY_US
"""Scenes that are asked for together lie within a day: few chunks of positions are looked into."""


def find_candidates(cursor: Cursor, scenes: Sequence[Scene], settings: MatchingSettings) -> Candidates:
    """Everybody who may have been at each scene, with their tracks; whoever is left out is absent.

    Memory is that of the tracks found: a hundred scenes at once are a good measure.
    """
    population = np.zeros(len(scenes), np.int64)
    not_monitored = [np.zeros(0, np.int64) for _ in scenes]
    wearings = _wearings(cursor, scenes, settings, None)
    parts = []
    for places in _together(scenes):
        group = SceneGroup(cursor, [scenes[place] for place in places], settings, wearings, None)
        population[places] = group.wears.sum(axis=1)
        for place, nothing in zip(places.tolist(), group.wears & ~group.monitored, strict=True):
            not_monitored[place] = group.people[nothing]
        parts.append(_named(places, group.candidates(cursor)))
    return Candidates(_columns(parts, wearings), population, not_monitored)


def find_candidates_of(
    cursor: Cursor, scenes: Sequence[Scene], person_id: int, settings: MatchingSettings
) -> CandidateTracks:
    """The tracks of one person at each scene in whose padded windows they wore a device, candidate or not.

    One is empty where nothing let a position in the padded windows be looked at.
    """
    wearings = _wearings(cursor, scenes, settings, [person_id])
    parts = []
    for places in _together(scenes):
        group = SceneGroup(cursor, [scenes[place] for place in places], settings, wearings, person_id)
        parts.append(_named(places, group.everybody(cursor)))
    return _columns(parts, wearings)


def read_device_events(cursor: Cursor, device_ids: Collection[int], window: Window) -> dict[int, list[DeviceEvent]]:
    """By device, in the order of their times: its events in the window, and the last one of each kind before it."""
    found: dict[int, list[DeviceEvent]] = {device_id: [] for device_id in device_ids}
    cursor.execute(
        "SELECT device_id, kind, event_time, received_at, battery_pct FROM device_events"
        " WHERE device_id = ANY (%(devices)s) AND event_time BETWEEN %(from)s AND %(to)s"
        " UNION ALL (SELECT DISTINCT ON (device_id, kind) device_id, kind, event_time, received_at, battery_pct"
        "  FROM device_events WHERE device_id = ANY (%(devices)s) AND event_time < %(from)s"
        "  ORDER BY device_id, kind, event_time DESC)"
        " ORDER BY event_time, kind",
        {
            "devices": list(device_ids),
            "from": from_microseconds(window.from_us),
            "to": from_microseconds(window.to_us),
        },
    )
    for device_id, kind, event_time, received_at, battery_pct in cursor.fetchall():
        found[device_id].append(
            DeviceEvent(DeviceEventKind(kind), to_microseconds(event_time), to_microseconds(received_at), battery_pct)
        )
    return found


def read_events_of(
    cursor: Cursor, scenes: Sequence[Scene], tracks: CandidateTracks, settings: MatchingSettings
) -> dict[int, list[DeviceEvent]]:
    """What the devices of the tracks said of themselves, as far as matching these scenes goes by it."""
    if len(tracks) == 0:
        return {}
    padding_us, time_us = settings.padding_us, tracks.rows.fixes.fix_time_us
    hulls = [scene.hull.padded(padding_us) for scene in scenes]
    first = min([hull.from_us for hull in hulls] + [int(time_us.min(initial=hulls[0].from_us))])
    last = max([hull.to_us for hull in hulls] + [int(time_us.max(initial=hulls[0].to_us))])
    devices = {one.device_id for worn in tracks.worn.values() for one in worn}
    return read_device_events(cursor, devices, Window(first, last))


def _wearings(
    cursor: Cursor, scenes: Sequence[Scene], settings: MatchingSettings, person_ids: Sequence[int] | None
) -> Wearings:
    """All that a track of one of the scenes can be made of."""
    reach_us = settings.padding_us + LOOK_FAR_US
    first = min((scene.hull.from_us for scene in scenes), default=0)
    last = max((scene.hull.to_us for scene in scenes), default=0)
    return read_wearings(cursor, Window(first, last).padded(reach_us), person_ids)


def _together(scenes: Sequence[Scene]) -> Iterator[Integers]:
    """Places in the list of scenes that are near each other in time, a group at a time."""
    from_us = np.array([scene.hull.from_us for scene in scenes], np.int64)
    order = np.argsort(from_us, kind="stable")
    first = 0
    for place in range(1, len(order) + 1):
        is_last = place == len(order)
        if (
            is_last
            or place - first == SCENES_AT_ONCE
            or from_us[order[place]] - from_us[order[first]] > TIME_AT_ONCE_US
        ):
            yield order[first:place]
            first = place


def _named(places: Integers, found: Found) -> Found:
    """Pairs of a group by their scenes' places in the list of all."""
    return replace(found, pairs=replace(found.pairs, scene=places[found.pairs.scene]))


def _columns(parts: Sequence[Found], wearings: Wearings) -> CandidateTracks:
    """The pairs of all parts in the order of scenes and people."""
    if not parts:
        nobody = np.zeros(0, np.int64)
        return CandidateTracks(nobody, nobody, np.zeros(1, np.int64), no_rows(), {})
    scene, person = (np.concatenate([getattr(one.pairs, name) for one in parts]) for name in ("scene", "person"))
    tracks = joined_tracks([one.tracks for one in parts])
    order = np.lexsort((person, scene))
    tracks = tracks.take_pairs(order)
    return CandidateTracks(
        scene[order], person[order], tracks.start, tracks.rows, _worn(person, wearings), _unmonitored(parts)
    )


def _unmonitored(parts: Sequence[Found]) -> dict[int, tuple[Window, ...]]:
    """Of all parts, each of which says it of its own time."""
    found: dict[int, set[Window]] = {}
    for part in parts:
        for person, times in part.unmonitored.items():
            found.setdefault(person, set()).update(times)
    return {person: tuple(sorted(times, key=lambda one: one.from_us)) for person, times in found.items()}


def _worn(person: Integers, wearings: Wearings) -> dict[int, tuple[Worn, ...]]:
    theirs = wearings.take(np.isin(wearings.person, person))
    worn: dict[int, tuple[Worn, ...]] = {}
    for whose, one in zip(theirs.person.tolist(), theirs.worn(), strict=True):
        worn[whose] = (*worn.get(whose, ()), one)
    return worn
