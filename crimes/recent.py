"""Crimes that positions of now may still meet, and which positions have them matched again (pure)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np

from crimes.reach import GapEnds
from crimes.track_notes import TrackGaps
from geofence.columns import Booleans, Earlier, Floats, Integers, Points, PositionRows
from geofence.confidence import effective_accuracy_m
from geofence.projection import Projection
from geofence.scene_index import Boxes, SceneIndex
from model.crimes import SHORT_GAP_S, MatchingSettings
from model.devices import FOREVER_US, NEVER_US
from model.times import SECOND_US

SHORT_GAP_US = SHORT_GAP_S * SECOND_US

SETTLED_AFTER_S = 600
"""After the end of its padded window a crime is matched once more, and takes in what came meanwhile."""

LATE_AFTER_S = 240
"""A position that is judged later than this after its fix may come after that. The one before it lies SHORT_GAP_S
earlier at most; so what is left are four minutes for writing, and for clocks that differ."""

PLANE_SLACK = 1.01
"""Circles are widened by 1 %: the deployment's plane stretches distances by less, up to 900 km from its centre."""


@dataclass(frozen=True, slots=True)
class SceneColumns:
    """Where and when ``n`` crimes were, as they were reported; arrays of the shape ``(n,)``."""

    crime_version_id: Integers
    lat: Floats  # WGS84 degrees
    lon: Floats
    place_uncertainty_m: Floats
    from_us: Integers  # the hull of the windows, not padded
    to_us: Integers

    def __len__(self) -> int:
        return len(self.crime_version_id)


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of devices' time; arrays of the shape ``(n,)``. NEVER_US: since ever."""

    device_id: Integers
    from_us: Integers
    until_us: Integers

    def __len__(self) -> int:
        return len(self.device_id)

    @classmethod
    def none(cls) -> Self:
        return cls(*(np.zeros(0, np.int64) for _ in range(3)))

    @classmethod
    def joined(cls, parts: Collection[Self]) -> Self:
        """One a device, from the earliest start to the latest end, in the order of the devices."""
        device_id = np.concatenate([part.device_id for part in parts])
        order = np.argsort(device_id, kind="stable")
        device_id = device_id[order]
        first = np.flatnonzero(np.diff(device_id, prepend=-1) != 0)
        if not len(first):
            return cls.none()
        from_us = np.concatenate([part.from_us for part in parts])[order]
        until_us = np.concatenate([part.until_us for part in parts])[order]
        return cls(device_id[first], np.minimum.reduceat(from_us, first), np.maximum.reduceat(until_us, first))


