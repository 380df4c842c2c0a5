"""What a session may do, what it takes to change something with one, and every way in which it ends."""

import pytest

from access.roles import Role
from api.credentials import Credential, find_bearer
from api.services import Services
from tests.api.test_policy import GUARDED, address
from tests.sign_in.browser import SESSION, Browser
from tests.sign_in.conftest import World


def test_no_route_changes_anything_for_a_session_without_its_token(world: World) -> None:
    """Another site can have a browser send a cookie, and neither header nor field that only our pages know."""
    with world.browser() as browser:
        browser.sign_in("a.manager")
        own = {"Origin": browser.service, "Sec-Fetch-Site": "same-origin"}
        answers = {
            (method, path): browser.http.request(method, address(path), headers=own)
            for method, path, _ in GUARDED
            if method not in {"get", "head"}
        }
        assert len(answers) > 40
        assert {one.status_code for one in answers.values()} == {403}
        assert all("csrf_token" in one.json()["detail"] for one in answers.values())
        assert world.records("sign_out")[-1] == ("refused", "a.manager", "forged_request")
        assert browser.http.get("/v1/me").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"X-CSRF-Token": "x"},
        {"X-CSRF-Token": "é"},
    ],
    ids=str,
)
def test_a_request_of_another_site_is_refused_even_with_the_token(world: World, headers: dict[str, str]) -> None:
    with world.browser() as browser:
        browser.sign_in("a.manager")
        assert browser.post("/v1/teams", **{name: one.encode() for name, one in headers.items()}).status_code == 403  # type: ignore[arg-type]
        assert browser.post("/v1/teams").status_code == 422, "from its own page it comes as far as the missing body"


def test_what_says_nothing_of_where_it_comes_from_is_no_browser(world: World) -> None:
    with world.browser() as browser:
        browser.sign_in("a.manager")
        given = {"X-CSRF-Token": browser.csrf_token()}
        assert browser.http.post("/v1/teams", headers=given).status_code == 403
        assert browser.http.post("/v1/teams", headers=given | {"Origin": browser.service}).status_code == 422


def test_the_token_of_one_session_is_not_that_of_another(world: World) -> None:
    with world.browser() as browser, world.browser() as other:
        browser.sign_in("a.manager")
        other.sign_in("a.manager")
        assert browser.post("/v1/teams", **{"X-CSRF-Token": other.csrf_token()}).status_code == 403


def test_a_bearer_token_needs_none_of_it_and_a_cookie_beside_it_does_not_count(world: World) -> None:
    with world.browser() as browser:
        browser.sign_in("a.manager")
        token = {"Authorization": f"Bearer {world.api.tokens[Role.PRACTITIONER]}"}
        assert browser.http.get("/v1/me", headers=token).json()["subject"] == "the.practitioner"
        assert browser.http.get("/v1/me", headers=token).json()["csrf_token"] is None
        assert browser.http.get("/v1/me", headers={"Authorization": "Bearer x"}).status_code == 401
        assert browser.http.get("/v1/me", headers={"Authorization": "Basic eDp5"}).status_code == 401
    with world.api.client() as client:
        manager = {"Authorization": f"Bearer {world.api.tokens[Role.MANAGER]}"}
        assert client.post("/v1/teams", headers=manager).status_code == 422


def signed_out_of(browser: Browser, secret: str | None) -> bool:
    return browser.http.get("/v1/me", headers={"Cookie": f"{SESSION}={secret}"}).status_code == 401


