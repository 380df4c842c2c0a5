"""The few pages of signing in and out, in plain words. They need no script, style or picture."""

from collections.abc import Mapping
from html import escape
from http import HTTPStatus

from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Cordon</title>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
TRY_AGAIN = {"/sign-in": "Sign in"}
LOCAL_FORM = """<form method="post" action="/sign-in/local">
<p><label for="token">Token, as <code>cordon demo</code> shows it</label></p>
<p><input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required></p>
<p><button>Sign in</button></p>
</form>"""


def page(
    title: str,
    *words: str,
    links: Mapping[str, str] | None = None,
    form: str = "",
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """``links`` give the words of each address."""
    paragraphs = [f"<p>{escape(line)}</p>" for line in words]
    shown = [f'<p><a href="{escape(address)}">{escape(name)}</a></p>' for address, name in (links or {}).items()]
    body = "\n".join([*paragraphs, *([form] if form else []), *shown])
    kept = {
        **(headers or {}),
        "Referrer-Policy": "same-origin",
    }  # by another, a form's request would not say its origin
    return HTMLResponse(PAGE.format(title=escape(title), body=body), status_code=status, headers=kept)


def not_signed_in(detail: str, request_id: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> HTMLResponse:
    return page(
        "You are not signed in",
        detail,
        f"If it happens again, tell whoever runs this service, with this number: {request_id}.",
        links=TRY_AGAIN,
        status=status,
    )


def provider_silent(request_id: str) -> HTMLResponse:
    return page(
        "Signing in does not work just now",
        "The system that knows your account does not answer. Whoever is signed in already can go on working.",
        f"Try again in a few minutes. If it goes on, tell whoever runs this service, with this number: {request_id}.",
        links=TRY_AGAIN,
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": "60"},
    )


def no_sign_in() -> HTMLResponse:
    return page(
        "There is no sign-in here",
        "This service has no identity provider. Programs use tokens; whoever runs the service makes them.",
        status=HTTPStatus.NOT_FOUND,
    )
