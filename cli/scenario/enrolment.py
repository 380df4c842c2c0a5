"""Friday before the weekend: whoever runs the service puts in staff, people, zones, conditions and the rota.

All by requests of whoever may, with their own tokens, as a service does it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.scenario.cast import (
    ADMINISTRATOR,
    MANAGER,
    SHIFTS,
    TEAM,
    WORN_SINCE,
    people_file,
    practitioner_of,
    staff_file,
)
from cli.scenario.play import Play
from cli.scenario.stories import Story
from cli.scenario.tags import crn
from cli.scenario.weekend import PLANS, SHARED_ZONES, STADIUM_ZONE
from model.conditions import ConditionKind

CSV = "text/csv"
WORDINGS: Mapping[str, str] = {
    ConditionKind.EXCLUSION: "Not to enter the area that is drawn on the map of this licence without the approval of "
    "your supervising officer.",
    ConditionKind.INCLUSION: "To attend the course, and stay for as long as it lasts, at the hours of this licence.",
    ConditionKind.CURFEW: "To stay at your home address from 7 pm to 7 am, and to be electronically monitored there.",
}


def enrol(play: Play, told: Sequence[Story]) -> None:
    """Everything that is there on Friday at three. Raises UnavailableError where the service refuses any of it."""
    _take_files(play, [story.person for story in told])
    zones = [zone for story in told for zone in story.zones]
    conditions = [zone for zone in zones if zone["properties"]["kind"] in set(ConditionKind)]
    _publish(play, [*SHARED_ZONES, *(zone for zone in zones if zone not in conditions)])
    for story in told:
        for zone in story.zones:
            if zone in conditions:
                put_condition(play, story.person, zone)
    set_plan(play, MANAGER, STADIUM_ZONE)


def set_plan(play: Play, subject: str, reference: str) -> None:
    """What is to be done about the alerts of a zone."""
    plan = PLANS[reference]
    play.officer(subject).asking.done("PUT", f"/v1/zones/{reference}/response-plan", plan)
    play.say(subject, f"set the response plan of {reference}: {len(plan['steps'])} steps")


def put_condition(play: Play, person: int, zone: Mapping[str, Any]) -> None:
    """A licence condition with this zone: the person's practitioner drafts it, and the manager approves what they read.

    The practitioner finds the person in their own caseload.
    """
    given = {name: value for name, value in zone["properties"].items() if name != "crn"}
    given |= {"wording": WORDINGS[given["kind"]], "starts": WORN_SINCE.isoformat()}
    practitioner, manager = play.officer(practitioner_of(person)), play.officer(MANAGER)
    person_id = practitioner.caseload()[crn(person)]
    draft = practitioner.asking.done("POST", f"/v1/people/{person_id}/conditions", {**zone, "properties": given})
    play.say(practitioner.subject, f"drafted the condition {given['reference']} of {crn(person)}")
    path = f"/v1/conditions/{draft.body['condition_id']}"
    read = manager.asking.done("GET", path)
    manager.asking.done("POST", f"{path}/approve", If_Match=read.headers["etag"])
    play.say(MANAGER, f"approved the condition {given['reference']} of {crn(person)}")


def _take_files(play: Play, people: Sequence[int]) -> None:
    administrator = play.officer(ADMINISTRATOR).asking
    administrator.done("POST", "/v1/teams", {"name": TEAM})
    taken = administrator.done("POST", "/v1/staff-imports", staff_file(), Content_Type=CSV).body
    play.say(ADMINISTRATOR, f"took in a file of staff: {taken['added']}")
    taken = administrator.done("POST", "/v1/people-imports", people_file(people), Content_Type=CSV).body
    counts = f"{taken['added']}, with {taken['decisions']} decisions and {taken['put_on']} tags put on"
    play.say(ADMINISTRATOR, f"took in a file of people: {counts}")
    added = administrator.done("POST", "/v1/rota/shifts", {"shifts": SHIFTS}).body["added"]
    play.say(ADMINISTRATOR, f"put {added} shifts on the rota")


def _publish(play: Play, zones: Sequence[Mapping[str, Any]]) -> None:
    document = {"type": "FeatureCollection", "features": zones}
    published = play.officer(ADMINISTRATOR).asking.done("POST", "/v1/zones", document).body["zones"]
    references = ", ".join(zone["reference"] for zone in published)
    play.say(ADMINISTRATOR, f"published {references}")
