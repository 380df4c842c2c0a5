"""Who is in the scenario: 45 people with their tags, the staff who work their alerts, and the zones. All made up."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from access.roles import Role
from access.tokens import create_token
from cli.scenario.stories import Story
from cli.scenario.tags import crn, serial
from cli.scenario.weekend import FRIDAY, MONDAY, SATURDAY, SHARED_ZONES, STARTS, SUNDAY, moment
from geofence.geojson import read_zones
from model.staff import StaffMember, StaffRole
from store.activations import activate
from store.database import Cursor
from store.enrolment import add_person
from store.rota import NewShift, add_shifts
from store.sources import create_source
from store.staff import add_staff
from store.zones import publish_zones

CREATED_BY = "cordon scenario"
LIFETIME = timedelta(days=1)
WORN_SINCE = STARTS - timedelta(days=7)
BORN = date(1990, 1, 1)
PRACTITIONERS = ("anna.price", "ben.osei", "carla.diaz")
NIGHT_OFFICER, DAY_OFFICER = "dina.khan", "evan.lloyd"
MANAGER = "mona.grant"
LIAISON = "vera.hill"


def _member(number: int, subject: str, role: StaffRole) -> StaffMember:
    name = subject.replace(".", " ").title()
    return StaffMember(subject, name, role, None, f"{subject}@probation.example", f"+44770090{number:04d}")


STAFF: Sequence[StaffMember] = (
    *(_member(100 + n, subject, StaffRole.PRACTITIONER) for n, subject in enumerate(PRACTITIONERS)),
    _member(200, NIGHT_OFFICER, StaffRole.DUTY_OFFICER),
    _member(201, DAY_OFFICER, StaffRole.DUTY_OFFICER),
    _member(300, MANAGER, StaffRole.MANAGER),
    _member(400, LIAISON, StaffRole.VICTIM_LIAISON),
)
_WATCHES = (
    (NIGHT_OFFICER, (FRIDAY, "15:00"), (SATURDAY, "08:00")),
    (DAY_OFFICER, (SATURDAY, "08:00"), (SATURDAY, "20:00")),
    (NIGHT_OFFICER, (SATURDAY, "20:00"), (SUNDAY, "08:00")),
    (DAY_OFFICER, (SUNDAY, "08:00"), (SUNDAY, "20:00")),
    (NIGHT_OFFICER, (SUNDAY, "20:00"), (MONDAY, "09:00")),
    (DAY_OFFICER, (MONDAY, "09:00"), (MONDAY, "17:00")),
)
SHIFTS: Sequence[NewShift] = (
    *(NewShift(StaffRole.DUTY_OFFICER, who, moment(*since), moment(*until)) for who, since, until in _WATCHES),
    NewShift(StaffRole.MANAGER, MANAGER, STARTS, moment(MONDAY, "17:00")),
)
TOKEN_ROLES = {
    StaffRole.PRACTITIONER: Role.PRACTITIONER,
    StaffRole.DUTY_OFFICER: Role.DUTY_OFFICER,
    StaffRole.MANAGER: Role.MANAGER,
    StaffRole.VICTIM_LIAISON: Role.VICTIM_LIAISON,
}


def practitioner_of(person: int) -> str:
    return PRACTITIONERS[person % len(PRACTITIONERS)]


def enrol(cursor: Cursor, told: Sequence[Story]) -> None:
    """Staff and their shifts, people with their tags on, and every zone."""
    for member in STAFF:
        add_staff(cursor, member)
    add_shifts(cursor, SHIFTS, CREATED_BY)
    for story in told:
        add_person(cursor, crn(story.person), f"Person {story.person:02d}", practitioner_of(story.person), BORN)
        activate(cursor, serial(story.person), crn(story.person), WORN_SINCE)
    zones = [*SHARED_ZONES, *(zone for story in told for zone in story.zones)]
    document = {
        "type": "FeatureCollection",
        "features": [
            {**zone, "properties": {**zone["properties"], "valid_from": WORN_SINCE.isoformat()}} for zone in zones
        ],
    }
    read = read_zones(document)
    if read.problems:
        raise ValueError(f"the scenario's zones have problems: {read.problems}")
    publish_zones(cursor, read.drafts, CREATED_BY)


def make_keys(cursor: Cursor) -> tuple[str, dict[str, str]]:
    """The key of the tags' gateway, and a token of each member of staff who has a role in the API."""
    now = datetime.now(UTC)  # a token's lifetime is of the real clock
    tokens = {
        member.subject: create_token(cursor, TOKEN_ROLES[member.role], member.subject, now, LIFETIME).token
        for member in STAFF
        if member.role in TOKEN_ROLES
    }
    return create_source(cursor, CREATED_BY), tokens