class RecentScenes:
    """The crimes that positions of now may still meet, as a worker holds them."""

    def __init__(self, projection: Projection, settings: MatchingSettings) -> None:
        self._projection = projection
        self.plausible_speed_mps = settings.plausible_speed_mps
        self._radius_m = settings.radius_m
        self._padding_us = round(settings.padding_s * SECOND_US)
        self._index = SceneIndex()
        self.now_us = FOREVER_US
        """When positions are judged; FOREVER_US: whatever comes is late."""
        self._complete_from_us = NEVER_US  # earlier windows are not all held

    def __len__(self) -> int:
        return len(self._index)

    @property
    def knows_none(self) -> bool:
        """Whether there is no crime at all, held or not."""
        return not len(self._index) and self._complete_from_us == NEVER_US

    def put(self, scenes: SceneColumns) -> None:
        """Hold these, each in place of the one with the same identifier."""
        x, y = self._projection.forward(scenes.lon, scenes.lat)
        radius_m = self._radius_m + scenes.place_uncertainty_m
        padded = scenes.from_us - self._padding_us, scenes.to_us + self._padding_us
        self._index.put(
            scenes.crime_version_id.tolist(), Boxes(x - radius_m, y - radius_m, x + radius_m, y + radius_m, *padded)
        )

    def drop(self, crime_version_ids: Collection[int]) -> None:
        self._index.drop(crime_version_ids)

    def note_earlier(self, over_by_us: int | None) -> None:
        """There are crimes that are not held, with windows that were all over by then; None: there are none."""
        self._complete_from_us = NEVER_US if over_by_us is None else over_by_us + self._padding_us

    def drop_before(self, moment_us: int) -> None:
        """Forget those whose padded window was over before ``moment_us``."""
        self._index.drop_before(moment_us)

    def may_be_in(self, from_us: Integers, until_us: Integers) -> Booleans:
        """Whether some crime's padded window may touch each stretch of time; shapes (n,)."""
        return np.asarray((from_us < self._complete_from_us) | self._index.in_time(from_us, until_us))

    def meets(
        self, points: Points, accuracy_m: Floats, mechanism: Integers, times_us: Integers, before: Earlier
    ) -> Booleans:
        """Which positions may place their wearer at a scene, there or on the way from the one before; shapes (n,).

        A circle that touches a scene's disc, and a straight way that crosses it, do so within the box about both.
        """
        unsure_m = PLANE_SLACK * np.maximum(
            effective_accuracy_m(accuracy_m, mechanism), effective_accuracy_m(before.accuracy_m, before.mechanism)
        )
        boxes = Boxes(
            np.fmin(points.x, before.points.x) - unsure_m,
            np.fmin(points.y, before.points.y) - unsure_m,
            np.fmax(points.x, before.points.x) + unsure_m,
            np.fmax(points.y, before.points.y) + unsure_m,
            before.fix_time_us,
            times_us,
        )
        return self._index.meets(boxes)


def select_rematches(
    newer: PositionRows, points: Points, before: Earlier, gaps: TrackGaps, scenes: RecentScenes
) -> Stretches:
    """The devices and stretches of time for which crimes that are known already may have to be matched otherwise.

    ``newer`` are positions newer than all before of their device, ``before`` the one before each, ``gaps`` the gaps
    in tracks that they have ended or made longer. Positions that are judged as they are made, none missing, say
    something at once only of the scenes that they meet; the run once a scene's time is over takes in the rest. One that
    is judged late, or ends a gap, says something of every scene of that time: that the wearer was elsewhere. Up to
    now nothing later was known.
    """
    if scenes.knows_none or not len(newer):
        return Stretches.none()
    times_us = newer.fixes.fix_time_us
    since_us = np.where(before.fix_time_us == NEVER_US, times_us, before.fix_time_us)
    is_late = scenes.now_us - times_us > LATE_AFTER_S * SECOND_US
    until_us = np.where(is_late, scenes.now_us, times_us)
    wide = is_late | (times_us - since_us > SHORT_GAP_US)
    doubted = np.zeros(len(newer), np.bool_)
    doubted[wide] = scenes.may_be_in(since_us[wide], until_us[wide])
    live = np.flatnonzero(~wide & (before.fix_time_us != NEVER_US))
    live = live[scenes.may_be_in(since_us[live], times_us[live])]
    fixes = newer.fixes.take(live)
    doubted[live] = scenes.meets(
        points.take(live), fixes.accuracy_m, fixes.mechanism, times_us[live], before.take(live)
    )
    ways = GapEnds(
        (gaps.from_us, gaps.until_us),
        (gaps.from_lat, gaps.until_lat),
        (gaps.from_lon, gaps.until_lon),
        (gaps.from_accuracy_m, gaps.until_accuracy_m),
    )
    # after a jump the position before may be a lone outlier, and the gap that it seemed to end goes on
    doubtful = scenes.may_be_in(gaps.from_us, gaps.until_us) | ways.are_faster(scenes.plausible_speed_mps)
    ended = doubtful & np.isfinite(gaps.until_lat)
    return Stretches.joined(
        [
            Stretches(newer.device_id[doubted], since_us[doubted], until_us[doubted]),
            Stretches(gaps.device_id[ended], gaps.from_us[ended], gaps.until_us[ended]),
        ]
    )
