"""Who the caller is, and what this service offers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from access.audit import Action
from access.roles import Permission
from access.sessions import csrf_token
from api.documentation import documented
from api.schemas import Me
from api.security import Caller, Requires

router = APIRouter(tags=["service"])

_ME = {
    "subject": "a.officer",
    "role": "practitioner",
    "permissions": ["alerts.read", "track.read"],
    "expires_at": "2026-11-22T22:00:00Z",
    "force": None,
    "csrf_token": None,
}


@router.get("/v1/me", **documented(Permission.SELF_READ, _ME))
def read_me(caller: Annotated[Caller, Depends(Requires(Permission.SELF_READ, Action.SELF_READ))]) -> Me:
    """Who this token or session speaks for, and until when at the latest."""
    credential = caller.credential
    return Me(
        subject=caller.identity.subject,
        role=caller.role,
        permissions=sorted(caller.permissions),
        expires_at=caller.expires_at,
        force=caller.identity.force or None,
        csrf_token=csrf_token(credential.secret) if credential.is_session else None,
    )


@router.get("/v1/openapi.json", **documented(Permission.API_READ, {"openapi": "3.1.0"}))
def read_openapi(
    request: Request, _caller: Annotated[Caller, Depends(Requires(Permission.API_READ, Action.API_READ))]
) -> dict[str, Any]:
    """This document."""
    document: dict[str, Any] = request.app.openapi()
    return document
