"""A browser as far as signing in goes: cookies, redirects, forms, and the headers that it sends of its own accord."""

import re
from dataclasses import dataclass
from html import unescape
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

from tests.support.api_server import NO_TLS

FORM = re.compile(r"<form[^>]*>.*?</form>", re.DOTALL)
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
MOST_STEPS = 20
SESSION = "__Host-cordon_session"
ATTEMPT = "__Host-cordon_sign_in"


@dataclass(frozen=True, slots=True)
class Form:
    address: str
    fields: dict[str, str]


class Browser:
    """Loopback is safe enough for browsers to take secure cookies from it."""

    def __init__(self, service: str) -> None:
        self.service = service
        hooks = {"response": [self._trust_loopback]}
        self.http = httpx.Client(base_url=service, timeout=20, verify=NO_TLS, event_hooks=hooks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def cookie(self, name: str = SESSION) -> str | None:
        return next((one.value for one in self.http.cookies.jar if one.name == name), None)

    def open(self, address: str, until: str = "") -> httpx.Response:
        """Follow redirects; the last answer, or the first redirect to an address that holds ``until``."""
        answer = self.http.get(address)
        return self._follow(answer, until)

    def submit(self, page: httpx.Response, until: str = "", **fields: str) -> httpx.Response:
        """Fill in the page's form and send it."""
        form = _form(page)
        answer = self.http.post(
            form.address, data=form.fields | fields, headers={"Origin": _origin(page), "Sec-Fetch-Site": "same-origin"}
        )
        return self._follow(answer, until)

    def sign_in(self, login: str, address: str = "/sign-in", until: str = "") -> httpx.Response:
        """To the page that follows, or the redirect to ``until``: at the provider's login, then its consent."""
        page = self.open(address, until)
        for _ in range(MOST_STEPS):
            if page.is_redirect or "<form" not in page.text:
                return page
            given = {"login": login, "password": "any"} if 'name="login"' in page.text else {}
            page = self.submit(page, until, **given)
        raise AssertionError("the provider asks and asks")

    def csrf_token(self) -> str:
        token: str = self.http.get("/v1/me").json()["csrf_token"]
        return token

    def post(self, path: str, **headers: str) -> httpx.Response:
        """As a script of the service's own page does."""
        own = {"Origin": self.service, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.csrf_token()}
        return self.http.post(path, headers=own | headers)

    def _trust_loopback(self, _answer: httpx.Response) -> None:
        for cookie in self.http.cookies.jar:
            cookie.secure = False

    def _follow(self, answer: httpx.Response, until: str) -> httpx.Response:
        for _ in range(MOST_STEPS):
            if not answer.is_redirect or (until and until in answer.headers["location"]):
                return answer
            answer = self.http.get(urljoin(str(answer.url), answer.headers["location"]))
        raise AssertionError("redirects without end")


def _form(page: httpx.Response) -> Form:
    found = FORM.search(page.text)
    assert found is not None, page.text
    opening, *inputs = re.findall(r"<(?:form|input|button)[^>]*>", found[0])
    given = [dict(ATTRIBUTE.findall(one)) for one in inputs]
    fields = {one["name"]: unescape(one.get("value", "")) for one in given if "name" in one}
    return Form(urljoin(str(page.url), unescape(dict(ATTRIBUTE.findall(opening))["action"])), fields)


def _origin(page: httpx.Response) -> str:
    return f"{page.url.scheme}://{page.url.netloc.decode()}"
