"""How often a caller may ask, and an address try tokens: refused with 429, and recorded once a window."""

from http import HTTPStatus

from fastapi import Request

from access.audit import Action, Subject, record_refusal
from access.rate_limits import Excess
from api.errors import ProblemError
from api.services import Services
from store.database import Identity

UNKNOWN = "unknown"


def address_of(request: Request, services: Services) -> str:
    """The client's, as far as our own proxies say who that is."""
    peer = request.client.host if request.client else ""
    return services.limits.address(peer, request.headers.get("x-forwarded-for", ""))


def refuse_tries(services: Services, request: Request, address: str, secret: str) -> None:
    """Before ``secret`` is looked up. ProblemError where the address has tried wrong ones too often."""
    _refuse_address(services, request, address, services.limits.may_try(address, secret))


def note_try(services: Services, request: Request, address: str, secret: str, *, was_right: bool) -> None:
    """Count a wrong one. ProblemError where it is one too many."""
    _refuse_address(services, request, address, services.limits.tried(address, secret, was_right=was_right))


def refuse_too_many(services: Services, identity: Identity, action: Action) -> None:
    """Count a request of a caller who was let in. ProblemError where it is one too many."""
    excess = services.limits.of_caller(f"{identity.role} {identity.subject}")
    if excess is None:
        return
    if excess.is_first:
        record_refusal(services.pool, identity, action, Subject(detail={"too_many": "requests"}))
    raise _problem(excess, "Too many requests in this minute")


def _refuse_address(services: Services, request: Request, address: str, excess: Excess | None) -> None:
    if excess is None:
        return
    if excess.is_first:
        nobody = Identity(UNKNOWN, UNKNOWN, "not stated", request.state.request_id)
        about = Subject(detail={"too_many": "wrong tokens", "address": address})
        record_refusal(services.pool, nobody, Action.SIGN_IN, about)
    raise _problem(excess, "Too many wrong tokens came from this address")


def _problem(excess: Excess, what: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"{what}: try again in {excess.retry_after_s} s.",
        headers={"Retry-After": str(excess.retry_after_s)},
    )
