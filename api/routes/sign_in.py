"""Signing in and out: pages for people, before anybody knows who they are; what a provider says of who signed out."""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response

from access.audit import Action, Subject, record_refusal
from access.openid.provider import ProviderSilentError
from access.openid.sign_in import CALLBACK_PATH, SIGNED_OUT_PATH, START_AGAIN, Answer, Attempt
from access.refusals import Because, NotLetInError
from access.roles import Permission
from access.sessions import (
    OpenedSession,
    end_session,
    end_sessions_of_provider,
    new_secret,
    open_local_session,
    open_session,
)
from api.credentials import SESSION_COOKIE, UNKNOWN, because_of
from api.csrf import refuse_other_sites
from api.documentation import documented, documented_page
from api.errors import ProblemError
from api.security import Caller, RequiresForm
from api.services import CurrentServices, Services
from api.sign_in_pages import LOCAL_FORM, no_sign_in, not_signed_in, page, provider_silent
from store.database import SERVICE, Identity

router = APIRouter(tags=["sign-in"])

SIGN_IN_PATH = "/sign-in"
LOCAL_PATH = "/sign-in/local"
BACK_CHANNEL_PATH = "/sign-out/back-channel"
OPEN_PATHS = frozenset({SIGN_IN_PATH, CALLBACK_PATH, LOCAL_PATH, SIGNED_OUT_PATH, BACK_CHANNEL_PATH})

ATTEMPT_COOKIE = "__Host-cordon_sign_in"
ATTEMPT_LASTS_S = 600
LANDING_PATH = "/v1/me"
OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}")
"""A path of this service and nothing that a browser could take for another one's address."""

_PAGE = "<!doctype html> ..."
_SIGNED_OUT = {"sign_out_at_provider": "https://login.example/end?client_id=cordon"}


@router.get(SIGN_IN_PATH, **documented_page(_PAGE))
def sign_in(
    request: Request,
    services: CurrentServices,
    return_to: Annotated[str, Query(description="The path to go on to; left out: GET /v1/me")] = LANDING_PATH,
) -> Response:
    """Sends the browser to the identity provider to sign in, and from there to `/sign-in/callback`."""
    if services.sign_in is None:
        return RedirectResponse(LOCAL_PATH, HTTPStatus.SEE_OTHER) if services.settings.local_sign_in else no_sign_in()
    attempt = Attempt(new_secret())
    try:
        address = services.sign_in.address(attempt)
    except ProviderSilentError as error:
        return _refuse(request, services, Action.SIGN_IN, error)
    answer = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    wanted = return_to if OWN_PATH.fullmatch(return_to) else LANDING_PATH
    kept = f"{attempt.secret}.{quote(wanted, safe='')}"
    _set_cookie(answer, ATTEMPT_COOKIE, kept, ATTEMPT_LASTS_S)
    return answer


@router.get(CALLBACK_PATH, **documented_page(_PAGE))
def come_back(
    request: Request,
    services: CurrentServices,
    code: str | None = None,
    state: str | None = None,
    iss: str | None = None,
    error: str | None = None,
) -> Response:
    """Where the identity provider sends the browser back to: opens the session, under a new cookie."""
    if services.sign_in is None:
        return no_sign_in()
    try:
        attempt, wanted = _attempt_of(request)
        arrival = services.sign_in.arrive(attempt, Answer(code, state, iss, error), datetime.now(UTC))
        with services.pool.transaction(SERVICE) as cursor:
            lasts = timedelta(seconds=services.settings.session_max_s)
            had = request.cookies.get(SESSION_COOKIE)
            opened = open_session(cursor, arrival, attempt, lasts, request.state.request_id, had)
    except (NotLetInError, ProviderSilentError) as refusal:
        answer = _refuse(request, services, Action.SIGN_IN, refusal)
    else:
        answer = _signed_in(services, opened, wanted)
    _delete_cookie(answer, ATTEMPT_COOKIE)
    return answer


@router.get(LOCAL_PATH, **documented_page(_PAGE))
def ask_for_token(services: CurrentServices) -> Response:
    """The form of the demo's own sign-in. Any other service has none."""
    if not services.settings.local_sign_in:
        return no_sign_in()
    return page("Sign in to the demo", "Everybody in this service is invented.", form=LOCAL_FORM)


@router.post(LOCAL_PATH, **documented_page(_PAGE))
def sign_in_locally(
    request: Request,
    services: CurrentServices,
    token: Annotated[str, Form(description="One that `cordon demo` shows")] = "",
) -> Response:
    """A session for the bearer of a token of the demo; refused by the database too where it is none."""
    try:
        _refuse_elsewhere(request, services)
        with services.pool.transaction(SERVICE) as cursor:
            lasts = timedelta(seconds=services.settings.session_max_s)
            had = request.cookies.get(SESSION_COOKIE)
            opened = open_local_session(cursor, token.strip(), lasts, request.state.request_id, had)
    except NotLetInError as refusal:
        return _refuse(request, services, Action.SIGN_IN, refusal)
    return _signed_in(services, opened, LANDING_PATH)


