"""Limits of requests: what is let through, what is not, and what a flood of addresses costs."""

import sys
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.rate_limits import MOST_KEYS, Excess, RateLimit, RequestLimits, request_limits
from ops.settings import Settings
from store.sources import SourceAccess

ADDRESS = "198.51.100.7"
RIGHT, WRONG = "cordon_right", "cordon_wrong"


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def few(failures: int = 3) -> RequestLimits:
    return RequestLimits(caller=5, source=5, device_source=2, failures=failures)


def test_so_many_a_minute_and_no_more() -> None:
    watch = Watch()
    limit = RateLimit("caller", 3, clock=watch)
    assert [limit.hit("a") for _ in range(3)] == [None] * 3
    watch.now_s += 20.5
    assert limit.hit("a") == Excess(retry_after_s=40, is_first=True)
    assert limit.hit("a") == Excess(retry_after_s=40, is_first=False), "one record a window"
    assert limit.hit("b") is None, "another is not held up"
    watch.now_s += 39.5
    assert limit.hit("a") is None
    assert [limit.hit("a") for _ in range(3)][-1] == Excess(retry_after_s=60, is_first=True), "a record a window"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 50)), max_size=80))
def test_no_window_of_any_key_ever_lets_more_through(moves: list[tuple[str, float]]) -> None:
    watch = Watch()
    limit = RateLimit("caller", 4, clock=watch)
    passed: dict[str, list[float]] = {"a": [], "b": [], "c": []}
    for key, wait_s in moves:
        watch.now_s += wait_s
        if limit.hit(key) is None:
            passed[key].append(watch.now_s)
    for times in passed.values():
        for fifth, first in zip(times[8:], times, strict=False):
            assert fifth - first >= 60 or fifth == first, "no more than two windows' worth in any minute"


def test_a_flood_of_addresses_takes_no_more_memory_than_the_most() -> None:
    watch = Watch()
    limit = RateLimit("address", 3, most_keys=100, clock=watch)
    for number in range(10_000):
        limit.hit(f"address {number}")
    counters = limit._counters._windows
    assert len(counters) == 100
    watch.now_s += 61
    limit.hit("one more")
    assert len(counters) == 1, "what is over is let go of"
    assert sys.getsizeof(dict.fromkeys(range(MOST_KEYS))) < 1_000_000


def test_an_address_that_tries_wrong_secrets_is_not_looked_up_any_more() -> None:
    limits = few()
    for _ in range(3):
        assert limits.may_try(ADDRESS, WRONG) is None
        assert limits.tried(ADDRESS, WRONG, was_right=False) is None
    assert [limits.may_try(ADDRESS, WRONG) for _ in range(2)] == [Excess(60, is_first=True), Excess(60, is_first=False)]
    assert limits.may_try("198.51.100.8", WRONG) is None


def test_whoever_was_let_in_is_not_held_up_by_others_at_their_address() -> None:
    """Behind one proxy or one office router there are many: a flood from there must not keep out pings or officers."""
    limits = few()
    assert limits.tried(ADDRESS, RIGHT, was_right=True) is None
    for _ in range(5):
        limits.tried(ADDRESS, WRONG, was_right=False)
    assert limits.may_try(ADDRESS, WRONG) is not None
    assert limits.may_try(ADDRESS, RIGHT) is None
    limits.tried(ADDRESS, RIGHT, was_right=False)
    assert limits.may_try(ADDRESS, RIGHT) is not None, "revoked since: one like any other"


def test_no_secret_is_no_try() -> None:
    limits = few(failures=1)
    assert [limits.tried(ADDRESS, "", was_right=False) for _ in range(5)] == [None] * 5
    assert limits.may_try(ADDRESS, WRONG) is None


def test_a_source_of_one_device_has_a_limit_of_its_own() -> None:
    limits = few()
    fleet, phone = SourceAccess(1, "fleet", None), SourceAccess(2, "phone", "TAG-1")
    assert [limits.of_source(fleet) is None for _ in range(6)] == [True] * 5 + [False]
    assert [limits.of_source(phone) is None for _ in range(3)] == [True] * 2 + [False]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # no proxy of ours: its header is a claim
        ("10.0.0.5", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "1.2.3.4, 198.51.100.1, 10.0.0.6", "198.51.100.1"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "rubbish", "10.0.0.5"),
        ("10.0.0.5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("", "", ""),
    ],
)
def test_only_our_own_proxies_say_who_it_was(peer: str, forwarded_for: str, address: str) -> None:
    limits = RequestLimits(caller=1, source=1, device_source=1, failures=1, proxies=[ip_network("10.0.0.0/24")])
    assert limits.address(peer, forwarded_for) == address


def test_twenty_thousand_tags_through_one_source_are_within_the_default() -> None:
    limits = request_limits(Settings())
    fleet = SourceAccess(1, "fleet", None)
    assert {limits.of_source(fleet) for _ in range(2 * 20_000)} == {None}, "two requests a minute of each tag"
