"""People: their record, added, changed and ended by who manages them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from alerts.tagging import correct_birth
from api.documentation import also_answers, documented
from api.fields import PersonId
from api.people_access import one_managed_person, one_person, refusals_recorded
from api.people_schemas import EndIn, PersonChange, PersonChanged, PersonIn, PersonRecordOut
from api.security import Caller, Requires
from api.services import CurrentServices
from ops.errors import InputError
from store.corrections import Correction, end_person
from store.enrolment import change_person, enrol, read_person
from store.registry import lock_registry_for_edit

router = APIRouter(tags=["people"])

_PERSON = {
    "person_id": 17,
    "crn": "X123456",
    "name": "Sam Example",
    "date_of_birth": "1999-04-30",
    "nomis_id": "A1234BC",
    "pnc_id": "99/123456X",
    "practitioner": "officer.jones",
    "team_id": 3,
    "team": "Croydon South",
    "ended_at": None,
}
_ADD_ROUTE = documented(Permission.PEOPLE_WRITE, _PERSON)
also_answers(_ADD_ROUTE, 201, PersonRecordOut, "Added", _PERSON)


@router.post("/v1/people", **_ADD_ROUTE)
def add_one(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.PERSON_ADD))],
    services: CurrentServices,
    response: Response,
    given: PersonIn,
) -> PersonRecordOut:
    """Add a person on probation. A tag is put on them after a decision that they may be tagged."""
    with (
        refusals_recorded(services, caller, Action.PERSON_ADD, Subject()),
        services.pool.transaction(caller.identity) as cursor,
    ):
        person = read_person(cursor, enrol(cursor, given.person()))
        if person is None:
            raise LookupError("a person just added cannot be read")
        record_allowed(cursor, caller.identity, Action.PERSON_ADD, Subject(person_id=person.person_id))
    response.status_code = HTTPStatus.CREATED
    return PersonRecordOut.model_validate(person)


@router.get("/v1/people/{person_id}", **documented(Permission.PEOPLE_READ, _PERSON, HTTPStatus.NOT_FOUND))
def read_one(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_READ, Action.PERSON_READ))],
    services: CurrentServices,
    person_id: PersonId,
) -> PersonRecordOut:
    """One person's record, for whoever supervises or manages them."""
    with one_person(services, caller, Action.PERSON_READ, person_id) as (cursor, person):
        record_allowed(cursor, caller.identity, Action.PERSON_READ, Subject(person_id=person_id))
    return PersonRecordOut.model_validate(person)


@router.patch(
    "/v1/people/{person_id}",
    **documented(Permission.PEOPLE_WRITE, {**_PERSON, "correction": None}, HTTPStatus.NOT_FOUND),
)
def change_one(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.PERSON_CHANGE))],
    services: CurrentServices,
    person_id: PersonId,
    given: PersonChange,
) -> PersonChanged:
    """Change what is given, and nothing else.

    A date of birth by which the person was under 18 while a tag was on them stops monitoring at once, shuts away what
    was recorded before the 18th birthday from everybody, and tells the data-protection officers; `correction` says so.
    """
    correction: Correction | None = None
    with one_managed_person(services, caller, Action.PERSON_CHANGE, person_id) as (cursor, _):
        if not given.model_fields_set:
            raise InputError("nothing is given to change: give one field or more")
        change_person(cursor, person_id, given.changes())
        about = Subject(person_id=person_id, detail={"fields": sorted(given.model_fields_set)})
        record_allowed(cursor, caller.identity, Action.PERSON_CHANGE, about)
        if given.born is not None:
            lock_registry_for_edit(cursor, services.settings.lock_timeout_ms)
            correction = correct_birth(cursor, person_id, given.born)
            told = {"stopped": correction.stopped, "told": correction.told}
            about = Subject(person_id=person_id, detail=told)
            record_allowed(cursor, caller.identity, Action.DATE_OF_BIRTH_CORRECT, about)
        after = read_person(cursor, person_id)
        if after is None:
            raise LookupError("a person just changed cannot be read")
    return PersonChanged.after(after, correction)


@router.post(
    "/v1/people/{person_id}/end",
    **documented(Permission.PEOPLE_WRITE, {**_PERSON, "ended_at": "2026-11-30T12:00:00Z"}, HTTPStatus.NOT_FOUND),
)
def end_one(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.PERSON_END))],
    services: CurrentServices,
    person_id: PersonId,
    given: EndIn,
) -> PersonRecordOut:
    """Record that the person is no longer on probation: no tag is on them from then on, and their conditions and zones
    end then; drafts that wait are withdrawn. Open alerts stay to be worked.

    Refused while a tag is on them, unless `take_tags_off` says that it comes off then: it stops monitoring.
    """
    with one_managed_person(services, caller, Action.PERSON_END, person_id) as (cursor, _):
        lock_registry_for_edit(cursor, services.settings.lock_timeout_ms)
        ended = end_person(cursor, person_id, given.at, caller.identity.subject, takes_tags_off=given.take_tags_off)
        about = Subject(person_id=person_id, window_to=ended.ended_at, detail=ended.document())
        record_allowed(cursor, caller.identity, Action.PERSON_END, about)
        after = read_person(cursor, person_id)
    return PersonRecordOut.model_validate(after)
