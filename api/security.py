"""The door of every route: a live token, and a role that the policy table lets through."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from access.audit import Action, Subject, record_refusal
from access.roles import POLICY, Permission, Role, allows, needs_force
from access.tokens import Bearer, authenticate
from api.errors import ProblemError
from api.limits import address_of, note_try, refuse_too_many, refuse_tries
from api.services import CurrentServices, Services
from model.plain_text import misleads
from store.database import SERVICE, Identity

NOT_STATED = "not stated"
LONGEST_PURPOSE = 200
UNKNOWN_ROLE = "unknown"
LARGEST_BIGINT = 2**63 - 1

Purpose = Annotated[
    str,
    Header(
        alias="X-Purpose",
        min_length=1,
        max_length=LONGEST_PURPOSE,
        description=f'Why this is read or changed; recorded in the audit. Left out, the audit says "{NOT_STATED}".',
        examples=["review of last night's alert"],
    ),
]
_bearer = HTTPBearer(auto_error=False, description="A token of `cordon token create`")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, once the door has let them in."""

    identity: Identity
    role: Role
    expires_at: datetime
    token: str = field(repr=False)

    @property
    def permissions(self) -> frozenset[Permission]:
        return POLICY[self.role]


class Requires:
    """A dependency: the caller, who holds ``permission``. A refusal is recorded before it is answered."""

    def __init__(self, permission: Permission, action: Action) -> None:
        self.permission = permission
        self._action = action

    def __call__(
        self,
        request: Request,
        services: CurrentServices,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        purpose: Purpose = NOT_STATED,
    ) -> Caller:
        token = credentials.credentials if credentials else ""
        address = address_of(request, services)
        refuse_tries(services, request, address, token)
        bearer = find_bearer(services, token)
        note_try(services, request, address, token, was_right=bearer is not None)
        if bearer is None:
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED,
                "Send the header Authorization: Bearer with a token that is live; `cordon token create` makes one.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        _refuse_unknown_parameters(request)
        identity = Identity(
            bearer.subject,
            bearer.role or UNKNOWN_ROLE,
            _plain(purpose),
            request.state.request_id,
            bearer.force or "",
        )
        refuse_too_many(services, identity, self._action)
        if bearer.role is None or not allows(bearer.role, self.permission):
            about = Subject(person_id=_person_of(request), detail={"needs": self.permission})
            record_refusal(services.pool, identity, self._action, about)
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                f"The role {identity.role} does not have the permission {self.permission}.",
                permission=self.permission,
            )
        if needs_force(bearer.role, self.permission) and not identity.force:
            about = Subject(person_id=_person_of(request), detail={"needs": "force"})
            record_refusal(services.pool, identity, self._action, about)
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "The token names no police force: `cordon token create --force` makes one that does.",
            )
        return Caller(identity, bearer.role, bearer.expires_at, token)


def find_bearer(services: Services, token: str) -> Bearer | None:
    with services.pool.transaction(SERVICE) as cursor:
        return authenticate(cursor, token)


def refuse_unseen(services: Services, caller: Caller, action: Action, about: Subject, what: str) -> ProblemError:
    """Record that something was asked for that is not there for this caller. One answer for "no such" and "not yours":
    their difference would tell who is tagged.
    """
    record_refusal(services.pool, caller.identity, action, about)
    return ProblemError(HTTPStatus.NOT_FOUND, f"There is no such {what}, or it is not yours to see.")


def _person_of(request: Request) -> int | None:
    """The person in the path, for the record of a refusal, which comes before the path is checked."""
    given = str(request.path_params.get("person_id", ""))
    is_number = given.isascii() and given.isdigit() and len(given) <= len(str(LARGEST_BIGINT))
    return int(given) if is_number and int(given) <= LARGEST_BIGINT else None


def all_dependants(dependant: Dependant) -> Iterable[Dependant]:
    """The route's own, and those of all that it depends on."""
    yield dependant
    for dependency in dependant.dependencies:
        yield from all_dependants(dependency)


def _refuse_unknown_parameters(request: Request) -> None:
    """A misspelt filter that is ignored in silence shows everything, or hides it."""
    route: APIRoute = request.scope["route"]
    known = {parameter.alias for part in all_dependants(route.dependant) for parameter in part.query_params}
    unknown = sorted(request.query_params.keys() - known)
    if unknown:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"This route takes the query parameters {', '.join(sorted(known)) or 'none'}; there are others.",
            errors=[{"where": "query", "problem": "a parameter that this route does not have"}],
        )


def _plain(purpose: str) -> str:
    """Headers arrive as latin-1; what was sent in UTF-8 is read as such. Raises ProblemError where the audit could be
    read as something else than it says.
    """
    with suppress(UnicodeError):
        purpose = purpose.encode("latin-1").decode("utf-8")
    if misleads(purpose):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "X-Purpose holds control characters, or some that turn its direction: give one line of plain text.",
            errors=[{"where": "header.X-Purpose", "problem": "not one line of plain text"}],
        )
    return purpose
