"""Positions held against the scenes of their pairs, in columns: where they are, how sure, and in which window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crimes.scenes import CandidateTracks, Scene
from geofence.arrays import spans
from geofence.columns import Booleans, Floats, Integers, PositionRows
from geofence.confidence import effective_accuracy_m
from geofence.projection import Projection
from model.crimes import MatchingSettings, Window
from model.times import SECOND_US


@dataclass(frozen=True, slots=True)
class SceneTable:
    """``s`` scenes with up to ``w`` padded windows each; a missing one holds no moment. Metres on the plane."""

    scenes: Sequence[Scene]
    hulls: Sequence[Window]  # from the first to the last moment of each scene's padded windows
    x: Floats  # (s,)
    y: Floats
    disc_m: Floats  # (s,) about the stated place: who is not within it is not at the scene
    origin_us: Integers  # (s,) from which seconds count: the start of the first padded window
    from_s: Floats  # (s, w)
    to_s: Floats

    @classmethod
    def of(cls, scenes: Sequence[Scene], settings: MatchingSettings, projection: Projection) -> "SceneTable":
        """Raises ValueError for a scene without a window, or whose place is none on the plane."""
        places = projection.points(np.array([one.lon for one in scenes]), np.array([one.lat for one in scenes]))
        lost = [one.scene_id for one, x in zip(scenes, places.x, strict=True) if not (np.isfinite(x) and one.windows)]
        if lost:
            raise ValueError(f"scenes {lost} have no window, or no place on the plane: see their lat, lon and windows")
        padding_us = settings.padding_us
        padded = [[window.padded(padding_us) for window in one.windows] for one in scenes]
        hulls = [one.hull.padded(padding_us) for one in scenes]
        origin_us = np.array([one.from_us for one in hulls], np.int64)
        shape = (len(scenes), max((len(one) for one in padded), default=1))
        from_s, to_s = np.full(shape, np.inf), np.full(shape, -np.inf)
        for place, windows in enumerate(padded):
            for number, window in enumerate(windows):
                from_s[place, number] = (window.from_us - int(origin_us[place])) / SECOND_US
                to_s[place, number] = (window.to_us - int(origin_us[place])) / SECOND_US
        uncertainty_m = np.array([one.place_uncertainty_m for one in scenes], np.float64)
        return cls(scenes, hulls, places.x, places.y, settings.radius_m + uncertainty_m, origin_us, from_s, to_s)


@dataclass(frozen=True, slots=True)
class Held:
    """The ``n`` positions of some pairs against their scenes; arrays of the shape ``(n,)`` unless said."""

    rows: PositionRows
    pair: Integers  # a place in ``scene`` and ``person``
    scene: Integers  # (p,) a place in the table of scenes
    person: Integers  # (p,)
    start: Integers  # (p + 1,) where each pair's positions begin
    x: Floats
    y: Floats
    time_s: Floats  # since the scene's origin
    accuracy_m: Floats  # the 95 % circle to reckon with
    distance_m: Floats  # to the stated place
    in_window: Booleans  # (w, n): in each padded window

    def in_some_window(self) -> Booleans:
        return np.asarray(self.in_window.any(axis=0))


def held_against(table: SceneTable, tracks: CandidateTracks, first: int, last: int, projection: Projection) -> Held:
    """The pairs from ``first`` to before ``last``."""
    scene, start = tracks.scene[first:last], tracks.start[first : last + 1]
    pair, index = spans(start[:-1], np.diff(start))
    rows = tracks.rows.take(index)
    fixes, at = rows.fixes, scene[pair]
    x, y = projection.forward(fixes.lon, fixes.lat)
    time_s = (fixes.fix_time_us - table.origin_us[at]) / SECOND_US
    return Held(
        rows=rows,
        pair=pair,
        scene=scene,
        person=tracks.person[first:last],
        start=start - start[0],
        x=x,
        y=y,
        time_s=time_s,
        accuracy_m=effective_accuracy_m(fixes.accuracy_m, fixes.mechanism),
        distance_m=np.hypot(x - table.x[at], y - table.y[at]),
        in_window=np.stack(
            [
                (time_s >= table.from_s[at, one]) & (time_s <= table.to_s[at, one])
                for one in range(table.from_s.shape[1])
            ]
        ),
    )
