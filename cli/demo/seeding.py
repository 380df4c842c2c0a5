"""What the demo puts into its database: the simulated people once, and keys of its own at each start."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from access.roles import Role
from access.tokens import create_token
from alerts.casework_rules import current_rules
from alerts.eligibility import COMPUTED, Answer, StatedAnswer, london_day
from alerts.tagging import EligibilityRequest, decide, put_on
from cli.demo.staffing import CREATED_BY, DUTY_OFFICER, seed_conditions, seed_rota, seed_staff
from sim.wearer import PRACTITIONERS
from sim.world import World
from store.database import Cursor
from store.enrolment import NewPerson, enrol, list_people, read_person
from store.sessions import mark_as_demonstration
from store.sources import create_source, list_sources, revoke_source
from store.tokens import list_tokens, revoke_token

LIFETIME = timedelta(hours=12)
SOURCE_PREFIX = "demo simulator "


@dataclass(frozen=True, slots=True)
class Keys:
    """Shown or used by this run alone; the next one makes others and revokes these."""

    duty_officer: str
    practitioner_subject: str
    practitioner: str
    source: str


def seed(cursor: Cursor, world: World) -> None:
    """Say that everybody here is invented; enrol the wearers who are not yet there, put their tags on them, and approve
    their conditions; somebody is on duty for as long as the keys hold.
    """
    mark_as_demonstration(cursor)
    enrolled = {person.crn for person in list_people(cursor)}
    now, team_id = datetime.now(UTC), seed_staff(cursor)
    seed_rota(cursor, now, LIFETIME)
    for wearer in world.wearers:
        if wearer.crn not in enrolled:
            person = NewPerson(wearer.crn, wearer.name, wearer.practitioner, wearer.date_of_birth, team_id=team_id)
            person_id = enrol(cursor, person)
            _decide(cursor, person_id, now)
            put_on(cursor, wearer.serial, wearer.crn, now)
    seed_conditions(cursor, world)


def _decide(cursor: Cursor, person_id: int, now: datetime) -> None:
    """Nobody is tagged without a decision, invented people no more than others."""
    person = read_person(cursor, person_id)
    if person is None:
        raise LookupError("a person just added cannot be read")
    rules = current_rules(cursor).eligibility
    codes = {one.code for one in rules.criteria} - COMPUTED
    stated = {code: StatedAnswer(Answer.MET, "invented with the person") for code in codes}
    day = london_day(now)
    borough = next(one.name for one in rules.boroughs if one.opens <= day and (one.closes is None or day < one.closes))
    request = EligibilityRequest(day, "An invented person, for the demo", rules.prisons[0], borough, stated)
    decide(cursor, person, request, CREATED_BY)


def make_keys(cursor: Cursor) -> Keys:
    """New tokens and a new source key; those of earlier runs are revoked."""
    now = datetime.now(UTC)
    _revoke_earlier(cursor, now)
    return Keys(
        duty_officer=create_token(cursor, Role.DUTY_OFFICER, DUTY_OFFICER, now, LIFETIME).token,
        practitioner_subject=PRACTITIONERS[0],
        practitioner=create_token(cursor, Role.PRACTITIONER, PRACTITIONERS[0], now, LIFETIME).token,
        source=create_source(cursor, f"{SOURCE_PREFIX}{now.isoformat()}"),
    )


def _revoke_earlier(cursor: Cursor, now: datetime) -> None:
    for token in list_tokens(cursor):
        if token.subject in {DUTY_OFFICER, PRACTITIONERS[0]} and token.revoked_at is None:
            revoke_token(cursor, token.token_id, now)
    for source in list_sources(cursor):
        if source.name.startswith(SOURCE_PREFIX) and source.revoked_at is None:
            revoke_source(cursor, source.name)
