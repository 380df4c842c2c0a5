"""Whether a victim's zone is watched, and what of it is news (pure)."""

from datetime import datetime, timedelta

import numpy as np

from geofence.schedules import ScheduleClock
from model.enums import AlertKind
from model.times import to_microseconds
from model.victims import Reason, ShownWatch, Watch, WatchReason, ZoneFacts, ZoneWatch

LOADED_WITHIN = timedelta(seconds=30)
"""From when a version was written or a tag put on: workers read the registry every two seconds."""

PROVED_WITHIN = timedelta(seconds=120)
"""The watch proves every few seconds that pings come in, or finds the intake deaf."""

WEAKENING = {
    AlertKind.NO_COMMUNICATION: WatchReason.SILENT,
    AlertKind.NO_FIX: WatchReason.NO_FIX,
    AlertKind.BATTERY_CRITICAL: WatchReason.BATTERY_CRITICAL,
    AlertKind.POWER_OFF: WatchReason.POWER_OFF,
    AlertKind.STRAP_TAMPER: WatchReason.STRAP_TAMPER,
}
BADNESS = {ZoneWatch.WATCHED: 0, ZoneWatch.WEAKENED: 1, ZoneWatch.NOT_WATCHED: 2}


def watch_of(facts: ZoneFacts, now: datetime) -> Watch:
    """The zone's state at ``now``, with all its reasons: those of the state, and of what is less bad besides."""
    later = _in_force_later(facts, now)
    if later is not None:
        return Watch(ZoneWatch.NOT_IN_FORCE, (later,))
    blind, weak = _not_watched(facts, now), _weakened(facts, now)
    if blind:
        return Watch(ZoneWatch.NOT_WATCHED, (*blind, *weak))
    return Watch(ZoneWatch.WEAKENED if weak else ZoneWatch.WATCHED, weak)


def step(shown: ShownWatch | None, seen: Watch, now: datetime, steady_s: float) -> tuple[ShownWatch, bool]:
    """What is shown after ``seen``, and whether that is news to be told.

    What is worse holds at once. What is better holds once it has been better for ``steady_s``, so that a tag that comes
    and goes is not told each time. That hours begin and end is no news: everybody knows them.
    """
    if shown is None:
        before = ShownWatch(seen, now, ZoneWatch.WATCHED, frozenset())
        return _shown(before, seen, now)
    if seen.state is ZoneWatch.NOT_IN_FORCE or shown.watch.state is ZoneWatch.NOT_IN_FORCE:
        return _shown(shown, seen, now)
    if _is_worse(seen, shown.watch.state, shown.watch.codes):
        return _shown(shown, seen, now)
    if (seen.state, seen.codes) == (shown.watch.state, shown.watch.codes):
        return ShownWatch(seen, shown.since, shown.told_state, shown.told_codes), False
    better_since = shown.better_since or now
    if now - better_since >= timedelta(seconds=steady_s):
        return _shown(shown, seen, now)
    return ShownWatch(shown.watch, shown.since, shown.told_state, shown.told_codes, better_since), False


def _shown(before: ShownWatch, seen: Watch, now: datetime) -> tuple[ShownWatch, bool]:
    """``seen`` is shown from now on; it is told where it is neither out of force nor what was told last."""
    since = before.since if before.watch.state is seen.state else now
    if seen.state is ZoneWatch.NOT_IN_FORCE:
        return ShownWatch(seen, since, before.told_state, before.told_codes), False
    is_news = seen.state is not before.told_state or bool(seen.codes - before.told_codes)
    return ShownWatch(seen, since, seen.state, seen.codes), is_news


def _is_worse(seen: Watch, state: ZoneWatch, codes: frozenset[WatchReason]) -> bool:
    """By its state or, within the same one, by a reason that was not there."""
    if seen.state is state:
        return bool(seen.codes - codes)
    return BADNESS[seen.state] > BADNESS[state]


def _in_force_later(facts: ZoneFacts, now: datetime) -> Reason | None:
    live = facts.live
    if live is None:
        return None if facts.begins_at is None else Reason(WatchReason.NOT_BEGUN, None)
    if live.active_from is not None and now < live.active_from:
        return Reason(WatchReason.NOT_BEGUN, None)
    if live.active_to is not None and now >= live.active_to:
        return None  # it is over: nobody watches it again
    if live.schedule is None or ScheduleClock(live.schedule).in_force(np.array([to_microseconds(now)]))[0]:
        return None
    return Reason(WatchReason.OUTSIDE_HOURS, None)


def _not_watched(facts: ZoneFacts, now: datetime) -> tuple[Reason, ...]:
    live = facts.live
    if live is None:
        return (Reason(WatchReason.NO_LIVE_VERSION, facts.ended_at),)
    found = []
    if live.active_to is not None and now >= live.active_to:
        found.append(Reason(WatchReason.NO_LIVE_VERSION, live.active_to))
    changed_at = max(filter(None, (live.created_at, facts.worn_since)))
    if not live.is_loaded and now - changed_at > LOADED_WITHIN:
        found.append(Reason(WatchReason.NOT_LOADED, None))
    if facts.lifted_since is not None:
        found.append(Reason(WatchReason.AUTHORISED, facts.lifted_since))
    if facts.worn_since is None:
        found.append(Reason(WatchReason.NO_ACTIVATION, facts.taken_off_at))
    elif facts.heard_at is None or facts.heard_at < facts.worn_since:
        found.append(Reason(WatchReason.NEVER_HEARD, facts.worn_since))
    return tuple(found)


def _weakened(facts: ZoneFacts, now: datetime) -> tuple[Reason, ...]:
    earliest: dict[WatchReason, datetime] = {}
    for trouble in facts.troubles:
        code = WEAKENING.get(trouble.kind)
        if code is not None:
            earliest[code] = min(trouble.since, earliest.get(code, trouble.since))
    found = [Reason(code, earliest[code]) for code in WEAKENING.values() if code in earliest]
    if facts.deaf_since is not None:
        found.append(Reason(WatchReason.INTAKE_DEAF, facts.deaf_since))
    elif facts.alive_through is None or now - facts.alive_through > PROVED_WITHIN:
        found.append(Reason(WatchReason.INTAKE_UNPROVED, facts.alive_through))
    if facts.address_ended_at is not None:
        found.append(Reason(WatchReason.ADDRESS_ENDED, facts.address_ended_at))
    return tuple(found)
