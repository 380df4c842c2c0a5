"""The provider as it describes itself: its addresses and its keys, asked for when needed and kept for a while."""

import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ops.delivery_settings import is_address
from ops.errors import UnavailableError
from ops.logs import get_logger
from ops.sign_in_settings import SignInSettings

DISCOVERY = "/.well-known/openid-configuration"
REFRESH_AFTER_S = 300.0  # so soon is a key that the provider took back no longer believed, while it answers
RETRY_AFTER_S = (
    10.0  # whoever sends tokens of made-up keys, or a provider that is down, does not have us ask all the time
)
WAIT_FOR_ANOTHER_S = 1.0  # while another request asks

_log = get_logger("sign-in")


class ProviderSilentError(UnavailableError):
    """The identity provider does not answer, or not as one should: nobody can sign in."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the provider said, and when (monotonic seconds)."""

    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None
    states_issuer: bool  # in each answer to a sign-in (RFC 9207)
    keys: KeySet
    learnt_at_s: float

    def knows(self, key_id: str | None) -> bool:
        return key_id is None or any(key.kid == key_id for key in self.keys)


class Provider:
    """One a process; threads share it."""

    def __init__(self, settings: SignInSettings) -> None:
        self.issuer = settings.oidc_issuer
        self._timeout_s = settings.oidc_timeout_s
        self._keep_for_s = settings.oidc_keys_for_s
        self._held: Description | None = None
        self._not_before_s = 0.0
        self._asking = threading.Lock()
        self._http: httpx.Client | None = None

    def describe(self, key_id: str | None = None) -> Description:
        """What holds now; with ``key_id``, asked anew where that key is not known.

        Raises ProviderSilentError while the provider does not answer and nothing that it said is fresh enough.
        """
        held = self._held
        if held is not None and self._age_s(held) < REFRESH_AFTER_S and held.knows(key_id):
            return held
        if self._asking.acquire(timeout=WAIT_FOR_ANOTHER_S if held is None else 0):
            try:
                if self._held is held and time.monotonic() >= self._not_before_s:
                    self._ask(key_id)
            finally:
                self._asking.release()
        held = self._held
        if held is None or self._age_s(held) > self._keep_for_s:
            raise ProviderSilentError("the identity provider does not answer")
        return held

    def client(self) -> httpx.Client:
        """Made at first use, since it reads the machine's certificates. Follows no redirect: an address is what the
        provider said it is.
        """
        if self._http is None:
            self._http = httpx.Client(timeout=self._timeout_s, follow_redirects=False)
        return self._http

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def _ask(self, key_id: str | None) -> None:
        """What it said before stands where it does not answer."""
        try:
            self._held = self._read()
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("the identity provider does not answer as it should", cause=f"{type(error).__name__}: {error}")
            self._not_before_s = time.monotonic() + RETRY_AFTER_S
        else:
            wait_s = 0.0 if self._held.knows(key_id) else RETRY_AFTER_S
            self._not_before_s = time.monotonic() + wait_s

    def _read(self) -> Description:
        """Raises ValueError where the provider is another, or names an address that is not safe."""
        said = self._get(self.issuer.rstrip("/") + DISCOVERY)
        if said["issuer"] != self.issuer:
            raise ValueError("it states another issuer than CORDON_OIDC_ISSUER")
        return Description(
            authorization_endpoint=_address(said["authorization_endpoint"]),
            token_endpoint=_address(said["token_endpoint"]),
            end_session_endpoint=_address(said["end_session_endpoint"]) if "end_session_endpoint" in said else None,
            states_issuer=said.get("authorization_response_iss_parameter_supported") is True,
            keys=KeySet.import_key_set(self._get(_address(said["jwks_uri"]))),
            learnt_at_s=time.monotonic(),
        )

    def _get(self, address: str) -> Any:
        return self.client().get(address).raise_for_status().json()

    @staticmethod
    def _age_s(held: Description) -> float:
        return time.monotonic() - held.learnt_at_s


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("it names an address that is not https")
    return text
