"""Posting to one receiver: no redirect is followed, the answer is not kept, and nothing waits for ever."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlunsplit

from alerts.channels.addresses import Reach, check_url, find_addresses
from ops.errors import CordonError

MOST_OF_AN_ANSWER = 65536
MOST_ADDRESSES = 3
STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ConnectionAbortedError)


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` is None where none came; ``error`` then says why, without anything that the receiver said."""

    status: int | None
    error: str | None
    retry_after_s: float | None = None


class Poster:
    """One receiver's connection, kept between posts. Not for two threads at once."""

    def __init__(self, reach: Reach, timeout_s: float) -> None:
        """``timeout_s`` limits connecting, and the whole of the exchange after it."""
        self._reach = reach
        self._timeout_s = timeout_s
        self._connection: _PinnedConnection | None = None
        self._url = ""

    def post(self, url: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Answer:
        """``now`` is what a date in Retry-After is counted from."""
        if url != self._url:
            self.close()
            self._url = url
        reused = self._connection is not None
        try:
            try:
                return self._exchange(url, body, headers, now)
            except STALE:
                if not reused:
                    raise
                self.close()  # the receiver let go of the kept connection: that is no failure
                return self._exchange(url, body, headers, now)
        except CordonError as error:
            return Answer(None, str(error))
        except TimeoutError:
            return Answer(None, f"no answer within {self._timeout_s:g} s")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(None, _in_words(error))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, url: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Answer:
        parts = check_url(url, self._reach)
        connection = self._connection or self._connect(parts)
        self._connection = None  # until all went well
        watchdog = threading.Timer(self._timeout_s, connection.break_off)
        watchdog.daemon = True
        watchdog.start()
        try:
            connection.secure()
            target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
            connection.request("POST", target, body, dict(headers))
            with closing(connection.getresponse()) as response:
                if response.headers.defects:
                    raise http.client.IncompleteRead(b"")  # cut off within its headers: that says nothing
                response.read(MOST_OF_AN_ANSWER)
                is_whole = response.isclosed()
            if is_whole and connection.sock is not None:
                self._connection = connection
            return Answer(response.status, None, _retry_after_s(response.getheader("Retry-After"), now))
        except (OSError, http.client.HTTPException, ValueError):
            if connection.is_broken_off:
                raise TimeoutError from None
            raise
        finally:
            watchdog.cancel()
            if self._connection is None:
                connection.close()

    def _connect(self, parts: SplitResult) -> "_PinnedConnection":
        """To an address that was looked up and checked a moment ago: a name looked up twice may change in between."""
        addresses = find_addresses(parts, self._reach)[:MOST_ADDRESSES]
        context = ssl.create_default_context() if parts.scheme == "https" else None
        for place, (address, port) in enumerate(addresses, start=1):
            connection = _PinnedConnection(parts.netloc, parts.hostname or "", address, port, self._timeout_s, context)
            try:
                connection.connect()
            except OSError:
                connection.close()
                if place == len(addresses):
                    raise
            else:
                return connection
        raise OSError("the host has no address")


class _PinnedConnection(http.client.HTTPConnection):
    """To one address, under the host's name: its certificate is checked against the name."""

    def __init__(
        self, netloc: str, host: str, address: str, port: int, timeout_s: float, context: ssl.SSLContext | None
    ) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._netloc = netloc
        self._address = address
        self._context = context
        self._timeout_s = timeout_s
        self._stream: socket.socket | None = None  # http.client lets go of its own before the answer is read
        self.is_broken_off = False

    def connect(self) -> None:
        self.sock = self._stream = socket.create_connection((self._address, self.port), self._timeout_s)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def secure(self) -> None:
        """The handshake of TLS, where it is wanted and has not been."""
        if self._context is None or self._stream is None or isinstance(self._stream, ssl.SSLSocket):
            return
        secured = self._context.wrap_socket(self._stream, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = self._stream = secured
        secured.do_handshake()

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        """With the host as the URL names it, and never by a proxy."""
        del skip_host, skip_accept_encoding
        super().putrequest(method, url, skip_host=True, skip_accept_encoding=True)
        self.putheader("Host", self._netloc)

    def break_off(self) -> None:
        """From another thread: wakes up whoever waits for the receiver."""
        self.is_broken_off = True
        if self._stream is not None:
            with suppress(OSError, ValueError):
                socket.socket.shutdown(self._stream, socket.SHUT_RDWR)  # not TLS's own, which speaks to the receiver


def _retry_after_s(text: str | None, now: datetime) -> float | None:
    """RFC 9110, section 10.2.3: seconds, or a date. None where it says neither."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    with suppress(ValueError, TypeError):
        at = parsedate_to_datetime(text)
        return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)
    return None


def _in_words(error: Exception) -> str:
    """The kind of the failure; never what the receiver sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate does not hold: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ssl.SSLError):
        return f"no connection: {error.strerror}"
    return f"no whole answer: {type(error).__name__}"
