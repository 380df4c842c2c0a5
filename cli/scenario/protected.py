"""The scenario's victim: what they chose, and three wearers' zones that hold their address."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from cli.scenario.asking import Asking
from cli.scenario.cast import CREATED_BY, LIAISON, WORN_SINCE
from cli.scenario.places import PROTECTED_ADDRESS
from cli.scenario.play import Play
from cli.scenario.tags import crn
from cli.scenario.weekend import VICTIMS_WEARERS
from geofence.geojson import read_zones
from ops.errors import UnavailableError
from store.zones import publish_zones

CHOICE = {"kinds": ["breach", "retraction"], "method": "phone", "breach_when": "confirmed", "hours_to": "21:00"}


def protect(play: Play) -> None:
    """All by requests of the liaison officer, but for the zones, which another officer publishes."""
    liaison = play.officer(LIAISON).asking
    lat, lon = PROTECTED_ADDRESS
    victim = _asked(liaison, "POST", "/v1/victims")["victim_id"]
    path = f"/v1/victims/{victim}"
    address = _asked(liaison, "POST", f"{path}/addresses", {"address": "Made up 1", "lat": lat, "lon": lon})[
        "address_id"
    ]
    shape = _asked(liaison, "POST", f"{path}/addresses/{address}/proposal")["geometry"]
    with play.stage.owned() as cursor:
        publish_zones(cursor, read_zones(_zones(shape)).drafts, CREATED_BY)
    for person in VICTIMS_WEARERS:
        _asked(liaison, "POST", f"{path}/zones", {"zone": f"EZ-{person:02d}", "address_id": address})
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


def _zones(shape: dict[str, Any]) -> dict[str, Any]:
    """The same shape for each of the wearers: several would have more in common than one gives away."""
    features = [
        {
            "type": "Feature",
            "geometry": {name: value for name, value in shape.items() if name != "radius_m"},
            "properties": {
                "reference": f"EZ-{person:02d}",
                "name": f"Protected {person:02d}",
                "kind": "exclusion",
                "crn": crn(person),
                "policy": "fast",
                "valid_from": WORN_SINCE.isoformat(),
            },
        }
        for person in VICTIMS_WEARERS
    ]
    return {"type": "FeatureCollection", "features": features}


def _asked(asking: Asking, method: str, path: str, body: object = None) -> Any:
    answer = asking.ask(method, path, body)
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise UnavailableError(f"{method} {path} answered {answer.status}: {answer.body}")
    return answer.body
