"""Every episode that is still to be worked, whole, without reading what was closed and touches none of them."""

from uuid import UUID

from alerts.episodes import around, episodes, merged
from model.episodes import Episode, Stretch
from store.database import Cursor
from store.episodes import alerts_near, alerts_to_do

FURTHER = 4.0
"""By how much further each look reaches: a long history of one cause takes few of them."""


def open_episodes(cursor: Cursor, gap_s: float) -> list[Episode]:
    """Those of ``episodes`` of all alerts that have one to be worked, in its order.

    It begins with the alerts to be worked, and reads what lies around their episodes until a look has reached further
    than the gap beyond each of them: what it did not find there is in none.
    """
    known = {one.alert_id: one for one in alerts_to_do(cursor)}
    read: dict[UUID, Stretch] = {}
    reach_s = gap_s
    while True:
        found = [one for one in episodes(known.values(), gap_s) if one.is_open]
        growing = [one for one in found if not _is_whole(one, gap_s, read)]
        if not growing:
            return found
        stretches = [around(one, reach_s) for one in growing]
        for episode, stretch in zip(growing, stretches, strict=True):
            read.update((alert.alert_id, stretch) for alert in episode.alerts)
        around_them = {one.alert_id: one for one in alerts_near(cursor, merged(stretches))}
        if around_them.keys() <= known.keys():
            return found
        known.update(around_them)
        reach_s *= FURTHER


def _is_whole(episode: Episode, gap_s: float, read: dict[UUID, Stretch]) -> bool:
    needed = around(episode, gap_s)
    return any(alert.alert_id in read and read[alert.alert_id].holds(needed) for alert in episode.alerts)
