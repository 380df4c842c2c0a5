"""The demo's office: who is on the staff and on duty, so that alerts are told to somebody, and conditions approved."""

from datetime import datetime, timedelta
from typing import Any

from alerts.rota import add_to_rota, rota_gaps
from geofence.geojson import read_conditions
from model.conditions import ConditionKind
from model.staff import StaffMember, StaffRole
from model.times import EPOCH
from sim.wearer import PRACTITIONERS
from sim.world import World
from store.condition_decisions import approve
from store.condition_list import current_version, find_condition, references_taken
from store.conditions import draft_conditions
from store.database import Cursor
from store.rota import NewShift
from store.staff import add_staff, staff_of_subjects
from store.teams import add_team, list_teams
from store.zones import LOCK_TIMEOUT_MS

CREATED_BY = "cordon demo"
TEAM = "Demo team"
DUTY_OFFICER = "demo.duty.officer"
MANAGER = "demo.manager"
ROLES = {
    **dict.fromkeys(PRACTITIONERS, StaffRole.PRACTITIONER),
    DUTY_OFFICER: StaffRole.DUTY_OFFICER,
    MANAGER: StaffRole.MANAGER,
}
ON_ROTA = {StaffRole.DUTY_OFFICER: DUTY_OFFICER, StaffRole.MANAGER: MANAGER}
MOBILE = "+4477009{:05}"
"""From Ofcom's numbers for drama: they are nobody's."""


def seed_staff(cursor: Cursor) -> int:
    """Whoever is not there yet; the id of their team."""
    team_id = next((one.team_id for one in list_teams(cursor) if one.name == TEAM), None)
    if team_id is None:
        team_id = add_team(cursor, TEAM).team_id
    there = staff_of_subjects(cursor, ROLES)
    for place, (subject, role) in enumerate(ROLES.items()):
        if subject not in there:
            name, email = subject.replace(".", " ").title(), f"{subject}@example.test"
            add_staff(cursor, StaffMember(subject, name, role, team_id, email, MOBILE.format(place)))
    return team_id


def seed_rota(cursor: Cursor, now: datetime, lasts: timedelta) -> None:
    """A duty officer and a manager from now on, wherever nobody holds the role already."""
    shifts = [
        NewShift(role, ON_ROTA[role], starts_at, ends_at)
        for role, missing in rota_gaps(cursor, now, now + lasts).items()
        for starts_at, ends_at in missing
    ]
    if shifts:
        add_to_rota(cursor, shifts, CREATED_BY)


def seed_conditions(cursor: Cursor, world: World) -> None:
    """The wearers' zones and trail monitoring as licence conditions: a practitioner drafts, the manager approves."""
    features = [_worded(feature) for feature in world.zones["features"]]
    features += [_monitored(wearer.crn) for wearer in world.wearers]
    taken = set(references_taken(cursor, [one["properties"]["reference"] for one in features]))
    new = [one for one in features if one["properties"]["reference"] not in taken]
    drafts = read_conditions({"type": "FeatureCollection", "features": new}).drafts if new else ()
    for number in draft_conditions(cursor, drafts, PRACTITIONERS[0]):
        found = find_condition(cursor, number)
        if found is None:
            raise LookupError("a condition just drafted cannot be read")
        approve(cursor, number, current_version(found[1]).tag, MANAGER, LOCK_TIMEOUT_MS)


def _worded(feature: dict[str, Any]) -> dict[str, Any]:
    wording = f"Not to enter {feature['properties']['name']}, as shown on the map, without your officer's approval."
    return feature | {"properties": feature["properties"] | {"wording": wording, "starts": EPOCH.isoformat()}}


def _monitored(crn: str) -> dict[str, Any]:
    wording = "To submit to trail monitoring: to wear the tag, and not to tamper with it."
    named = {
        "reference": f"TM-{crn}",
        "name": "Trail monitoring",
        "kind": ConditionKind.TRAIL_MONITORING.value,
        "crn": crn,
    }
    properties = named | {"wording": wording, "starts": EPOCH.isoformat()}
    return {"type": "Feature", "properties": properties, "geometry": None}
