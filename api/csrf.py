"""Requests that a browser makes because another site told it to: a cookie comes along, and its owner knows nothing."""

from urllib.parse import urlsplit

from fastapi import Request

from access.refusals import Because, NotLetInError
from access.sessions import is_csrf_token
from ops.delivery_settings import is_loopback
from ops.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_forged(request: Request, settings: Settings, session_secret: str, given_token: str) -> None:
    """Raises NotLetInError unless a request that may change something comes from a page of this service, which alone
    knows the session's token.
    """
    if request.method in SAFE_METHODS:
        return
    refuse_other_sites(request, settings)
    if not is_csrf_token(session_secret, given_token):
        raise NotLetInError(
            Because.FORGED_REQUEST,
            "A request of a session that may change something needs the token that GET /v1/me shows as csrf_token.",
        )


def refuse_other_sites(request: Request, settings: Settings) -> None:
    """Browsers say where a request comes from (Origin, Sec-Fetch-Site), and no page can have them say something else.
    One that says neither is no browser of today, and has no business with a cookie.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_ours = origin is not None and origin == own_origin(request, settings)
    is_told = site is not None or origin is not None
    if not is_told or (site is not None and site != "same-origin") or (origin is not None and not is_ours):
        raise NotLetInError(Because.FORGED_REQUEST, "This request did not come from a page of this service.")


def own_origin(request: Request, settings: Settings) -> str | None:
    """Where our pages come from: CORDON_PUBLIC_URL; in a demonstration, the loopback address that was asked for."""
    if settings.oidc_issuer:
        parts = urlsplit(settings.public_url)
        usual = {"https": 443, "http": 80}[parts.scheme]
        port = "" if parts.port in {None, usual} else f":{parts.port}"  # browsers leave the usual one out
        return f"{parts.scheme}://{parts.hostname}{port}"
    host = request.headers.get("host", "")
    return f"http://{host}" if settings.local_sign_in and is_loopback_host(host) else None


def is_loopback_host(host: str) -> bool:
    """A page elsewhere can name this machine by a name of its own; it cannot have the browser call that loopback."""
    return is_loopback(urlsplit(f"//{host}").hostname or "")
