"""The scenario's victim: what they chose, and three wearers' zones that hold their address."""

from datetime import datetime
from typing import Any

from cli.scenario.asking import Asking
from cli.scenario.cast import LIAISON, practitioner_of
from cli.scenario.enrolment import put_condition, set_plan
from cli.scenario.places import PROTECTED_ADDRESS
from cli.scenario.play import Play
from cli.scenario.weekend import VICTIMS_BREACHED, VICTIMS_WEARERS

CHOICE = {"kinds": ["breach", "retraction"], "method": "phone", "breach_when": "confirmed", "hours_to": "21:00"}


def protect(play: Play) -> None:
    """All by requests of the liaison officer, but for the conditions, which are for others to draft and approve."""
    liaison = play.officer(LIAISON).asking
    lat, lon = PROTECTED_ADDRESS
    victim = _asked(liaison, "POST", "/v1/victims")["victim_id"]
    path = f"/v1/victims/{victim}"
    address = _asked(liaison, "POST", f"{path}/addresses", {"address": "Made up 1", "lat": lat, "lon": lon})[
        "address_id"
    ]
    shape = _asked(liaison, "POST", f"{path}/addresses/{address}/proposal")["geometry"]
    for person in VICTIMS_WEARERS:
        put_condition(play, person, _zone(person, shape))
        _asked(liaison, "POST", f"{path}/zones", {"zone": f"EZ-{person:02d}", "address_id": address})
    set_plan(play, practitioner_of(VICTIMS_WEARERS[0]), VICTIMS_BREACHED)
    _asked(liaison, "PUT", f"{path}/choices", CHOICE)
    play.say(LIAISON, f"recorded a victim's choice; {len(VICTIMS_WEARERS)} zones hold the address")


def tell_victim(play: Play) -> None:
    """Whatever waits for now is told by telephone."""
    liaison = play.officer(LIAISON).asking
    tasks = _asked(liaison, "GET", "/v1/victim-tasks")["tasks"]
    for task in tasks:
        named = f"victim task {task['task_id']} ({task['kind']})"
        if task["status"] != "waiting" or datetime.fromisoformat(task["not_before"]) > play.now:
            play.say(LIAISON, f"reads {named}: {task['status']}")
            continue
        told = {"told_at": play.now.isoformat(), "told_how": "phone"}
        _asked(liaison, "POST", f"/v1/victim-tasks/{task['task_id']}/told", told)
        play.say(LIAISON, f"told the victim by phone: {named}")


def show_zones(play: Play) -> None:
    liaison = play.officer(LIAISON).asking
    for victim in _asked(liaison, "GET", "/v1/victims")["victims"]:
        for zone in _asked(liaison, "GET", f"/v1/victims/{victim['victim_id']}/zones")["zones"]:
            reasons = ", ".join(one["code"] for one in zone["reasons"])
            play.say(LIAISON, f"reads that {zone['zone']} is {zone['state']}{reasons and f': {reasons}'}")


def _zone(person: int, shape: dict[str, Any]) -> dict[str, Any]:
    """The same shape for each of the wearers: several would have more in common than one gives away."""
    reference = f"EZ-{person:02d}"
    properties = {"reference": reference, "name": f"Protected {person:02d}", "kind": "exclusion", "policy": "fast"}
    geometry = {name: value for name, value in shape.items() if name != "radius_m"}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _asked(asking: Asking, method: str, path: str, body: object = None) -> Any:
    return asking.done(method, path, body).body