def test_signing_out_ends_the_session_and_leads_to_the_provider(world: World) -> None:
    with world.browser() as browser, world.browser() as later:
        browser.sign_in("a.manager")
        secret = browser.cookie()
        form = {"csrf_token": browser.csrf_token()}
        own = {"Origin": browser.service, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
        answer = browser.http.post("/sign-out", data=form, headers=own)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{world.provider.issuer}/session/end?client_id=cordon")
        assert browser.cookie() is None
        assert signed_out_of(later, secret)
        assert world.records("sign_out")[-1] == ("allowed", "a.manager", "session")
        asked = browser.open(answer.headers["location"])
        assert "You are signed out" in browser.submit(asked, logout="yes").text


def test_a_script_that_signs_out_is_told_where_to_go(world: World) -> None:
    with world.browser() as browser:
        browser.sign_in("a.manager")
        answer = browser.post("/sign-out")
        assert answer.json()["sign_out_at_provider"].startswith(world.provider.issuer)
        assert browser.http.get("/v1/me").status_code == 401
    with world.api.client() as client:
        manager = {"Authorization": f"Bearer {world.api.tokens[Role.MANAGER]}"}
        assert client.post("/sign-out", headers=manager).status_code == 409


def test_signing_out_at_the_provider_ends_the_session_here(world: World) -> None:
    """The provider calls us (back-channel); a session of the same person in another browser stays."""
    with world.browser() as browser, world.browser() as elsewhere:
        browser.sign_in("a.manager")
        elsewhere.sign_in("a.manager")
        asked = browser.open(f"{world.provider.issuer}/session/end?client_id=cordon")
        browser.submit(asked, logout="yes")
        assert browser.http.get("/v1/me").status_code == 401
        assert elsewhere.http.get("/v1/me").status_code == 200
        assert world.records("sign_out")[-1] == ("allowed", "a.manager", "provider")


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"aud": "another client"}, "wrong_claims"),
        ({"events": {}}, "not_a_token"),
        ({"sub": None}, "not_a_token"),
        ({"nonce": "of an ID token"}, "not_a_token"),
        ({"iat": 1_700_000_000}, "not_a_token"),
        ({"jti": None}, "wrong_claims"),
    ],
    ids=str,
)
def test_what_is_no_logout_token_signs_nobody_out(world: World, changed: dict[str, object], because: str) -> None:
    claims = world.claims(aud="cordon", jti="1", events={"http://schemas.openid.net/event/backchannel-logout": {}})
    with world.browser() as browser:
        browser.sign_in("a.manager")
        wrong = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        for text, why in ((world.provider.signed(wrong, typ="logout+jwt"), because), ("x", "wrong_signature")):
            answer = browser.http.post("/sign-out/back-channel", data={"logout_token": text})
            assert answer.status_code == 400
            assert world.records("sign_out")[-1] == ("refused", "unknown", why)
        assert browser.http.get("/v1/me").status_code == 200
        right = world.provider.signed(claims, typ="logout+jwt")
        assert browser.http.post("/sign-out/back-channel", data={"logout_token": right}).status_code == 200
        assert browser.http.get("/v1/me").status_code == 401


def test_an_idle_session_ends_and_an_open_stream_is_no_use_of_it(world: World) -> None:
    services: Services = world.api.app.state.services
    with world.browser() as browser:
        browser.sign_in("a.manager")
        secret = browser.cookie() or ""
        world.run("UPDATE sessions SET used_at = now() - interval '29 min'")
        assert find_bearer(services, Credential(secret, is_session=True), is_use=False) is not None, "as a stream asks"
        world.run(
            "DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM sessions WHERE used_at > now() - interval '28 min'); END $$"
        )
        assert browser.http.get("/v1/me").status_code == 200
        world.run("UPDATE sessions SET used_at = used_at - interval '29 min'")
        assert browser.http.get("/v1/me").status_code == 200, "the use before put its end off"
        world.run("UPDATE sessions SET used_at = used_at - interval '31 min'")
        assert browser.http.get("/v1/me").status_code == 401


def test_a_role_that_the_settings_give_nobody_any_more_is_none(world: World) -> None:
    with world.browser() as browser:
        browser.sign_in("a.manager")
        assert browser.http.get("/v1/people").status_code == 200
        world.run("UPDATE sessions SET role = 'duty_officer'")
        assert browser.http.get("/v1/people").status_code == 403
        assert world.records("people.list")[-1][:2] == ("refused", "a.manager")


def test_a_session_ends_however_much_it_is_used(world: World) -> None:
    with world.browser() as browser:
        browser.sign_in("a.manager")
        world.run("UPDATE sessions SET expires_at = now() + interval '1 min'")
        assert browser.http.get("/v1/me").status_code == 200
        world.run("UPDATE sessions SET expires_at = now()")
        assert browser.http.get("/v1/me").status_code == 401
