"""Teams and staff: who may be told of something, and by which addresses."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_text, encode_text, next_link
from api.documentation import also_answers, documented
from api.fields import CursorText, Limit
from api.people_access import refusals_recorded
from api.people_schemas import StaffSubject
from api.security import LARGEST_BIGINT, Caller, Requires
from api.services import CurrentServices, Services
from api.staff_schemas import MemberChange, MemberIn, MemberOut, StaffPage, TeamIn, TeamOut, TeamsOut
from store.database import Cursor
from store.staff import ListedMember, add_staff, change_staff, end_staff, list_staff
from store.teams import add_team, list_teams, rename_team

router = APIRouter(tags=["staff"])

_TEAM = {"team_id": 3, "name": "Croydon South"}
_MEMBER = {
    "subject": "officer.jones",
    "name": "J. Jones",
    "role": "practitioner",
    "team_id": 3,
    "email": "j.jones@example.test",
    "mobile": "+447700900123",
    "ended_at": None,
}
_ADD_TEAM = documented(Permission.STAFF_WRITE, _TEAM)
also_answers(_ADD_TEAM, 201, TeamOut, "Added", _TEAM)
_ADD_MEMBER = documented(Permission.STAFF_WRITE, _MEMBER)
also_answers(_ADD_MEMBER, 201, MemberOut, "Added", _MEMBER)
Reader = Annotated[Caller, Depends(Requires(Permission.STAFF_READ, Action.STAFF_LIST))]
Writer = Annotated[Caller, Depends(Requires(Permission.STAFF_WRITE, Action.STAFF_CHANGE))]
TeamPath = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The team's id", examples=[3])]
SubjectPath = Annotated[StaffSubject, Path(description="The subject of their token", examples=["officer.jones"])]


@contextmanager
def _changing(services: Services, caller: Caller, about: Subject) -> Iterator[Cursor]:
    """A transaction and the record of what it changes; what is refused in it is recorded too."""
    with (
        refusals_recorded(services, caller, Action.STAFF_CHANGE, about),
        services.pool.transaction(caller.identity) as cursor,
    ):
        yield cursor
        record_allowed(cursor, caller.identity, Action.STAFF_CHANGE, about)


@router.get("/v1/teams", **documented(Permission.STAFF_READ, {"teams": [_TEAM]}))
def read_teams(caller: Reader, services: CurrentServices) -> TeamsOut:
    """Every team, in the order of their names."""
    with services.pool.transaction(caller.identity) as cursor:
        found = list_teams(cursor)
        record_allowed(cursor, caller.identity, Action.STAFF_LIST, Subject(row_count=len(found)))
    return TeamsOut(teams=[TeamOut.model_validate(one) for one in found])


@router.post("/v1/teams", **_ADD_TEAM)
def add_one_team(caller: Writer, services: CurrentServices, response: Response, given: TeamIn) -> TeamOut:
    """Add a team; each name is given once."""
    about = Subject(detail={"team": given.name, "change": "add"})
    with _changing(services, caller, about) as cursor:
        team = add_team(cursor, given.name)
    response.status_code = HTTPStatus.CREATED
    return TeamOut.model_validate(team)


@router.patch("/v1/teams/{team_id}", **documented(Permission.STAFF_WRITE, _TEAM))
def rename_one_team(caller: Writer, services: CurrentServices, team_id: TeamPath, given: TeamIn) -> TeamOut:
    """Give the team another name."""
    about = Subject(detail={"team_id": team_id, "change": "rename"})
    with _changing(services, caller, about) as cursor:
        team = rename_team(cursor, team_id, given.name)
    return TeamOut.model_validate(team)


@router.get("/v1/staff", **documented(Permission.STAFF_READ, {"staff": [_MEMBER], "next": None}))
def read_staff(
    request: Request, caller: Reader, services: CurrentServices, cursor: CursorText = None, limit: Limit = 100
) -> StaffPage:
    """The staff in the order of their subjects, those who left too."""
    after = decode_text(cursor) or ""
    with services.pool.transaction(caller.identity) as transaction:
        found = list_staff(transaction, after, limit + 1)
        page = found[:limit]
        record_allowed(transaction, caller.identity, Action.STAFF_LIST, Subject(row_count=len(page)))
    last = encode_text(page[-1].member.subject) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return StaffPage(staff=[MemberOut.of(one) for one in page], next=more)


@router.post("/v1/staff", **_ADD_MEMBER)
def add_member(caller: Writer, services: CurrentServices, response: Response, given: MemberIn) -> MemberOut:
    """Add a member of staff, by the subject of their token."""
    about = Subject(detail={"subject": given.subject, "change": "add"})
    with _changing(services, caller, about) as cursor:
        member = add_staff(cursor, given.member(given.subject))
    response.status_code = HTTPStatus.CREATED
    return MemberOut.of(ListedMember(member, None))


@router.put("/v1/staff/{subject}", **documented(Permission.STAFF_WRITE, _MEMBER))
def change_member(caller: Writer, services: CurrentServices, subject: SubjectPath, given: MemberChange) -> MemberOut:
    """Record a member of staff anew: what is left out is no longer so. One who had left is back."""
    about = Subject(detail={"subject": subject, "change": "change"})
    with _changing(services, caller, about) as cursor:
        member = change_staff(cursor, given.member(subject))
    return MemberOut.of(ListedMember(member, None))


@router.post(
    "/v1/staff/{subject}/end",
    **documented(Permission.STAFF_WRITE, {**_MEMBER, "ended_at": "2026-11-26T17:00:00Z"}),
)
def end_member(caller: Writer, services: CurrentServices, subject: SubjectPath) -> MemberOut:
    """Record that a member of staff has left: they are told nothing more from now on, and let in nowhere."""
    about = Subject(detail={"subject": subject, "change": "end"})
    with _changing(services, caller, about) as cursor:
        ended = end_staff(cursor, subject)
    return MemberOut.of(ended)
