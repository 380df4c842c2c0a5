"""Monday morning: what the weekend left is looked at, closed together where it is alike, and counted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cli.scenario.cast import MANAGER, PRACTITIONERS
from cli.scenario.operation import read_information
from cli.scenario.play import Act, Play
from cli.scenario.tags import crn
from cli.scenario.weekend import MONDAY, moment

DEVICE_KINDS = {"strap_tamper", "power_off", "battery_low", "battery_critical", "no_communication", "no_fix"}
OUTCOMES: Mapping[str, str] = {
    "exclusion_zone_breach": "warning",
    "curfew_absence": "warning",
    "inclusion_zone_absence": "authorised",
    "approach_warning": "emergency",
    "inferred_crossing": "emergency",
    "authority_area_entry": "noted",
    "left_home_area": "noted",
    **dict.fromkeys(DEVICE_KINDS, "equipment_dealt_with"),
}
"""By kind, unless OF_PEOPLE says otherwise."""
OF_PEOPLE: Mapping[tuple[str, str], str] = {
    (crn(4), "exclusion_zone_breach"): "drift",
    (crn(10), "exclusion_zone_breach"): "referred_to_police",
    (crn(11), "exclusion_zone_breach"): "recall_requested",
    (crn(17), "curfew_absence"): "authorised",
    (crn(26), "inferred_crossing"): "drift",
    (crn(43), "approach_warning"): "drift",
}
LEFT_OPEN = crn(9)
NOTE = "Looked at together on Monday."


def _reviewed(alert: Mapping[str, Any]) -> bool:
    return bool(alert["person"]["crn"] != LEFT_OPEN)


def _show_episodes(play: Play) -> None:
    """One line an episode, as the manager's list has them."""
    answer = play.officer(MANAGER).asking.ask("GET", "/v1/episodes?limit=500")
    found = answer.body["episodes"]
    play.say(MANAGER, f"reads {len(found)} open episodes; of several alerts:")
    for episode in found:
        if episode["alerts_count"] > 1:
            play.say(MANAGER, f"  {episode['person']['crn']} {episode['words']}")


def _review(play: Play) -> None:
    officer = play.officer(MANAGER)
    reviewed = [one for one in officer.open_alerts() if _reviewed(one) and one["case"]["status"] != "under_review"]
    for alert in reviewed:
        officer.do_silently(alert, "start_review")
    play.say(MANAGER, f"start_review of {len(reviewed)} alerts")


def _invite(play: Play) -> None:
    officer = play.officer(MANAGER)
    breaches = [one for one in officer.open_alerts(severity="breach") if _reviewed(one)]
    for alert in breaches:
        officer.do_silently(alert, "invite_account")
    play.say(MANAGER, f"invite_account of {len(breaches)} breaches")


def _close(play: Play) -> None:
    """All of one outcome together."""
    officer = play.officer(MANAGER)
    by_outcome: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for alert in officer.open_alerts():
        if _reviewed(alert):
            outcome = OF_PEOPLE.get((alert["person"]["crn"], alert["kind"])) or OUTCOMES[alert["kind"]]
            by_outcome[outcome].append(alert)
    for outcome, alerts in sorted(by_outcome.items()):
        officer.close_together(play.now, alerts, outcome, NOTE)


MONDAY_ACTS: Mapping[datetime, Sequence[Act]] = {
    moment(MONDAY, "09:02"): tuple(read_information(subject) for subject in PRACTITIONERS),
    moment(MONDAY, "09:05"): (_show_episodes,),
    moment(MONDAY, "09:15"): (_review,),
    moment(MONDAY, "09:30"): (_invite,),
    moment(MONDAY, "10:00"): (_close,),
}