@router.post("/sign-out", **documented(Permission.SELF_READ, _SIGNED_OUT, HTTPStatus.CONFLICT))
def sign_out(
    request: Request,
    services: CurrentServices,
    caller: Annotated[Caller, Depends(RequiresForm(Permission.SELF_READ, Action.SIGN_OUT))],
) -> Response:
    """End the session. A browser (`Accept: text/html`) is sent on to sign out of the identity provider too; a script is
    told that address.
    """
    if not caller.credential.is_session:
        raise ProblemError(HTTPStatus.CONFLICT, "A bearer token is no session; `cordon token revoke` ends one.")
    with services.pool.transaction(caller.identity) as cursor:
        end_session(cursor, caller.identity, caller.credential.secret)
    address = services.sign_in.sign_out_address() if services.sign_in is not None else None
    answer: Response
    if "text/html" in request.headers.get("accept", ""):
        answer = RedirectResponse(address or SIGNED_OUT_PATH, HTTPStatus.SEE_OTHER)
    else:
        answer = JSONResponse({"sign_out_at_provider": address})
    _delete_cookie(answer, SESSION_COOKIE)
    return answer


@router.get(SIGNED_OUT_PATH, **documented_page(_PAGE))
def signed_out() -> Response:
    """The page after signing out."""
    return page("You are signed out", "You can close this page.", links={SIGN_IN_PATH: "Sign in again"})


@router.post(
    BACK_CHANNEL_PATH, **documented_page("", HTTPStatus.BAD_REQUEST, media_type="text/plain"), status_code=HTTPStatus.OK
)
def signed_out_at_provider(
    request: Request, services: CurrentServices, logout_token: Annotated[str, Form(description="A signed JWT")]
) -> Response:
    """The identity provider says that somebody signed out there (OpenID Connect Back-Channel Logout): their sessions
    here end too.
    """
    if services.sign_in is None:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "This service has no identity provider.")
    try:
        subject, session = services.sign_in.signed_out_at_provider(logout_token, datetime.now(UTC))
    except NotLetInError as refusal:
        _record(request, services, Action.SIGN_OUT, refusal)
        raise ProblemError(HTTPStatus.BAD_REQUEST, str(refusal)) from None
    with services.pool.transaction(SERVICE) as cursor:
        end_sessions_of_provider(cursor, subject, session, request.state.request_id)
    return Response(media_type="text/plain")


def _refuse_elsewhere(request: Request, services: Services) -> None:
    """Raises NotLetInError but in a demonstration, and for a form that is not its own."""
    if not services.settings.local_sign_in:
        raise NotLetInError(Because.NOT_A_DEMONSTRATION, "This service has no sign-in of its own.")
    refuse_other_sites(request, services.settings)


def _attempt_of(request: Request) -> tuple[Attempt, str]:
    """What this browser began, and where it wanted to go. Raises NotLetInError where it began nothing."""
    secret, _, encoded = request.cookies.get(ATTEMPT_COOKIE, "").partition(".")
    wanted = unquote(encoded)
    if not secret:
        raise NotLetInError(Because.NOT_BEGUN_HERE, START_AGAIN)
    return Attempt(secret), wanted if OWN_PATH.fullmatch(wanted) else LANDING_PATH


def _signed_in(services: Services, opened: OpenedSession, wanted: str) -> Response:
    answer = RedirectResponse(wanted, HTTPStatus.SEE_OTHER)
    _set_cookie(answer, SESSION_COOKIE, opened.secret, services.settings.session_max_s)
    return answer


def _refuse(
    request: Request, services: Services, action: Action, refusal: NotLetInError | ProviderSilentError
) -> Response:
    _record(request, services, action, refusal)
    if isinstance(refusal, ProviderSilentError):
        return provider_silent(request.state.request_id)
    return not_signed_in(str(refusal), request.state.request_id)


def _record(request: Request, services: Services, action: Action, refusal: NotLetInError | ProviderSilentError) -> None:
    because, subject = because_of(refusal)
    identity = Identity(subject, UNKNOWN, "signing in or out", request.state.request_id)
    record_refusal(services.pool, identity, action, Subject(detail={"because": because}))


def _set_cookie(answer: Response, name: str, value: str, lasts_s: int) -> None:
    """No script reads it, no other host has set it, and no other site's request but a followed link brings it along."""
    answer.set_cookie(name, value, max_age=lasts_s, path="/", secure=True, httponly=True, samesite="lax")


def _delete_cookie(answer: Response, name: str) -> None:
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
