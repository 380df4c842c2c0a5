"""JWTs of the provider: their signatures, and what has to stand in them. Nothing of an unverified one is believed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import GuestProtocol, KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from access.openid.provider import Provider
from access.refusals import Because, NotLetInError
from ops.sign_in_settings import SignInSettings

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TYPES = frozenset({"logout+jwt", "jwt"})
LONGEST_TOKEN = 16_384  # characters


class TokenRules:
    """What this service takes for a token of the provider. ``now`` is aware, the real time."""

    def __init__(self, settings: SignInSettings, provider: Provider) -> None:
        self._provider = provider
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._audience = settings.oidc_audience
        self._access_type = settings.oidc_token_type.lower()
        self._longest_s = settings.oidc_token_max_s
        self._algorithms = settings.accepted_algorithms
        self._leeway_s = settings.oidc_leeway_s

    def access_token(self, text: str, now: datetime) -> Mapping[str, Any]:
        """The claims of an access token for this API (RFC 9068).

        Raises NotLetInError on any other, ProviderSilentError where the provider's keys cannot be had.
        """
        token = self._verified(text)
        if _type_of(token) != self._access_type:
            raise NotLetInError(Because.NOT_A_TOKEN, "This is no access token: its header states another type.")
        self._check(token.claims, self._audience, now, "exp", "sub")
        if not 0 < token.claims["exp"] - token.claims["iat"] <= self._longest_s:
            raise NotLetInError(
                Because.WRONG_CLAIMS, f"The token was made for longer than {self._longest_s} s: ask for a shorter one."
            )
        return token.claims

    def id_token(self, text: str, access_token: str | None, nonce: str, now: datetime) -> Mapping[str, Any]:
        """The claims of the ID token that came with a sign-in. Raises as ``access_token`` does."""
        token = self._verified(text)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={name: {"essential": True, "value": value} for name, value in self._whose(self._client_id)},
            params={"nonce": nonce, "client_id": self._client_id, "access_token": access_token},
        )
        try:
            claims.validate(int(now.timestamp()), self._leeway_s)
        except JoseError as error:
            raise _wrong_claims(error) from None
        return token.claims

    def logout_token(self, text: str, now: datetime) -> Mapping[str, Any]:
        """The claims of a token that says that somebody signed out (OpenID Connect Back-Channel Logout)."""
        token = self._verified(text)
        self._check(token.claims, self._client_id, now, "jti")
        events = token.claims.get("events")
        is_logout = isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict)
        names_somebody = "sub" in token.claims or "sid" in token.claims
        is_old = token.claims["iat"] < now.timestamp() - self._longest_s
        if _type_of(token) not in LOGOUT_TYPES or not is_logout or not names_somebody or is_old:
            raise NotLetInError(Because.NOT_A_TOKEN, "This is no logout token, or an old one.")
        if "nonce" in token.claims:
            raise NotLetInError(Because.NOT_A_TOKEN, "A logout token has no nonce: this is an ID token.")
        return token.claims

    def _verified(self, text: str) -> jwt.Token:
        if len(text) > LONGEST_TOKEN:
            raise NotLetInError(Because.NOT_A_TOKEN, "The token is longer than any that this service takes.")
        try:
            return jwt.decode(text, self._keys_for, sorted(self._algorithms), JWSRegistry(strict_check_header=False))
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            # the library's words tell what of the token is wrong to whoever tries out tokens
            raise NotLetInError(
                Because.WRONG_SIGNATURE, "The token is not signed by the identity provider in a way that is accepted."
            ) from None

    def _keys_for(self, signature: GuestProtocol) -> KeySet:
        """Asked only once the algorithm is known to be an accepted one."""
        headers = signature.headers()
        if headers.get("alg") not in self._algorithms:
            raise ValueError("not an accepted algorithm")
        key_id = headers.get("kid")
        return self._provider.describe(key_id if isinstance(key_id, str) else None).keys

    def _check(self, claims: dict[str, Any], audience: str, now: datetime, *further: str) -> None:
        options: dict[str, ClaimsOption] = {name: {"essential": True} for name in ("iat", *further)}
        for name, value in self._whose(audience):
            options[name] = {"essential": True, "value": value}
        try:
            JWTClaimsRegistry(int(now.timestamp()), self._leeway_s, **options).validate(claims)
        except JoseError as error:
            raise _wrong_claims(error) from None

    def _whose(self, audience: str) -> tuple[tuple[str, str], ...]:
        return ("iss", self._issuer), ("aud", audience)


def _type_of(token: jwt.Token) -> str:
    return str(token.header.get("typ", "")).lower().removeprefix("application/")


def _wrong_claims(error: JoseError) -> NotLetInError:
    if isinstance(error, ExpiredTokenError):
        return NotLetInError(Because.EXPIRED, "The token has expired: get another.")
    return NotLetInError(
        Because.WRONG_CLAIMS, "The token was not made for this service, or not by its identity provider."
    )
