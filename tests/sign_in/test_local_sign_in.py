"""The demo has a sign-in of its own. Nothing else has: not by its settings, not by its routes, not by its database."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from access.roles import Role
from access.tokens import hash_token
from api.app import create_app
from api.services import open_services
from ops.errors import ConfigurationError
from ops.settings import Settings
from store.database import SERVICE, Pool
from store.sessions import mark_as_demonstration, open_local_session
from tests.conftest import fresh_database
from tests.servers.timescale import DatabaseServer
from tests.sign_in.browser import Browser
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner


@pytest.fixture(scope="module")
def demo(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[RunningApi]:
    with fresh_database(embedded_server, embedded_template) as url:
        urls = DatabaseUrls.of(url)
        with as_owner(urls.owner) as cursor:
            mark_as_demonstration(cursor)
        with running_api(urls, local_sign_in=True) as running:
            yield running


def signs_in(browser: Browser, token: str, **headers: str) -> int:
    own = {"Origin": browser.service, "Sec-Fetch-Site": "same-origin"}
    return browser.http.post("/sign-in/local", data={"token": token}, headers=own | headers).status_code


def test_whoever_has_a_token_of_the_demo_signs_in_with_it(demo: RunningApi) -> None:
    with Browser(demo.url) as browser:
        page = browser.open("/sign-in")
        answer = browser.submit(page, token=demo.tokens[Role.DUTY_OFFICER])
        assert answer.url.path == "/v1/me"
        assert answer.json()["subject"] == "the.duty_officer"
        with as_owner(demo.urls.owner) as cursor:
            cursor.execute("UPDATE access_tokens SET revoked_at = now() WHERE role = 'duty_officer'")
        assert browser.http.get("/v1/me").status_code == 401, "the session ends with its token"
        assert signs_in(browser, demo.tokens[Role.DUTY_OFFICER]) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "127.0.0.1.evil.example", "Origin": "http://127.0.0.1.evil.example"},
    ],
    ids=str,
)
def test_no_other_page_signs_somebody_in(demo: RunningApi, headers: dict[str, str]) -> None:
    with Browser(demo.url) as browser:
        assert signs_in(browser, demo.tokens[Role.MANAGER], **headers) == 403
        assert signs_in(browser, demo.tokens[Role.MANAGER]) == 303


@pytest.mark.parametrize("token", ["", "x", "cordon_" + "a" * 43])
def test_without_a_live_token_nobody_signs_in(demo: RunningApi, token: str) -> None:
    with Browser(demo.url) as browser:
        assert signs_in(browser, token) in {403, 422}
        assert browser.cookie() is None


def test_any_other_service_has_no_such_route(api: RunningApi) -> None:
    with Browser(api.url) as browser:
        assert browser.http.get("/sign-in").status_code == 404
        assert browser.http.get("/sign-in/local").status_code == 404
        assert browser.http.get("/sign-in/callback?code=x&state=y").status_code == 404
        assert signs_in(browser, api.tokens[Role.MANAGER]) == 403
        assert browser.cookie() is None
    assert api.audit("sign_in")[-1][:2] == ("refused", "unknown")


def test_any_other_database_opens_no_such_session(api: RunningApi) -> None:
    pool = Pool(api.urls.api, "test", 1)
    with pool.transaction(SERVICE) as cursor:
        token = hash_token(api.tokens[Role.MANAGER])
        assert open_local_session(cursor, bytes(32), token, timedelta(hours=1)) is None
    pool.close()


@pytest.mark.parametrize(
    "changed",
    [
        lambda settings: settings,
        lambda settings: settings | {"api_host": "0.0.0.0"},  # noqa: S104 -- what is refused
        lambda settings: (
            settings
            | {
                "oidc_issuer": "https://login.example",
                "oidc_client_id": "x",
                "oidc_client_secret": "x",
                "public_url": "https://cordon.example",
            }
        ),
    ],
    ids=["database", "host", "provider"],
)
def test_any_other_service_does_not_start_with_it(
    api: RunningApi, changed: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    given = changed({"database_api_url": api.urls.api, "local_sign_in": True})
    settings = Settings.model_validate(given)
    services = open_services(settings)
    with pytest.raises(ConfigurationError, match="CORDON_LOCAL_SIGN_IN is for the demo"):
        create_app(settings, services)
    services.close()
