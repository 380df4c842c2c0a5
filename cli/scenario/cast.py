"""Who is in the scenario: 45 people with their tags, and the staff who work their alerts. All made up."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from access.roles import Role
from access.tokens import create_token
from cli.scenario.tags import crn, serial
from cli.scenario.weekend import FRIDAY, MONDAY, SATURDAY, STARTS, SUNDAY, moment
from model.staff import StaffMember, StaffRole
from store.database import Cursor
from store.sources import create_source

CREATED_BY = "cordon scenario"
LIFETIME = timedelta(days=1)
WORN_SINCE = STARTS - timedelta(days=7)
BORN = "1990-01-01"
TEAM = "South London"
BOROUGHS = ("Croydon", "Lambeth", "Lewisham", "Southwark")
SCREENING_NOTE = "A knife was carried twice in a year; a curfew alone did not hold."
PRACTITIONERS = ("anna.price", "ben.osei", "carla.diaz")
NIGHT_OFFICER, DAY_OFFICER = "dina.khan", "evan.lloyd"
MANAGER = "mona.grant"
LIAISON = "vera.hill"
ADMINISTRATOR = "ada.ward"
ANALYST, ANALYSTS_FORCE = "paul.north", "Metropolitan"


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
SHIFTS: Sequence[Mapping[str, str]] = tuple(
    {"role": role, "subject": who, "from": since.isoformat(), "to": until.isoformat()}
    for role, who, since, until in (
        *((StaffRole.DUTY_OFFICER, who, moment(*since), moment(*until)) for who, since, until in _WATCHES),
        (StaffRole.MANAGER, MANAGER, STARTS, moment(MONDAY, "17:00")),
    )
)
BEARERS: Mapping[str, Role] = {
    **{member.subject: Role(member.role) for member in STAFF},
    ADMINISTRATOR: Role.ADMINISTRATOR,
    ANALYST: Role.POLICE_ANALYST,
}
"""Who has a token, and of which role."""


def practitioner_of(person: int) -> str:
    return PRACTITIONERS[person % len(PRACTITIONERS)]


def staff_file() -> bytes:
    """For /v1/staff-imports."""
    return _csv(
        {
            "subject": member.subject,
            "name": member.name,
            "role": member.role,
            "team": TEAM,
            "email": member.email,
            "mobile": member.mobile,
        }
        for member in STAFF
    )


def people_file(people: Sequence[int]) -> bytes:
    """For /v1/people-imports: each with the decision that they may be tagged, and the tag that they wear."""
    return _csv(
        {
            "crn": crn(person),
            "name": f"Person {person:02d}",
            "date_of_birth": BORN,
            "team": TEAM,
            "practitioner": practitioner_of(person),
            "device_serial": serial(person),
            "worn_from": WORN_SINCE.isoformat(),
            "prison": "HMP Brixton",
            "borough": BOROUGHS[person % len(BOROUGHS)],
            "screening_note": SCREENING_NOTE,
            "answer.knife_offence": "met",
            "basis.knife_offence": "PNC record",
            "answer.address_can_charge": "met",
            "basis.address_can_charge": "visited",
        }
        for person in people
    )


def _csv(rows: Iterable[Mapping[str, str | None]]) -> bytes:
    given = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(given[0]))
    writer.writeheader()
    writer.writerows(given)
    return text.getvalue().encode()


def make_keys(cursor: Cursor) -> tuple[str, dict[str, str]]:
    """The key of the tags' gateway, and the tokens by whom they are for: there is no route to make either."""
    now = datetime.now(UTC)  # a token's lifetime is of the real clock
    tokens = {
        subject: create_token(
            cursor, role, subject, now, LIFETIME, ANALYSTS_FORCE if role is Role.POLICE_ANALYST else None
        ).token
        for subject, role in BEARERS.items()
    }
    return create_source(cursor, CREATED_BY), tokens
