"""Scenes that are asked for together: who wore a device then, who of them may have been there, and their tracks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crimes.matching.worn import Spell
from crimes.reach import SLACK, distance_m, reach_m
from crimes.scenes import Scene
from geofence.arrays import spans
from geofence.columns import Booleans, Integers
from model.crimes import SHORT_GAP_US, MatchingSettings, Window
from store.database import Cursor
from store.lawful_wearings import partly_monitored, read_lawful, unmonitored_times
from store.match_tracks import LOOK_FAR_US, Pairs, Tracks, complete, read_about
from store.near_scenes import GapsFound, devices_in_reach, find_gaps, straps_opened
from store.wearings import Wearings


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs of a scene and a person with their tracks, of lawful times alone."""

    pairs: Pairs
    tracks: Tracks
    unmonitored: dict[int, tuple[Window, ...]]  # by person: when they wore a device beside those times


class SceneGroup:
    """Scenes near each other in time; places of scenes are those in this group."""

    def __init__(
        self, cursor: Cursor, scenes: Sequence[Scene], settings: MatchingSettings, wearings: Wearings, one: int | None
    ) -> None:
        """``wearings`` are those of everybody, or of the person ``one``, as far as a track of the scenes may reach."""
        padding_us = settings.padding_us
        hulls = [scene.hull.padded(padding_us) for scene in scenes]
        windows = [[window.padded(padding_us) for window in scene.windows] for scene in scenes]
        self._scenes, self._settings, self._wearings = scenes, settings, wearings
        self._from_us = np.array([hull.from_us for hull in hulls], np.int64)
        self._to_us = np.array([hull.to_us for hull in hulls], np.int64)
        about = Window(int(self._from_us.min()) - SHORT_GAP_US, int(self._to_us.max()) + SHORT_GAP_US + 1)
        self._reach = about.padded(LOOK_FAR_US)
        self._lawful = self._known(read_lawful(cursor, about, self._reach, None if one is None else [one]))
        self._alone_us = self._lawful.alone_us()
        self.people = np.unique(wearings.person)
        """In the order of the columns below."""
        self.wears = self._touched(wearings, windows)
        """Who wore a device at some time of each scene's padded windows, shape (scenes, people)."""
        self.monitored = self._touched(self._lawful, windows)
        """Of whom something let positions be looked at, at some time of them, shape (scenes, people)."""

    def everybody(self, cursor: Cursor) -> Found:
        """Whoever wore a device then; of whom nothing let positions be looked at, there are none."""
        pairs = self._pairs(self.wears)
        monitored = np.flatnonzero(self.monitored[pairs.scene, np.searchsorted(self.people, pairs.person)])
        some = pairs.take(monitored)
        lawful, unmonitored = self._far(cursor, pairs)
        tracks = complete(cursor, some, lawful, read_about(cursor, some, lawful))
        counts = np.zeros(len(pairs), np.int64)
        counts[monitored] = np.diff(tracks.start)
        return Found(pairs, Tracks(np.concatenate([[0], np.cumsum(counts)]), tracks.rows), unmonitored)

    def candidates(self, cursor: Cursor) -> Found:
        """Whoever of those that are monitored may have been at the scene, or came within ``near_m`` of it."""
        asked = (cursor, self._scenes, (self._from_us, self._to_us), self._settings)
        spells = straps_opened(cursor, int(self._to_us.max()) + LOOK_FAR_US)
        in_doubt = self._by_person(
            self._lawful, self._have_edges() | self._have_gaps(find_gaps(*asked), spells)
        ) | self._by_person(self._wearings, self._have_open_straps(spells))
        in_reach = self._by_person(self._lawful, self._in_reach(*devices_in_reach(*asked)))
        pairs = self._pairs(self.monitored & (in_doubt | in_reach))
        tracks = read_about(cursor, pairs, self._lawful)
        is_in_doubt = in_doubt[pairs.scene, np.searchsorted(self.people, pairs.person)]
        kept = np.flatnonzero(is_in_doubt | self._came_near(pairs, tracks))
        pairs, tracks = pairs.take(kept), tracks.take_pairs(kept)
        lawful, unmonitored = self._far(cursor, pairs)
        return Found(pairs, complete(cursor, pairs, lawful, tracks), unmonitored)

    def _far(self, cursor: Cursor, pairs: Pairs) -> tuple[Wearings, dict[int, tuple[Window, ...]]]:
        """The lawful pieces of the pairs' people as far as a track may reach, and what they wore beside them."""
        theirs = self._lawful.take(np.isin(self._lawful.person, pairs.person))
        worn = self._wearings.take(np.isin(self._wearings.person, pairs.person))
        partly = partly_monitored(worn, theirs, self._reach)
        if len(partly) == 0:
            return theirs, {}
        pieces = self._known(read_lawful(cursor, self._reach, self._reach, partly.tolist()))
        unmonitored = unmonitored_times(worn, pieces, self._reach, partly)
        return theirs.take(~np.isin(theirs.person, partly)).joined(pieces), unmonitored

    def _known(self, pieces: Wearings) -> Wearings:
        """Without those of wearings that were recorded since the others were read: matching anew is asked for them."""
        return pieces.take(np.isin(pieces.activation, self._wearings.activation))

    def _have_edges(self) -> Booleans:
        """Pieces that begin or end about the window, or are not the only one then, or whose device fell silent,
        (scenes, pieces).
        """
        lawful, (alone_from_us, alone_until_us) = self._lawful, self._alone_us
        first, last = self._from_us[:, None] - SHORT_GAP_US, self._to_us[:, None] + SHORT_GAP_US
        touch = (lawful.from_us <= last) & (lawful.until_us > first)
        covers = (alone_from_us <= first) & (alone_until_us > last)
        return touch & (~covers | (lawful.last_fix_us < last))

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
        """Pieces with a gap that leaves room; or in which the track is another's as well, or another device's; or
        that begins or ends where the strap was open.
        """
        room = found.has_room.copy()
        for spell in spells:
            theirs = np.flatnonzero(found.device_id == spell.device_id)
            for times_us in found.ends.time_us:
                room[theirs] |= (spell.from_us <= times_us[theirs]) & (times_us[theirs] < spell.until_us)
        row, piece = self._pieces_of(found.scene, found.device_id)
        begins, ends = (times[row] for times in found.ends.time_us)
        alone_from_us, alone_until_us = self._alone_us
        cut = (begins < alone_from_us[piece]) | (ends >= alone_until_us[piece])
        return self._marked(found.scene[row], piece, room[row] | cut)

    def _in_reach(self, scene: Integers, device_id: Integers) -> Booleans:
        row, piece = self._pieces_of(scene, device_id)
        return self._marked(scene[row], piece, np.ones(len(row), bool))

    def _pieces_of(self, scene: Integers, device_id: Integers) -> tuple[Integers, Integers]:
        """(row, piece): of what was found of devices, the pieces of whoever wore them about the window."""
        lawful = self._lawful
        order = np.argsort(lawful.device, kind="stable")
        first = np.searchsorted(lawful.device, device_id, "left", sorter=order)
        count = np.searchsorted(lawful.device, device_id, "right", sorter=order) - first
        row, place = spans(first, count)
        piece = order[place]
        about = (lawful.from_us[piece] <= self._to_us[scene[row]] + SHORT_GAP_US) & (
            lawful.until_us[piece] > self._from_us[scene[row]] - SHORT_GAP_US
        )
        return row[about], piece[about]

    def _marked(self, scene: Integers, piece: Integers, which: Booleans) -> Booleans:
        """(scenes, pieces)"""
        marked = np.zeros((len(self._scenes), len(self._lawful)), bool)
        marked[scene[which], piece[which]] = True
        return marked

    def _touched(self, worn: Wearings, windows: Sequence[Sequence[Window]]) -> Booleans:
        """(scenes, people): whether any of a person's wearings has a moment in one of a scene's windows."""
        return self._by_person(worn, np.array([np.any([worn.touch(one) for one in some], axis=0) for some in windows]))

    def _by_person(self, worn: Wearings, which: Booleans) -> Booleans:
        """From (scenes, wearings) to (scenes, people): whether any of a person's wearings is marked."""
        marked = np.zeros((len(self._scenes), len(self.people)), bool)
        scene, wearing = np.nonzero(which)
        marked[scene, np.searchsorted(self.people, worn.person)[wearing]] = True
        return marked

    def _pairs(self, chosen: Booleans) -> Pairs:
        scene, person = np.nonzero(chosen)
        return Pairs(scene, self.people[person], self._from_us[scene], self._to_us[scene])

    def _came_near(self, pairs: Pairs, tracks: Tracks) -> Booleans:
        """Pairs with a position within reach, which the cells, larger than that, do not say."""
        columns = np.array([(scene.lat, scene.lon, reach_m(scene, self._settings)) for scene in self._scenes])
        pair = tracks.pair
        lat, lon, reach = columns[pairs.scene[pair]].T
        away_m = distance_m(lat, lon, tracks.rows.fixes.lat, tracks.rows.fixes.lon) * (1 - SLACK)
        return np.asarray(np.bincount(pair[away_m <= reach], minlength=len(pairs)) > 0)
