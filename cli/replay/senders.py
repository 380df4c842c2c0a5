"""Where a replayed track goes: to a gateway over HTTP, or straight to the sink of the settings."""

import http.client
import json
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from ingest.decode import DecodeLimits, decode_each
from ingest.source import PingSink
from ops.errors import InputError, UnavailableError

PATIENCE_S = 60.0
PAUSE_S = 2.0
TIMEOUT_S = 30.0
TRY_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(slots=True)
class Sent:
    """What became of the pings so far."""

    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by reason


class Sender(Protocol):
    def send(self, pings: Sequence[bytes], sent: Sent) -> None:
        """Returns once they are durable or rejected. UnavailableError when that could not be had for a minute."""
        ...


@dataclass(frozen=True, slots=True)
class SinkSender:
    sink: PingSink
    limits: DecodeLimits

    def send(self, pings: Sequence[bytes], sent: Sent) -> None:
        decoded = decode_each(pings, time.time_ns() // 1_000_000, self.limits)
        places: list[int] = decoded.fixes.message_offset.tolist()
        self.sink.append([(serial, pings[place]) for place, serial in zip(places, decoded.serials, strict=True)])
        sent.accepted += len(places)
        sent.rejected.update(rejected.reason.value for rejected in decoded.rejections)


class GatewaySender:
    """``url`` is that of the service, without a path; the key is that of a source."""

    def __init__(self, url: str, key: str) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise InputError("--to must be an http or https URL, such as https://cordon.example")
        self._url = f"{url.rstrip('/')}/v1/pings"
        self._cause = ""  # why the last attempt failed, where trying again may help
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def send(self, pings: Sequence[bytes], sent: Sent) -> None:
        body = b"[" + b",".join(pings) + b"]"
        give_up = time.monotonic() + PATIENCE_S
        told = False
        while (answer := self._post(body)) is None:
            if time.monotonic() > give_up:
                raise UnavailableError(f"the gateway has made nothing durable for {PATIENCE_S:.0f} s: {self._cause}")
            if not told:
                print(f"\nthe gateway: {self._cause}; trying for {PATIENCE_S:.0f} s", file=sys.stderr, flush=True)
                told = True
            time.sleep(PAUSE_S)
        sent.accepted += int(answer.get("accepted", 0))
        sent.rejected.update(str(rejected["reason"]) for rejected in answer.get("rejected", []))

    def _post(self, body: bytes) -> dict[str, Any] | None:
        """The answer's object, or None where trying again may help."""
        request = urllib.request.Request(self._url, body, self._headers)  # noqa: S310 - http and https only, see above
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - as above
                return _object(response.read())
        except urllib.error.HTTPError as error:
            if error.code in TRY_AGAIN:
                self._cause = f"{error.code} {error.reason}"
                return None
            answer = _object(error.read())
            if error.code == HTTPStatus.UNPROCESSABLE_ENTITY and "rejected" in answer:
                return answer
            raise InputError(f"the gateway refuses: {error.code} {answer.get('detail', error.reason)}") from None
        except (OSError, http.client.HTTPException) as error:
            self._cause = str(getattr(error, "reason", None) or error or type(error).__name__)
            return None


def _object(text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
