"""Access tokens of the provider: machines get them by client credentials; whatever is wrong with one, it is refused."""

import hmac
import json
import threading
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.openid.provider import Provider, ProviderSilentError
from access.openid.sign_in import SignIn
from access.refusals import NotLetInError
from ops.sign_in_settings import SignInSettings
from tests.servers.identity_provider import AUDIENCE, CLIENT, new_key
from tests.sign_in.conftest import World
from tests.support.api_server import NO_TLS

HOUR_S = 3600
NOWHERE = {
    "public_url": "https://cordon.example",
    "oidc_issuer": "http://127.0.0.1:1",
    "oidc_client_id": CLIENT,
    "oidc_client_secret": "secret",
    "oidc_audience": AUDIENCE,
}


def asked(world: World, token: str, path: str = "/v1/me") -> httpx.Response:
    with world.api.client() as client:
        return client.get(path, headers={"Authorization": f"Bearer {token}"})


def by_client_credentials(world: World, client_id: str) -> str:
    answer = httpx.post(
        f"{world.provider.issuer}/token",
        data={"grant_type": "client_credentials", "scope": "api"},
        auth=(client_id, client_id * 2),
        verify=NO_TLS,
    )
    token: str = answer.json()["access_token"]
    return token


def test_a_machine_comes_with_a_token_of_its_own(world: World) -> None:
    answer = asked(world, by_client_credentials(world, "prometheus"))
    assert (answer.json()["subject"], answer.json()["role"]) == ("machine:prometheus", "monitoring_officer")
    assert asked(world, by_client_credentials(world, "prometheus"), "/metrics").status_code == 200
    assert asked(world, by_client_credentials(world, "prometheus"), "/v1/people").status_code == 403
    assert world.records("people.list")[-1][:2] == ("refused", "machine:prometheus")


def test_a_machine_that_nobody_named_is_refused(world: World) -> None:
    answer = asked(world, by_client_credentials(world, "stranger"))
    assert (answer.status_code, "not among the machines" in answer.json()["detail"]) == (401, True)
    assert world.records("self.read")[-1] == ("refused", "unknown", "unknown_machine")


def test_a_machine_named_like_an_officer_is_not_that_officer(world: World) -> None:
    """RFC 9068, section 5: whoever may register clients could choose a client id that is somebody's subject."""
    claims = world.claims(sub="the.practitioner", client_id="the.practitioner", roles=["practitioner"])
    assert asked(world, world.provider.signed(claims)).status_code == 401


def test_a_person_comes_with_an_access_token_too(world: World) -> None:
    assert asked(world, world.provider.signed(world.claims())).json()["subject"] == "a.manager"
    several = world.claims(aud=["another API", AUDIENCE])
    assert asked(world, world.provider.signed(several)).status_code == 200


def now_s() -> int:
    return int(datetime.now(UTC).timestamp())


@pytest.mark.parametrize(
    ("changed", "times", "because"),
    [
        ({"aud": "another API"}, {}, "wrong_claims"),
        ({"aud": CLIENT}, {}, "wrong_claims"),
        ({"aud": None}, {}, "wrong_claims"),
        ({"iss": "https://evil.example"}, {}, "wrong_claims"),
        ({"iss": None}, {}, "wrong_claims"),
        ({"exp": None}, {}, "wrong_claims"),
        ({"iat": None}, {}, "wrong_claims"),
        ({"sub": None}, {}, "wrong_claims"),
        ({"exp": "tomorrow"}, {}, "wrong_claims"),
        ({}, {"exp": -61, "iat": -600}, "expired"),
        ({}, {"nbf": 900}, "wrong_claims"),
        ({}, {"iat": 900, "exp": 1000}, "wrong_claims"),
        ({}, {"exp": 2 * HOUR_S}, "wrong_claims"),
        ({}, {"exp": 0, "iat": 30}, "wrong_claims"),
        ({"exp": 1e308}, {}, "wrong_claims"),
        ({"roles": None}, {}, "no_role"),
        ({"roles": {"manager": True}}, {}, "no_role"),
        ({"roles": ["manager", "practitioner"]}, {}, "several_roles"),
        ({"sub": "machine:prometheus"}, {}, "no_subject"),
        ({"sub": "m\N{CYRILLIC SMALL LETTER A}nager"}, {}, "no_subject"),
    ],
    ids=lambda given: "+".join(given) if isinstance(given, dict) else given,
)
def test_a_token_that_claims_something_wrong_is_refused(
    world: World, changed: dict[str, object], times: dict[str, int], because: str
) -> None:
    """The times are seconds from when the test runs, which may be long after it was collected."""
    now = now_s()
    told = {name: now + after_s for name, after_s in times.items()}
    answer = asked(world, world.provider.signed(world.claims(**changed, **told)))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert world.records("self.read")[-1] == ("refused", "unknown", because)


