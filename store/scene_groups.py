"""Scenes that are asked for together: who wore a device then, who of them may have been there, and their tracks."""

from collections.abc import Sequence

import numpy as np

from crimes.matching.worn import Spell
from crimes.reach import SLACK, distance_m, reach_m
from crimes.scenes import Scene
from geofence.arrays import spans
from geofence.columns import Booleans, Integers
from model.crimes import SHORT_GAP_US, MatchingSettings
from store.database import Cursor
from store.match_tracks import LOOK_FAR_US, Pairs, Tracks, complete, read_about
from store.near_scenes import GapsFound, devices_in_reach, find_gaps, straps_opened
from store.wearings import Wearings


class SceneGroup:
    """Scenes near each other in time; places of scenes are those in this group."""

    def __init__(self, scenes: Sequence[Scene], settings: MatchingSettings, wearings: Wearings) -> None:
        padding_us = settings.padding_us
        hulls = [scene.hull.padded(padding_us) for scene in scenes]
        windows = [[window.padded(padding_us) for window in scene.windows] for scene in scenes]
        self._scenes, self._settings, self._wearings = scenes, settings, wearings
        self._from_us = np.array([hull.from_us for hull in hulls], np.int64)
        self._to_us = np.array([hull.to_us for hull in hulls], np.int64)
        self._alone_us = wearings.alone_us()
        self._people, self._whose = np.unique(wearings.person, return_inverse=True)
        worn = np.array([np.any([wearings.touch(one) for one in some], axis=0) for some in windows])
        self.wears = self._by_person(worn)
        """Who wore a device at some time of each scene's padded windows, shape (scenes, people)."""

    def everybody(self, cursor: Cursor) -> tuple[Pairs, Tracks]:
        """Whoever wore a device then."""
        pairs = self._pairs(self.wears)
        return pairs, complete(cursor, pairs, self._wearings, read_about(cursor, pairs, self._wearings))

    def candidates(self, cursor: Cursor) -> tuple[Pairs, Tracks]:
        """Whoever of them may have been at the scene, or came within ``near_m`` of it."""
        asked = (cursor, self._scenes, (self._from_us, self._to_us), self._settings)
        spells = straps_opened(cursor, int(self._to_us.max()) + LOOK_FAR_US)
        in_doubt = self._by_person(
            self._have_edges() | self._have_gaps(find_gaps(*asked), spells) | self._have_open_straps(spells)
        )
        in_reach = self._by_person(self._in_reach(*devices_in_reach(*asked)))
        pairs = self._pairs(self.wears & (in_doubt | in_reach))
        tracks = read_about(cursor, pairs, self._wearings)
        is_in_doubt = in_doubt[pairs.scene, np.searchsorted(self._people, pairs.person)]
        kept = np.flatnonzero(is_in_doubt | self._came_near(pairs, tracks))
        pairs, tracks = pairs.take(kept), tracks.take_pairs(kept)
        return pairs, complete(cursor, pairs, self._wearings, tracks)

    def _have_edges(self) -> Booleans:
        """Wearings that begin or end about the window, or are not the only one then, or whose device fell silent,
        (scenes, wearings).
        """
        wearings, (alone_from_us, alone_until_us) = self._wearings, self._alone_us
        first, last = self._from_us[:, None] - SHORT_GAP_US, self._to_us[:, None] + SHORT_GAP_US
        touch = (wearings.from_us <= last) & (wearings.until_us > first)
        covers = (alone_from_us <= first) & (alone_until_us > last)
        return touch & (~covers | (wearings.last_fix_us < last))

    def _have_open_straps(self, spells: Sequence[Spell]) -> Booleans:
        """Wearings whose strap was open about the window, (scenes, wearings): the tag says nothing of its wearer."""
        wearings = self._wearings
        found = np.zeros((len(self._scenes), len(wearings)), bool)
        for spell in spells:
            opened_us = spell.from_us
            theirs = (wearings.device == spell.device_id) & (wearings.from_us <= opened_us)
            theirs &= opened_us < wearings.until_us
            about = (opened_us <= self._to_us + SHORT_GAP_US) & (spell.until_us >= self._from_us - SHORT_GAP_US)
            found |= about[:, None] & theirs
        return found

    def _have_gaps(self, found: GapsFound, spells: Sequence[Spell]) -> Booleans:
        """Wearings with a gap that leaves room; or in which the track is another's as well, or another device's; or
        that begins or ends where the strap was open.
        """
        room = found.has_room.copy()
        for spell in spells:
            theirs = np.flatnonzero(found.device_id == spell.device_id)
            for times_us in found.ends.time_us:
                room[theirs] |= (spell.from_us <= times_us[theirs]) & (times_us[theirs] < spell.until_us)
        row, wearing = self._wearings_of(found.scene, found.device_id)
        begins, ends = (times[row] for times in found.ends.time_us)
        alone_from_us, alone_until_us = self._alone_us
        cut = (begins < alone_from_us[wearing]) | (ends >= alone_until_us[wearing])
        return self._marked(found.scene[row], wearing, room[row] | cut)

    def _in_reach(self, scene: Integers, device_id: Integers) -> Booleans:
        row, wearing = self._wearings_of(scene, device_id)
        return self._marked(scene[row], wearing, np.ones(len(row), bool))

    def _wearings_of(self, scene: Integers, device_id: Integers) -> tuple[Integers, Integers]:
        """(row, wearing): of what was found of devices, whoever wore them about the window."""
        order = np.argsort(self._wearings.device, kind="stable")
        first = np.searchsorted(self._wearings.device, device_id, "left", sorter=order)
        count = np.searchsorted(self._wearings.device, device_id, "right", sorter=order) - first
        row, place = spans(first, count)
        wearing = order[place]
        about = (self._wearings.from_us[wearing] <= self._to_us[scene[row]] + SHORT_GAP_US) & (
            self._wearings.until_us[wearing] > self._from_us[scene[row]] - SHORT_GAP_US
        )
        return row[about], wearing[about]

    def _marked(self, scene: Integers, wearing: Integers, which: Booleans) -> Booleans:
        """(scenes, wearings)"""
        marked = np.zeros((len(self._scenes), len(self._wearings)), bool)
        marked[scene[which], wearing[which]] = True
        return marked

    def _by_person(self, of_wearings: Booleans) -> Booleans:
        """From (scenes, wearings) to (scenes, people): whether any of a person's wearings is marked."""
        marked = np.zeros((len(self._scenes), len(self._people)), bool)
        scene, wearing = np.nonzero(of_wearings)
        marked[scene, self._whose[wearing]] = True
        return marked

    def _pairs(self, chosen: Booleans) -> Pairs:
        scene, person = np.nonzero(chosen)
        return Pairs(scene, self._people[person], self._from_us[scene], self._to_us[scene])

    def _came_near(self, pairs: Pairs, tracks: Tracks) -> Booleans:
        """Pairs with a position within reach, which the cells, larger than that, do not say."""
        columns = np.array([(scene.lat, scene.lon, reach_m(scene, self._settings)) for scene in self._scenes])
        pair = tracks.pair
        lat, lon, reach = columns[pairs.scene[pair]].T
        away_m = distance_m(lat, lon, tracks.rows.fixes.lat, tracks.rows.fixes.lon) * (1 - SLACK)
        return np.asarray(np.bincount(pair[away_m <= reach], minlength=len(pairs)) > 0)
