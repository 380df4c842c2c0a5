"""What one result was computed from, and the result again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from crimes.matching.documents import read_settings, read_windows, settings_document, windows_document
from crimes.matching.verdict import match_candidates
from crimes.scenes import CandidateTracks, Scene, Worn
from geofence.projection import Projection
from model.crimes import Match, MatchingSettings, Window
from model.device_events import DeviceEvent


@dataclass(frozen=True, slots=True)
class Inputs:
    """One wearer and one scene: the tracks have one pair."""

    scene: Scene
    settings: MatchingSettings
    tracks: CandidateTracks
    events: Mapping[int, Sequence[DeviceEvent]]  # by device
    centre: tuple[float, float]  # of the plane of metres: latitude and longitude

    @property
    def person_id(self) -> int:
        return int(self.tracks.person[0])

    @property
    def worn(self) -> tuple[Worn, ...]:
        return self.tracks.worn[self.person_id]


class PositionKey(msgspec.Struct, array_like=True, frozen=True):
    """The key of a stored position."""

    device_id: int
    fix_time_us: int
    fix_key: int


@dataclass(frozen=True, slots=True)
class RecordedInputs:
    """Inputs as they are kept with an issued bundle: positions by their keys, all else as it was."""

    scene: Scene
    settings: MatchingSettings
    centre: tuple[float, float]
    person_id: int
    worn: tuple[Worn, ...]
    events: dict[int, list[DeviceEvent]]
    positions: tuple[PositionKey, ...]
    unmonitored: tuple[Window, ...]


def match_of(inputs: Inputs) -> Match:
    """The result by the rules of this version."""
    plane = Projection(*inputs.centre)
    (match,) = match_candidates([inputs.scene], inputs.tracks, inputs.events, inputs.settings, plane)
    return match


def inputs_document(inputs: Inputs) -> dict[str, Any]:
    """As JSON keeps them; keys of 64 bits are text."""
    rows, scene = inputs.tracks.rows, inputs.scene
    keys = zip(rows.device_id.tolist(), rows.fixes.fix_time_us.tolist(), map(str, rows.fix_key.tolist()), strict=True)
    return {
        "scene": {
            "scene_id": scene.scene_id,
            "lat": scene.lat,
            "lon": scene.lon,
            "place_uncertainty_m": scene.place_uncertainty_m,
            "windows": windows_document(scene.windows),
        },
        "settings": settings_document(inputs.settings),
        "centre": list(inputs.centre),
        "person_id": inputs.person_id,
        "worn": [[one.activation_id, one.device_id, str(one.from_us), str(one.until_us)] for one in inputs.worn],
        "unmonitored": [
            [str(one.from_us), str(one.to_us)] for one in inputs.tracks.unmonitored.get(inputs.person_id, ())
        ],
        "events": [
            [device, one.kind.value, one.event_us, one.received_us, one.battery_pct]
            for device, events in sorted(inputs.events.items())
            for one in events
        ],
        "positions": [list(key) for key in keys],
    }


def recorded_inputs(document: Mapping[str, Any]) -> RecordedInputs:
    """Raises ValueError for settings of another version of the matcher."""
    scene = document["scene"]
    events: dict[int, list[DeviceEvent]] = {}
    for device, *event in document["events"]:
        events.setdefault(device, []).append(_event(event))
    lat, lon = document["centre"]
    return RecordedInputs(
        scene=Scene(**scene | {"windows": read_windows(scene["windows"])}),
        settings=read_settings(document["settings"]),
        centre=(lat, lon),
        person_id=document["person_id"],
        worn=tuple(Worn(number, device, int(start), int(end)) for number, device, start, end in document["worn"]),
        events=events,
        positions=tuple(PositionKey(device, time_us, int(key)) for device, time_us, key in document["positions"]),
        unmonitored=tuple(Window(int(start), int(end)) for start, end in document.get("unmonitored", ())),
    )


def _event(values: Sequence[Any]) -> DeviceEvent:
    names = ("kind", "event_us", "received_us", "battery_pct")
    return msgspec.convert(dict(zip(names, values, strict=True)), DeviceEvent)
