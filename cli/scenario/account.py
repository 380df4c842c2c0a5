"""The account at the end: what came of everybody's alerts and messages, counted where they ended up."""

import time
from collections import Counter
from typing import Any

from cli.scenario.asking import Asking
from cli.scenario.cast import MANAGER
from cli.scenario.play import Play
from ops.errors import UnavailableError
from store.scenario import Undone, count_people, count_undone, messages_arrived

DRAINED_WITHIN_S = 30.0


def account(play: Play) -> list[str]:
    """The closing lines. Raises UnavailableError where a receiver that is back does not get what waited for it."""
    _drain(play)
    with play.stage.owned() as cursor:
        people, undone, arrived = count_people(cursor), count_undone(cursor), messages_arrived(cursor)
    manager = play.officer(MANAGER).asking
    alerts = manager.ask("GET", "/v1/alerts?limit=500").body["alerts"]
    nobodys = manager.ask("GET", "/v1/alerts?to_do=true&assigned_to=nobody&limit=500").body["alerts"]
    still_open = [one for one in alerts if one["case"]["status"] not in {"closed", "retracted"}]
    severities = Counter(one["severity"] for one in alerts)
    by_channel = ", ".join(f"{count} by {channel}" for channel, count in sorted(arrived.items()))
    return [
        f"people        {people}",
        f"alerts        {len(alerts)}: " + ", ".join(f"{count} {name}" for name, count in sorted(severities.items())),
        *_conditions(manager),
        *(f"told          {_told(play, alert_id)}" for alert_id in play.teller.alerts),
        f"still open    {len(still_open)}, of them on nobody {len(nobodys)}",
        f"messages      {sum(arrived.values())}: {by_channel}",
        _lost(undone, play),
        *(f"receiver      {name}: {len(hook.taken)} alert events" for name, hook in play.hooks.items()),
        *_precision(manager.ask("GET", "/v1/detection-precision").body),
    ]


def _told(play: Play, alert_id: str) -> str:
    ways = ", ".join(play.teller.told[alert_id])
    return f"{play.teller.name(alert_id)}: {ways or 'nobody, it is on the list'}"


def _conditions(manager: Asking) -> list[str]:
    """Who drafted and who approved what is live, as the service has it, and what is watched without."""
    lines = []
    for found in manager.done("GET", "/v1/conditions?limit=500").body["conditions"]:
        (version,) = manager.done("GET", f"/v1/conditions/{found['condition_id']}/versions").body["versions"]
        drafters, words = " and ".join(version["drafters"]), f"condition     {found['reference']} of {found['crn']}: "
        lines.append(f"{words}{version['status']}, drafted by {drafters}, approved by {version['decided_by']}")
    unworded = manager.done("GET", "/v1/conditions/unworded-zones").body["zones"]
    return [*lines, f"unworded      {len(unworded)} zones that no condition stands behind"]


def _lost(undone: Undone, play: Play) -> str:
    """What was to be told and did not arrive, wherever it got stuck."""
    everything = set().union(*(hook.taken for hook in play.hooks.values()))
    events = sum(len(everything - hook.taken.keys()) for hook in play.hooks.values()) + undone.alert_events
    return f"lost          {undone.notices} notices, {undone.messages} messages, {events} alert events"


def _precision(document: Any) -> list[str]:
    return [
        f"precision     {one['kind']}: {one['words']}"
        for one in document["kinds"]
        if one["decided"] or one["still_open"]
    ]


def _drain(play: Play) -> None:
    """The receiver that hung is sent to by a thread of its own, in real time: it is waited for."""
    wanted = play.hooks["case-system"].taken.keys()
    deadline = time.monotonic() + DRAINED_WITHIN_S
    while any(wanted - hook.taken.keys() for hook in play.hooks.values()):
        if time.monotonic() > deadline:
            raise UnavailableError("a receiver that is back does not get what waits for it")
        time.sleep(0.05)
