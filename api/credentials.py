"""What a request comes with to say who asks: a bearer token, or the cookie of a session."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from fastapi import Request
from fastapi.security import APIKeyCookie, HTTPBearer

from access.openid.provider import ProviderSilentError
from access.refusals import HAS_LEFT, Because, NotLetInError
from access.sessions import find_session
from access.tokens import Bearer, authenticate
from api.services import Services
from store.database import SERVICE
from store.sessions import has_left

SESSION_COOKIE = "__Host-cordon_session"
"""The prefix has browsers take it from this very host alone, over TLS, and for all of its paths."""

CSRF_HEADER = "X-CSRF-Token"
DOTS_OF_A_JWT = 2
UNKNOWN = "unknown"
"""The audit's subject and role of whoever did not say who they are."""

bearer_scheme = HTTPBearer(
    auto_error=False, description="A token of `cordon token create`, or an access token of the identity provider"
)
session_scheme = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    scheme_name="Session",
    description="The cookie that a sign-in at `/sign-in` sets. Whatever changes something also needs the header"
    f" `{CSRF_HEADER}` with the `csrf_token` of `GET /v1/me`, and has to come from a page of this service.",
)


@dataclass(frozen=True, slots=True)
class Credential:
    secret: str = field(repr=False)
    is_session: bool


def credential_of(request: Request, token: str | None, cookie: str | None) -> Credential:
    """Whoever sends a header speaks by it alone: a cookie comes along unasked."""
    if token is not None or "authorization" in request.headers or cookie is None:
        return Credential(token or "", is_session=False)
    return Credential(cookie, is_session=True)


def find_bearer(services: Services, credential: Credential, *, is_use: bool = True) -> Bearer | None:
    """Who asks; None for a token or session that is unknown or over.

    Raises NotLetInError, which says why, for an access token of the provider that is not taken, and for who has left;
    ProviderSilentError where its keys cannot be had.
    """
    if not credential.is_session and credential.secret.count(".") == DOTS_OF_A_JWT:
        found = _bearer_of_provider(services, credential.secret)
    else:
        found = _kept_bearer(services, credential, is_use=is_use)
    if found is not None and found.has_left:
        raise NotLetInError(Because.HAS_LEFT, HAS_LEFT, found.subject)
    return found


def because_of(error: NotLetInError | ProviderSilentError) -> tuple[Because, str]:
    """For the audit: the reason, and the subject where it was proved."""
    if isinstance(error, NotLetInError):
        return error.because, error.subject or UNKNOWN
    return Because.PROVIDER_SILENT, UNKNOWN


def _kept_bearer(services: Services, credential: Credential, *, is_use: bool) -> Bearer | None:
    with services.pool.transaction(SERVICE) as cursor:
        if not credential.is_session:
            return authenticate(cursor, credential.secret)
        idle = timedelta(seconds=services.settings.session_idle_s)
        found = find_session(cursor, credential.secret, idle, is_use=is_use)
    return None if found is None else _as_mapped_now(services, found)


def _as_mapped_now(services: Services, bearer: Bearer) -> Bearer:
    """A role that the settings give nobody any more is none, for sessions from before too."""
    is_given = services.sign_in is None or (bearer.role is not None and services.sign_in.grants(bearer.role))
    return bearer if is_given else replace(bearer, role=None)


def _bearer_of_provider(services: Services, token: str) -> Bearer | None:
    if services.sign_in is None:
        return None
    account, expires_at = services.sign_in.bearer(token, datetime.now(UTC))
    with services.pool.transaction(SERVICE) as cursor:
        left = has_left(cursor, account.subject)
    return Bearer(account.subject, account.role, expires_at, account.force, left)
