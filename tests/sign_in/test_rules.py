"""What the settings of signing in have to say, and what claims mean by them."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.openid.accounts import Account, AccountRules
from access.openid.sign_in import Attempt
from access.refusals import NotLetInError
from access.roles import POLICE_ROLES, Role
from api.routes.sign_in import OWN_PATH
from ops.errors import ConfigurationError
from ops.settings import Settings, load_settings
from ops.sign_in_settings import SignInSettings

WHOLE = {
    "CORDON_OIDC_ISSUER": "https://login.example",
    "CORDON_OIDC_CLIENT_ID": "cordon",
    "CORDON_OIDC_CLIENT_SECRET": "secret",
    "CORDON_PUBLIC_URL": "https://cordon.example",
}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"CORDON_OIDC_ISSUER": "http://login.example"}, "https://"),
        ({"CORDON_OIDC_CLIENT_ID": ""}, "needs CORDON_OIDC_CLIENT_ID"),
        ({"CORDON_OIDC_CLIENT_SECRET": ""}, "CORDON_OIDC_CLIENT_SECRET"),
        ({"CORDON_PUBLIC_URL": ""}, "needs CORDON_PUBLIC_URL"),
        ({"CORDON_OIDC_SCOPES": "profile"}, "openid"),
        ({"CORDON_OIDC_AUDIENCE": "cordon"}, "another than the client id"),
        ({"CORDON_OIDC_ALGORITHMS": "RS256,HS256"}, "CORDON_OIDC_ALGORITHMS"),
        ({"CORDON_OIDC_ALGORITHMS": "none"}, "CORDON_OIDC_ALGORITHMS"),
        ({"CORDON_OIDC_ALGORITHMS": ""}, "CORDON_OIDC_ALGORITHMS"),
        ({"CORDON_OIDC_MACHINES": '{"x": {"role": "manager"}}'}, "needs CORDON_OIDC_AUDIENCE"),
        ({"CORDON_OIDC_ISSUER": "", "CORDON_OIDC_AUDIENCE": "api"}, "need CORDON_OIDC_ISSUER"),
        ({"CORDON_SESSION_IDLE_S": "3600", "CORDON_SESSION_MAX_S": "1800"}, "CORDON_SESSION_IDLE_S"),
    ],
    ids=str,
)
def test_settings_that_are_not_safe_or_not_whole_are_refused(
    monkeypatch: pytest.MonkeyPatch, changed: Mapping[str, str], words: str
) -> None:
    for name, value in (WHOLE | dict(changed)).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=words):
        load_settings()


def test_mappings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    further = {
        "CORDON_OIDC_AUDIENCE": "api",
        "CORDON_OIDC_ROLES": '{"CN=Duty, OU=Probation": "duty_officer"}',
        "CORDON_OIDC_ROLE_CLAIM": "groups",
        "CORDON_OIDC_SUBJECT_CLAIM": "upn",
        "CORDON_OIDC_MACHINES": '{"records": {"role": "police_analyst", "force": "MPS"}}',
    }
    for name, value in (WHOLE | further).items():
        monkeypatch.setenv(name, value)
    rules = AccountRules(load_settings())
    officer = {"upn": "o.jones", "sub": "8f3b", "groups": ["Everybody", "CN=Duty, OU=Probation", 7]}
    assert rules.person(officer) == Account("o.jones", Role.DUTY_OFFICER, None)
    assert rules.machine("records") == Account("machine:records", Role.POLICE_ANALYST, "Metropolitan")
    with pytest.raises(NotLetInError):
        rules.person({"upn": "o.jones", "groups": ["duty_officer"]})  # the provider's word alone means nothing
    with pytest.raises(NotLetInError):
        rules.person({"upn": ["o.jones"], "groups": ["CN=Duty, OU=Probation"]})


@pytest.mark.parametrize(
    "given",
    [
        {"oidc_roles": {"x": "emperor"}},
        {"oidc_machines": {"x": {"role": "emperor"}}},
        {"oidc_machines": {"x": {"role": "police_analyst"}}},
        {"oidc_machines": {"x": {"role": "police_analyst", "force": "Gotham"}}},
        {"oidc_machines": {"x": {"role": "manager", "force": "Metropolitan"}}},
        {"oidc_machines": {"with blanks": {"role": "manager"}}},
    ],
    ids=str,
)
def test_a_mapping_to_what_there_is_not_stops_the_service(given: dict[str, object]) -> None:
    whole = {name.removeprefix("CORDON_").lower(): value for name, value in WHOLE.items()}
    settings = SignInSettings.model_validate(whole | {"oidc_audience": "api"} | given)
    with pytest.raises(ConfigurationError, match="CORDON_OIDC_"):
        AccountRules(settings)


OUR_NAMES = AccountRules(Settings())
CLAIM = st.one_of(
    st.none(), st.text(max_size=10), st.sampled_from(list(Role)), st.integers(), st.lists(st.sampled_from([*Role, "x"]))
)


@given(st.fixed_dictionaries({"sub": CLAIM, "roles": CLAIM, "police_force": CLAIM | st.sampled_from(["Kent", "MPS"])}))
def test_whatever_is_claimed_nobody_gets_a_role_that_the_claim_does_not_name(claims: dict[str, object]) -> None:
    try:
        account = OUR_NAMES.person(claims)
    except NotLetInError:
        return
    assert account.subject == claims["sub"]
    assert account.role in ([claims["roles"]] if isinstance(claims["roles"], str) else claims["roles"])  # type: ignore[operator]
    assert (account.force is not None) is (account.role in POLICE_ROLES)


@given(st.text(max_size=40).map("/".__add__) | st.text(max_size=40))
def test_a_path_to_go_on_to_is_one_of_ours(text: str) -> None:
    if OWN_PATH.fullmatch(text):
        parts = urlsplit(f"https://cordon.example{text}")
        assert (parts.scheme, parts.netloc) == ("https", "cordon.example")
        assert not text.startswith(("//", "/\\"))
        assert text.isprintable()


def test_the_values_of_an_attempt_follow_from_its_secret_and_from_nothing_else() -> None:
    one, same, other = Attempt("a" * 43), Attempt("a" * 43), Attempt("b" * 43)
    values = [one.state, one.nonce, one.code_verifier]
    assert values == [same.state, same.nonce, same.code_verifier]
    assert len({*values, other.state, other.nonce, other.code_verifier}) == 6
    assert all(len(value) == 43 for value in values), "RFC 7636 wants 43 to 128 characters of a verifier"
