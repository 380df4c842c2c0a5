"""People sign in at a real provider, and are whom it says they are, in the role that its claims mean here."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from access.roles import Role
from api.routes.sign_in import OWN_PATH
from tests.sign_in.browser import ATTEMPT, SESSION, Browser
from tests.sign_in.conftest import World
from tests.support.seed import as_owner


def test_a_person_signs_in_and_is_who_the_provider_says(world: World) -> None:
    with world.browser() as browser:
        page = browser.sign_in("the.practitioner", "/sign-in?return_to=/v1/people", until="/v1/people")
        assert page.is_redirect, page.text
        assert page.headers["location"] == "/v1/people"
        (cookie,) = [one for one in page.headers.get_list("set-cookie") if one.startswith(SESSION)]
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert [one["crn"] for one in browser.http.get("/v1/people").json()["people"]] == ["X100001"]
        me = browser.http.get("/v1/me").json()
    assert (me["subject"], me["role"], me["force"]) == ("the.practitioner", "practitioner", None)
    left_s = (datetime.fromisoformat(me["expires_at"]) - datetime.now(UTC)).total_seconds()
    assert 43_200 - 60 < left_s <= 43_200
    assert world.records("sign_in")[-1] == ("allowed", "the.practitioner", "provider")


def test_the_database_keeps_no_cookie(world: World) -> None:
    with world.browser() as browser:
        browser.sign_in("a.manager")
        secret = browser.cookie()
    assert secret is not None
    with world.api.client() as client:
        assert client.get("/v1/me", headers={"Cookie": f"{SESSION}={secret}"}).status_code == 200
    hashed = hashlib.sha256(secret.encode()).digest()
    with as_owner(world.api.urls.owner) as cursor:
        cursor.execute("SELECT count(*) FROM sessions kept WHERE kept::text LIKE %s", (f"%{secret}%",))
        assert cursor.fetchone() == (0,)
    with world.browser() as other:
        other.http.cookies.set(SESSION, hashed.hex())
        assert other.http.get("/v1/me").status_code == 401


def test_police_sign_in_for_their_force(world: World) -> None:
    with world.browser() as browser:
        browser.sign_in("an.analyst")
        assert browser.http.get("/v1/me").json()["force"] == "Metropolitan"
        assert browser.http.get("/v1/crimes").status_code == 200
        assert browser.http.get("/v1/people").status_code == 403


@pytest.mark.parametrize(
    ("login", "because"),
    [
        ("no.role", "no_role"),
        ("no.claim", "no_role"),
        ("two.roles", "several_roles"),
        ("no.force", "no_force"),
        ("odd.force", "no_force"),
        ("machine:prometheus", "no_subject"),
        ("cordon", "no_subject"),
        ("with blanks", "no_subject"),
    ],
)
def test_an_account_that_means_nothing_here_is_refused_in_plain_words(world: World, login: str, because: str) -> None:
    with world.browser() as browser:
        page = browser.sign_in(login)
        assert page.status_code == 403
        assert "You are not signed in" in page.text
        assert page.headers["x-request-id"] in page.text
        assert browser.cookie() is None
        assert browser.http.get("/v1/me").status_code == 401
    assert world.records("sign_in")[-1] == ("refused", "unknown", because)


def test_who_left_is_refused_at_once_however_they_come(world: World) -> None:
    world.run("INSERT INTO staff (subject, name, role) VALUES ('A.Manager', 'Alex', 'manager')")
    world.run("UPDATE access_tokens SET subject = 'a.manager' WHERE role = 'manager'")
    token = {"Authorization": f"Bearer {world.provider.signed(world.claims())}"}
    with world.browser() as browser, world.api.client() as client:
        browser.sign_in("a.manager")
        manager = {"Authorization": f"Bearer {world.api.tokens[Role.MANAGER]}"}
        session = {"Cookie": f"{SESSION}={browser.cookie()}"}

        def answers() -> list[int]:
            return [client.get("/v1/people", headers=way).status_code for way in (session, manager, token)]

        assert answers() == [200, 200, 200]
        world.run("UPDATE staff SET ended_at = now() WHERE subject = 'A.Manager'")
        try:
            assert answers() == [401, 401, 401]
            assert world.records("people.list")[-3:] == [("refused", "a.manager", "has_left")] * 3
            assert browser.sign_in("a.manager").status_code == 403
            assert world.records("sign_in")[-1] == ("refused", "a.manager", "has_left")
        finally:
            world.run("DELETE FROM staff WHERE subject = 'A.Manager'")


def came_back_to(browser: Browser, login: str) -> str:
    """The address of the callback, which the browser has not opened yet."""
    return str(browser.sign_in(login, until="/sign-in/callback").headers["location"])


def test_a_sign_in_opens_one_session_once(world: World) -> None:
    with world.browser() as browser:
        address = came_back_to(browser, "a.manager")
        attempt = browser.cookie(ATTEMPT)
        assert browser.http.get(address).status_code == 303
        assert browser.http.get(address).status_code == 403, "the browser forgot what it had begun"
        assert world.records("sign_in")[-1][2] == "not_begun_here"
        browser.http.cookies.set(ATTEMPT, attempt or "")
        assert browser.http.get(address).status_code == 403, "and the provider takes no code twice"
        assert world.records("sign_in")[-1][2] == "code_not_taken"


def test_a_stolen_code_opens_nothing_in_another_browser(world: World) -> None:
    with world.browser() as victim, world.browser() as thief:
        stolen = came_back_to(victim, "a.manager")
        assert thief.http.get(stolen).status_code == 403
        assert world.records("sign_in")[-1][2] == "not_begun_here"
        own_state = parse_qs(urlsplit(thief.http.get("/sign-in").headers["location"]).query)["state"][0]
        (state,) = parse_qs(urlsplit(stolen).query)["state"]
        assert thief.http.get(stolen.replace(state, own_state)).status_code == 403, "PKCE: the code is the victim's"
        assert world.records("sign_in")[-1][2] == "code_not_taken"
        assert thief.cookie() is None


def test_an_answer_of_another_provider_is_refused(world: World) -> None:
    with world.browser() as browser:
        address = came_back_to(browser, "a.manager")
        wrong = address.replace(urlencode({"iss": world.provider.issuer}), "iss=https%3A%2F%2Fevil.example")
        assert wrong != address
        assert browser.http.get(wrong).status_code == 403
    assert world.records("sign_in")[-1][2] == "wrong_issuer"


def test_who_turns_back_at_the_provider_is_not_signed_in(world: World) -> None:
    with world.browser() as browser:
        state = parse_qs(urlsplit(browser.http.get("/sign-in").headers["location"]).query)["state"][0]
        answer = browser.http.get(
            "/sign-in/callback", params={"error": "access_denied", "state": state, "iss": world.provider.issuer}
        )
    assert answer.status_code == 403
    assert world.records("sign_in")[-1][2] == "provider_refused"


def test_while_the_provider_is_down_nobody_signs_in_and_who_is_in_goes_on(world: World) -> None:
    with world.browser() as inside, world.browser() as outside, world.browser() as halfway:
        inside.sign_in("a.manager")
        address = came_back_to(halfway, "a.manager")
        world.provider.stop()
        try:
            page = halfway.http.get(address)
            assert (page.status_code, page.headers["retry-after"]) == (503, "60")
            assert "does not work just now" in page.text
            assert world.records("sign_in")[-1][2] == "provider_silent"
            assert inside.http.get("/v1/people").status_code == 200
        finally:
            world.provider.start()
        assert outside.sign_in("a.manager").status_code == 200


def test_a_new_sign_in_ends_the_session_before_it(world: World) -> None:
    with world.browser() as browser, world.api.client() as client:
        browser.sign_in("the.practitioner")
        before = browser.cookie()
        browser.sign_in("the.practitioner")
        assert browser.cookie() not in (None, before)
        assert client.get("/v1/me", headers={"Cookie": f"{SESSION}={before}"}).status_code == 401


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nb", "v1/me", "", "/" + "x" * 600]
)
def test_the_way_on_leads_nowhere_else(world: World, elsewhere: str) -> None:
    assert OWN_PATH.fullmatch(elsewhere) is None
    with world.browser() as browser:
        answer = browser.sign_in("a.manager", f"/sign-in?{urlencode({'return_to': elsewhere})}", until="/v1/me")
        assert answer.headers["location"] == "/v1/me"
