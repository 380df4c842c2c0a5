"""The door of every route: a live token or session, and a role that the policy table lets through."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Form, Header, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials

from access.audit import Action, Subject, record_refusal
from access.openid.provider import ProviderSilentError
from access.refusals import NotLetInError
from access.roles import POLICY, Permission, Role, allows, needs_force
from access.tokens import Bearer
from api.credentials import (
    CSRF_HEADER,
    UNKNOWN,
    Credential,
    bearer_scheme,
    because_of,
    credential_of,
    find_bearer,
    session_scheme,
)
from api.csrf import refuse_forged
from api.errors import ProblemError
from api.services import CurrentServices, Services
from store.database import Identity

NOT_STATED = "not stated"
LONGEST_PURPOSE = 200
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
Token = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)]
Cookie = Annotated[str | None, Depends(session_scheme)]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, once the door has let them in."""

    identity: Identity
    role: Role
    expires_at: datetime
    credential: Credential

    @property
    def permissions(self) -> frozenset[Permission]:
        return POLICY[self.role]


class Requires:
    """A dependency: the caller, who holds ``permission``. A refusal is recorded before it is answered."""

    def __init__(self, permission: Permission, action: Action) -> None:
        self.permission = permission
        self._action = action

    def __call__(
        self, request: Request, services: CurrentServices, token: Token, cookie: Cookie, purpose: Purpose = NOT_STATED
    ) -> Caller:
        return self._let_in(request, services, token, cookie, purpose, request.headers.get(CSRF_HEADER, ""))

    def _let_in(
        self,
        request: Request,
        services: Services,
        token: HTTPAuthorizationCredentials | None,
        cookie: str | None,
        purpose: str,
        csrf_token: str,
    ) -> Caller:
        credential = credential_of(request, token.credentials if token else None, cookie)
        bearer = self._bearer(request, services, credential, purpose)
        identity = Identity(
            bearer.subject, bearer.role or UNKNOWN, _readable(purpose), request.state.request_id, bearer.force or ""
        )
        if credential.is_session:
            try:
                refuse_forged(request, services.settings, credential.secret, csrf_token)
            except NotLetInError as error:
                about = Subject(person_id=_person_of(request), detail={"because": error.because})
                record_refusal(services.pool, identity, self._action, about)
                raise ProblemError(HTTPStatus.FORBIDDEN, str(error)) from None
        _refuse_unknown_parameters(request)
        return Caller(identity, self._allowed(request, services, bearer, identity), bearer.expires_at, credential)

    def _bearer(self, request: Request, services: Services, credential: Credential, purpose: str) -> Bearer:
        detail = (
            "Sign in at /sign-in, or send the header Authorization: Bearer with a token that is live;"
            " `cordon token create` makes one."
        )
        try:
            bearer = find_bearer(services, credential)
        except (NotLetInError, ProviderSilentError) as error:
            because, subject = because_of(error)
            identity = Identity(subject, UNKNOWN, _readable(purpose), request.state.request_id)
            about = Subject(person_id=_person_of(request), detail={"because": because})
            record_refusal(services.pool, identity, self._action, about)
            if isinstance(error, ProviderSilentError):
                raise
            bearer, detail = None, str(error)
        if bearer is None:
            raise ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})
        return bearer

    def _allowed(self, request: Request, services: Services, bearer: Bearer, identity: Identity) -> Role:
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
        return bearer.role


class RequiresForm(Requires):
    """The door of a route that a page's form is sent to: forms set no header, so the session's token is a field."""

    def __call__(
        self,
        request: Request,
        services: CurrentServices,
        token: Token,
        cookie: Cookie,
        purpose: Purpose = NOT_STATED,
        csrf_token: Annotated[str, Form(description="That of GET /v1/me; not with a bearer token")] = "",
    ) -> Caller:
        given = csrf_token or request.headers.get(CSRF_HEADER, "")
        return self._let_in(request, services, token, cookie, purpose, given)


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


def _readable(purpose: str) -> str:
    """Headers arrive as latin-1; what was sent in UTF-8 is read as such."""
    try:
        return purpose.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return purpose
