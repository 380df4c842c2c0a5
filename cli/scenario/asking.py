"""HTTP requests of the scenario's people and tags, to the API and nowhere else."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from ops.errors import UnavailableError

PURPOSE = "scenario weekend"
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: Any  # JSON; None where there is none


class Asking:
    """One member of staff, or the tags' gateway, by their token; a connection for each request."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token}", "X-Purpose": PURPOSE, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Header names are given with underscores; a body of bytes is sent as it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if body is None or isinstance(body, bytes) else json.dumps(body)
        with closing(HTTPConnection(self._address, timeout=TIMEOUT_S)) as connection:
            connection.request(method, path, content, {**self._headers, **named})
            response = connection.getresponse()
            text = response.read()
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            json.loads(text) if text else None,
        )

    def done(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """The same. Raises UnavailableError where it was refused."""
        answer = self.ask(method, path, body, **headers)
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise UnavailableError(f"{method} {path} answered {answer.status}: {answer.body}")
        return answer
