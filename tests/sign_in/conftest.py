"""The service beside a real identity provider. One world a file; who stops the provider starts it again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import fresh_database
from tests.servers.common import free_port
from tests.servers.identity_provider import AUDIENCE, CLIENT, CLIENT_SECRET, Accounts, IdentityProvider
from tests.servers.timescale import DatabaseServer
from tests.sign_in.browser import Browser
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

ACCOUNTS: Accounts = {
    "the.practitioner": {"roles": ["practitioner", "something of the provider's own"]},
    "a.manager": {"roles": "manager"},
    "an.analyst": {"roles": ["police_analyst"], "police_force": "metropolitan"},
    "no.role": {"roles": ["cleaner"]},
    "no.claim": {},
    "two.roles": {"roles": ["practitioner", "manager"]},
    "no.force": {"roles": ["match_reviewer"]},
    "odd.force": {"roles": ["match_reviewer"], "police_force": "Gotham"},
    "machine:prometheus": {"roles": ["manager"]},
    "cordon": {"roles": ["manager"]},
    "with blanks": {"roles": ["manager"]},
}


@dataclass(frozen=True, slots=True)
class World:
    api: RunningApi
    provider: IdentityProvider

    def browser(self) -> Browser:
        return Browser(self.api.url)

    def records(self, action: str) -> list[tuple[str, str, object]]:
        """Outcome, subject and why or how of each record of the action, in order."""
        with as_owner(self.api.urls.owner) as cursor:
            cursor.execute(
                "SELECT outcome, subject, coalesce(detail ->> 'because', detail ->> 'by') FROM audit_log"
                " WHERE action = %s ORDER BY audit_id",
                (action,),
            )
            return cursor.fetchall()

    def run(self, statement: str, *values: object) -> None:
        with as_owner(self.api.urls.owner) as cursor:
            cursor.execute(statement, values)

    def claims(self, **changed: object) -> dict[str, object]:
        """Of an access token that is taken; with None, without that claim."""
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": self.provider.issuer,
            "aud": AUDIENCE,
            "sub": "a.manager",
            "client_id": "a tool of theirs",
            "iat": now,
            "exp": now + 600,
            "roles": ["manager"],
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}


@pytest.fixture(scope="module")
def world(
    embedded_server: DatabaseServer,
    embedded_template: str,
    identity_provider_packages: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    provider = IdentityProvider(identity_provider_packages, tmp_path_factory.mktemp("provider"), ACCOUNTS, address)
    settings = {
        "api_port": port,
        "public_url": address,
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_roles": {role: role for role in ("practitioner", "manager", "police_analyst", "match_reviewer")},
        "oidc_audience": AUDIENCE,
        "oidc_machines": {"prometheus": {"role": "monitoring_officer"}},
    }
    provider.start()
    try:
        with (
            fresh_database(embedded_server, embedded_template) as url,
            running_api(DatabaseUrls.of(url), **settings) as api,
        ):
            yield World(api, provider)
    finally:
        provider.stop()


@pytest.fixture(scope="module")
def api(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[RunningApi]:
    """A service without an identity provider."""
    with fresh_database(embedded_server, embedded_template) as url, running_api(DatabaseUrls.of(url)) as running:
        yield running
