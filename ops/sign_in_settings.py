"""Settings of signing in: the OpenID Connect provider, what its claims mean here, and how long a session lasts."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from ops.delivery_settings import DeliverySettings, is_address

SAFE_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Of signatures that only the provider can make: with a shared secret, whoever checks a token could forge one."""


class Machine(BaseModel):
    """What a machine's client id means here; ``force`` for roles of police."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str
    force: str | None = None


class SignInSettings(DeliverySettings):
    """Part of ``ops.settings.Settings``; never read alone."""

    oidc_issuer: str = Field(
        default="",
        description="OpenID Connect provider that people sign in at, as it states its issuer; empty: nobody can",
    )
    oidc_client_id: str = Field(default="", description="this service's client id at the provider")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="this service's client secret there")
    oidc_client_secret_file: str = Field(default="", description="file that holds the secret instead")
    oidc_scopes: str = Field(
        default="openid", description="scopes that a sign-in asks for, with blanks between them; openid is one of them"
    )
    oidc_subject_claim: str = Field(
        default="sub",
        min_length=1,
        description="claim that names the person as staff, caseloads and the audit do; one that nobody can change"
        " themselves and that is never given to somebody else",
    )
    oidc_role_claim: str = Field(
        default="roles", min_length=1, description="claim that holds the person's roles, a text or a list of texts"
    )
    oidc_roles: dict[str, str] = Field(
        default_factory=dict,
        description='what those are here, as JSON: `{"CN=Duty": "duty_officer"}`; others mean nothing. `{}`: the'
        " provider uses the names of our roles",
    )
    oidc_force_claim: str = Field(
        default="police_force",
        min_length=1,
        description="claim that names the police force of a police analyst or match reviewer",
    )
    oidc_audience: str = Field(
        default="",
        description="audience of the provider's access tokens (JWT) for this API; empty: none are taken. Not the client"
        " id: an ID token is no access token",
    )
    oidc_machines: dict[str, Machine] = Field(
        default_factory=dict,
        description="machines that get tokens by client credentials, as JSON:"
        ' `{"client-id": {"role": "monitoring_officer"}}`, with `"force"` for police; any other machine is refused',
    )
    oidc_token_type: str = Field(
        default="at+jwt",
        min_length=1,
        description="`typ` in the header of access tokens (RFC 9068); only a provider that cannot say it needs another",
    )
    oidc_token_max_s: Annotated[int, Field(ge=60, le=86_400)] = Field(
        default=3600, description="an access token made for longer is refused, since none can be taken back"
    )
    oidc_algorithms: str = Field(
        default="RS256,PS256,ES256", description="signatures that are accepted, separated by commas"
    )
    oidc_leeway_s: Annotated[int, Field(ge=0, le=300)] = Field(
        default=60, description="how far the provider's clock may be from ours"
    )
    oidc_keys_for_s: Annotated[int, Field(ge=60, le=86_400)] = Field(
        default=3600, description="the provider's keys are believed for this long after it was last heard"
    )
    oidc_timeout_s: Annotated[float, Field(gt=0, le=30)] = Field(
        default=5, description="time that the provider has for each answer"
    )

    session_idle_s: Annotated[int, Field(ge=60, le=43_200)] = Field(
        default=1800, description="a session that is not used for this long ends"
    )
    session_max_s: Annotated[int, Field(ge=300, le=86_400)] = Field(
        default=43_200, description="a session ends this long after the sign-in, used or not"
    )
    local_sign_in: bool = Field(
        default=False,
        description="let whoever has a token of `cordon demo` sign in with it; refused for any other database",
    )

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        if not self.oidc_issuer:
            if self.oidc_client_id or self.oidc_audience or self.oidc_machines:
                raise ValueError("CORDON_OIDC_CLIENT_ID, _AUDIENCE and _MACHINES need CORDON_OIDC_ISSUER")
            return self
        if not is_address(self.oidc_issuer):
            raise ValueError("CORDON_OIDC_ISSUER: give an address that begins with https:// (http:// on loopback only)")
        if not self.oidc_client_id or not (self.oidc_client_secret.get_secret_value() or self.oidc_client_secret_file):
            raise ValueError("CORDON_OIDC_ISSUER needs CORDON_OIDC_CLIENT_ID and CORDON_OIDC_CLIENT_SECRET")
        if not self.public_url:
            raise ValueError("CORDON_OIDC_ISSUER needs CORDON_PUBLIC_URL: the provider sends people back there")
        if "openid" not in self.oidc_scopes.split():
            raise ValueError("CORDON_OIDC_SCOPES: openid has to be one of them")
        if self.oidc_audience == self.oidc_client_id:
            raise ValueError("CORDON_OIDC_AUDIENCE: give another than the client id, which is that of ID tokens")
        if self.oidc_machines and not self.oidc_audience:
            raise ValueError("CORDON_OIDC_MACHINES needs CORDON_OIDC_AUDIENCE")
        return self

    @model_validator(mode="after")
    def _signatures_are_the_provider_s(self) -> Self:
        if not self.accepted_algorithms or not self.accepted_algorithms <= SAFE_ALGORITHMS:
            raise ValueError(f"CORDON_OIDC_ALGORITHMS: give some of {', '.join(sorted(SAFE_ALGORITHMS))}")
        return self

    @model_validator(mode="after")
    def _sessions_end(self) -> Self:
        if self.session_idle_s > self.session_max_s:
            raise ValueError("CORDON_SESSION_IDLE_S must be at most CORDON_SESSION_MAX_S")
        return self

    @property
    def accepted_algorithms(self) -> frozenset[str]:
        return frozenset(name.strip() for name in self.oidc_algorithms.split(",") if name.strip())
