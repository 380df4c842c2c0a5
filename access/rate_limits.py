"""How often one caller, one source and one address may ask, in windows of a minute. Counted in this process alone."""

import ipaddress
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from access.tokens import hash_token
from ops.metrics import REQUESTS_LIMITED
from ops.protection_settings import Network, ProtectionSettings
from store.sources import SourceAccess

MOST_KEYS = 20_000
IPV6_OF_ONE_CUSTOMER = 64  # bits: whoever has one address of such a network has all of them
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Excess:
    """A request too many. ``is_first`` of its window: that one is recorded, the others are counted."""

    retry_after_s: int
    is_first: bool


class CountersInMemory(Storage):
    """The library's own keeps as many keys as come, and a thread for them. Here the window that began first goes when
    there are ``most`` of them.
    """

    STORAGE_SCHEME = None

    def __init__(self, most: int, clock: Clock) -> None:
        super().__init__()
        self._most = most
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}  # end and count, in the order of their ends

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        count = self.get(key)
        if count == 0:
            self._make_room()
        end = self._windows[key][0] if count else self._clock() + expiry
        self._windows[key] = (end, count + amount)
        return count + amount

    def get(self, key: str) -> int:
        end, count = self._windows.get(key, (0.0, 0))
        if end > self._clock():
            return count
        self._windows.pop(key, None)
        return 0

    def get_expiry(self, key: str) -> float:
        return self._windows[key][0] if self.get(key) else self._clock()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        count = len(self._windows)
        self._windows.clear()
        return count

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    def _make_room(self) -> None:
        while self._windows:
            oldest = next(iter(self._windows))
            if len(self._windows) < self._most and self._windows[oldest][0] > self._clock():
                return
            del self._windows[oldest]


class RateLimit:
    """So many a minute of each key; safe to share between threads."""

    def __init__(self, kind: str, per_minute: int, most_keys: int = MOST_KEYS, clock: Clock = time.monotonic) -> None:
        self._kind = kind
        self._item = RateLimitItemPerMinute(per_minute)
        self._counters = CountersInMemory(most_keys, clock)
        self._strategy = FixedWindowRateLimiter(self._counters)
        self._clock = clock
        self._lock = threading.Lock()

    def hit(self, key: str) -> Excess | None:
        """Count one of ``key``; None while it is within the limit."""
        with self._lock:
            if self._strategy.hit(self._item, key):
                return None
            is_first = self._counters.get(self._item.key_for(key)) == self._item.amount + 1
            return self._excess(key, is_first=is_first)

    def is_spent(self, key: str) -> bool:
        """Whether another one would be too many; counts nothing."""
        with self._lock:
            return not self._strategy.test(self._item, key)

    def _excess(self, key: str, *, is_first: bool) -> Excess:
        REQUESTS_LIMITED.labels(self._kind).inc()
        left_s = self._counters.get_expiry(self._item.key_for(key)) - self._clock()
        return Excess(max(1, ceil(left_s)), is_first)


class LetIn:
    """Hashes of the secrets that were right when they were last tried: the newest ``MOST_KEYS``."""

    def __init__(self) -> None:
        self._hashes: dict[bytes, None] = {}
        self._lock = threading.Lock()

    def __contains__(self, secret: str) -> bool:
        return hash_token(secret) in self._hashes

    def note(self, secret: str, *, was_right: bool) -> None:
        hashed = hash_token(secret)
        with self._lock:
            self._hashes.pop(hashed, None)
            if was_right:
                self._hashes[hashed] = None
            if len(self._hashes) > MOST_KEYS:
                del self._hashes[next(iter(self._hashes))]


class RequestLimits:
    """Those of an API process."""

    def __init__(
        self,
        *,
        caller: int,
        source: int,
        device_source: int,
        failures: int,
        proxies: Sequence[Network] = (),
    ) -> None:
        self._callers = RateLimit("caller", caller)
        self._sources = RateLimit("source", source)
        self._device_sources = RateLimit("device_source", device_source)
        self._failures = RateLimit("address", failures)
        self._let_in = LetIn()
        self._proxies = tuple(proxies)

    def may_try(self, address: str, secret: str) -> Excess | None:
        """Before a token or key is looked up. Who was let in with it is never held up by others at their address, and
        no secret at all is no try.
        """
        if not secret or secret in self._let_in or not self._failures.is_spent(address):
            return None
        return self._failures.hit(address)

    def tried(self, address: str, secret: str, *, was_right: bool) -> Excess | None:
        """After it was looked up."""
        self._let_in.note(secret, was_right=was_right)
        return None if was_right or not secret else self._failures.hit(address)

    def of_caller(self, subject: str) -> Excess | None:
        return self._callers.hit(subject)

    def of_source(self, source: SourceAccess) -> Excess | None:
        limit = self._device_sources if source.device_serial else self._sources
        return limit.hit(str(source.source_id))

    def address(self, peer: str, forwarded_for: str) -> str:
        """Whose failures count together: the client's, as far as our own proxies say who that is.

        Each proxy appends whom it heard; what stands before the last one that is none of ours is anybody's claim.
        """
        for claimed in (peer, *reversed(forwarded_for.split(","))):
            try:
                heard = ipaddress.ip_address(claimed.strip())
            except ValueError:
                return peer
            if not any(heard in network for network in self._proxies):
                return _customer(heard)
        return peer


def request_limits(settings: ProtectionSettings) -> RequestLimits:
    return RequestLimits(
        caller=settings.caller_requests_per_minute,
        source=settings.source_requests_per_minute,
        device_source=settings.device_source_requests_per_minute,
        failures=settings.failures_per_minute,
        proxies=settings.proxy_networks,
    )


def _customer(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_OF_ONE_CUSTOMER), strict=False))
