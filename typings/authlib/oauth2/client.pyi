from typing import Any

import httpx

class OAuth2Client:
    def __init__(
        self,
        session: httpx.Client | None,
        client_id: str,
        client_secret: str,
        scope: str,
        redirect_uri: str,
        code_challenge_method: str,
    ) -> None: ...
    def create_authorization_url(
        self, url: str, state: str, code_verifier: str, *, nonce: str
    ) -> tuple[str, str]: ...
    def fetch_token(
        self, url: str, *, auth: tuple[str, str], grant_type: str, code: str, code_verifier: str
    ) -> dict[str, Any]: ...