def test_the_clocks_may_differ_a_little(world: World) -> None:
    ahead = world.claims(iat=now_s() + 30, exp=now_s() + 600, nbf=now_s() + 30)
    behind = world.claims(iat=now_s() - 600, exp=now_s() - 30)
    assert [asked(world, world.provider.signed(one)).status_code for one in (ahead, behind)] == [200, 200]


def part(value: dict[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_token_that_the_provider_did_not_sign_is_refused(world: World) -> None:
    claims, key = world.claims(), world.provider.key
    signed = world.provider.signed(claims)
    head, body, signature = signed.split(".")
    shared = f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': key.kid})}.{body}"
    by_public_key = urlsafe_b64encode(hmac.digest(key.as_pem(private=False), shared.encode(), "sha256"))
    forged = {
        "no algorithm": f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{body}.",
        "the public key as a shared secret": f"{shared}.{by_public_key.decode().rstrip('=')}",
        "another key under that name": world.provider.signed(claims, new_key(str(key.kid))),
        "a key that nobody knows": world.provider.signed(claims, new_key("mine")),
        "a header that nobody understands": f"{part({'alg': 'RS256', 'kid': key.kid, 'crit': ['new'], 'new': 1})}"
        f".{body}.{signature}",
        "another body": f"{head}.{part(world.claims(sub='the.practitioner'))}.{signature}",
        "no signature": f"{head}.{body}.",
        "too long": f"{head}.{body}.{signature}{'A' * 20_000}",
        "nothing": "..",
    }
    for how, token in forged.items():
        assert asked(world, token).status_code == 401, how
        because = "not_a_token" if how == "too long" else "wrong_signature"
        assert world.records("self.read")[-1] == ("refused", "unknown", because), how
    assert asked(world, signed).status_code == 200


@pytest.mark.parametrize("kind", ["JWT", "logout+jwt", ""])
def test_an_id_token_is_no_access_token(world: World, kind: str) -> None:
    assert asked(world, world.provider.signed(world.claims(), typ=kind)).status_code == 401
    assert world.records("self.read")[-1] == ("refused", "unknown", "not_a_token")


def test_the_provider_may_change_its_keys_and_may_be_down_for_a_while(world: World) -> None:
    before = world.provider.signed(world.claims())
    assert asked(world, before).status_code == 200
    world.provider.stop()
    try:
        assert asked(world, before).status_code == 200, "its keys are believed for a while"
    finally:
        world.provider.rotate("second")
    world.api.app.state.services.sign_in.provider._not_before_s = 0.0  # as if nobody had made up a key just before
    assert asked(world, world.provider.signed(world.claims())).status_code == 200, "an unknown key is asked for at once"
    assert asked(world, before).status_code == 401, "the old one is gone with that"


def test_who_makes_up_keys_does_not_have_the_provider_asked_each_time(world: World) -> None:
    provider = Provider(SignInSettings.model_validate(NOWHERE | {"oidc_issuer": world.provider.issuer}))
    learnt = {provider.describe(f"made up {number}").learnt_at_s for number in range(20)}
    provider.close()
    assert len(learnt) == 1


def test_without_any_key_a_token_is_answered_with_try_again(world: World) -> None:
    """Nothing is known of the provider yet: as after a start while it is down."""
    services = world.api.app.state.services
    kept = services.sign_in.provider._held
    services.sign_in.provider._held = None
    world.provider.stop()
    try:
        answer = asked(world, world.provider.signed(world.claims()))
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert world.records("self.read")[-1] == ("refused", "unknown", "provider_silent")
    finally:
        world.provider.start()
        services.sign_in.provider._held = kept
        services.sign_in.provider._not_before_s = 0.0


def test_a_provider_that_is_down_holds_nobody_up_for_long() -> None:
    """Of many who ask at once, one waits for it and the others are told."""
    provider = Provider(SignInSettings.model_validate(NOWHERE))
    refused: list[bool] = []

    def ask() -> None:
        with pytest.raises(ProviderSilentError):
            provider.describe()
        refused.append(True)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    provider.close()
    assert len(refused) == 20


TOKENS = SignIn(SignInSettings.model_validate(NOWHERE))
PART = st.one_of(st.text(max_size=30), st.binary(max_size=60).map(lambda raw: raw.hex()))


@given(st.one_of(st.text(max_size=200), st.tuples(PART, PART, PART).map(".".join)))
def test_whatever_is_sent_as_a_token_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(NotLetInError):
        TOKENS.bearer(text, datetime.now(UTC))
