"""Signing in at the provider: authorization code with PKCE, state and nonce (Authlib), and signing out there."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from access.openid.accounts import Account, AccountRules
from access.openid.provider import Provider, ProviderSilentError
from access.openid.tokens import TokenRules
from access.refusals import Because, NotLetInError
from access.roles import Role
from ops.sign_in_settings import SignInSettings

CALLBACK_PATH = "/sign-in/callback"
SIGNED_OUT_PATH = "/signed-out"
LONGEST_NAME = 255
START_AGAIN = "Start again: this sign-in was not begun in this browser, or too long ago, or is over already."


@dataclass(frozen=True, slots=True)
class Attempt:
    """One browser's attempt to sign in. All of its values follow from the one secret that the browser keeps, so that
    the service keeps nothing for whoever only begins.
    """

    secret: str

    @property
    def state(self) -> str:
        return self._derived("state")

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def code_verifier(self) -> str:
        return self._derived("code verifier")

    def _derived(self, label: str) -> str:
        """43 characters, as RFC 7636 wants of a verifier."""
        digest = hmac.digest(self.secret.encode(), label.encode(), hashlib.sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whom the provider has signed in, and what it calls them and its own session."""

    account: Account
    provider_subject: str
    provider_session: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser brings back from the provider."""

    code: str | None
    state: str | None
    issuer: str | None
    error: str | None


class SignIn:
    """One a process. Raises ConfigurationError where the settings name roles or forces that there are not."""

    def __init__(self, settings: SignInSettings) -> None:
        self.provider = Provider(settings)
        self._rules = AccountRules(settings)
        self._tokens = TokenRules(settings, self.provider)
        self._takes_tokens = bool(settings.oidc_audience)
        self._client_id = settings.oidc_client_id
        self._secret = settings.secret("oidc_client_secret")
        self._scopes = settings.oidc_scopes
        self._public_url = settings.public_url.rstrip("/")

    def address(self, attempt: Attempt) -> str:
        """Where the browser signs in. Raises ProviderSilentError while the provider does not answer."""
        address, _ = self._client(None).create_authorization_url(
            self.provider.describe().authorization_endpoint,
            state=attempt.state,
            code_verifier=attempt.code_verifier,
            nonce=attempt.nonce,
        )
        return address

    def arrive(self, attempt: Attempt, answer: Answer, now: datetime) -> Arrival:
        """Raises NotLetInError, or ProviderSilentError while the provider does not answer."""
        if not hmac.compare_digest(attempt.state.encode(), (answer.state or "").encode()):
            raise NotLetInError(Because.NOT_BEGUN_HERE, START_AGAIN)
        said = self.provider.describe()
        if (said.states_issuer or answer.issuer is not None) and answer.issuer != self.provider.issuer:
            raise NotLetInError(Because.WRONG_ISSUER, "The answer did not come from this service's identity provider.")
        if answer.error is not None or not answer.code:
            raise NotLetInError(
                Because.PROVIDER_REFUSED, "You were not signed in: the identity provider did not let you."
            )
        tokens = self._exchange(said.token_endpoint, answer.code, attempt)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise NotLetInError(Because.NOT_A_TOKEN, "The identity provider did not say who you are.")
        bound_to = access_token if isinstance(access_token, str) else None
        claims = self._tokens.id_token(id_token, bound_to, attempt.nonce, now)
        account, subject = self._rules.person(claims), _name(claims.get("sub"))
        if subject is None:
            raise NotLetInError(Because.NO_SUBJECT, "The identity provider calls you by no name that can be kept.")
        return Arrival(account, subject, _name(claims.get("sid")))

    def bearer(self, token: str, now: datetime) -> tuple[Account, datetime]:
        """Whom an access token speaks for, and until when. A machine's names the client itself as its subject.

        Raises NotLetInError, or ProviderSilentError where the provider's keys cannot be had.
        """
        if not self._takes_tokens:
            raise NotLetInError(Because.NOT_A_TOKEN, "This service takes no access tokens of an identity provider.")
        claims = self._tokens.access_token(token, now)
        is_machine = claims["sub"] == claims.get("client_id")
        account = self._rules.machine(claims["sub"]) if is_machine else self._rules.person(claims)
        return account, datetime.fromtimestamp(claims["exp"], now.tzinfo)

    def signed_out_at_provider(self, logout_token: str, now: datetime) -> tuple[str | None, str | None]:
        """Of whom, and of which of the provider's sessions, a logout token speaks. Raises as ``bearer`` does."""
        claims = self._tokens.logout_token(logout_token, now)
        return _name(claims.get("sub")), _name(claims.get("sid"))

    def sign_out_address(self) -> str | None:
        """Where the browser signs out of the provider too; None where the provider has no such place, or is down."""
        try:
            address = self.provider.describe().end_session_endpoint
        except ProviderSilentError:
            return None
        if address is None:
            return None
        query = {"client_id": self._client_id, "post_logout_redirect_uri": self._public_url + SIGNED_OUT_PATH}
        return f"{address}?{urlencode(query)}"

    def grants(self, role: Role) -> bool:
        return self._rules.grants(role)

    def close(self) -> None:
        self.provider.close()

    def _exchange(self, address: str, code: str, attempt: Attempt) -> Mapping[str, Any]:
        try:
            return self._client(self.provider.client()).fetch_token(
                address,
                # RFC 6749, 2.3.1: both are form-encoded before they become user name and password
                auth=(quote_plus(self._client_id), quote_plus(self._secret)),
                grant_type="authorization_code",
                code=code,
                code_verifier=attempt.code_verifier,
            )
        except OAuth2Error:
            raise NotLetInError(
                Because.CODE_NOT_TAKEN, "The identity provider did not take back its own code. Start again."
            ) from None
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderSilentError(f"the identity provider gives no token: {type(error).__name__}") from None

    def _client(self, http: httpx.Client | None) -> OAuth2Client:
        """One an exchange: it keeps the token that it got."""
        return OAuth2Client(
            session=http,
            client_id=self._client_id,
            client_secret=self._secret,
            scope=self._scopes,
            redirect_uri=self._public_url + CALLBACK_PATH,
            code_challenge_method="S256",
        )


def _name(claim: object) -> str | None:
    """The provider's own name of somebody, or of a session, where it can be one (OpenID Connect Core, section 2)."""
    return claim if isinstance(claim, str) and claim.isprintable() and 0 < len(claim) <= LONGEST_NAME else None
