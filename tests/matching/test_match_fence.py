"""A crime's run and a batch of positions in flight cannot both miss a match, in whatever order their steps fall."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest

import ingest.matching.crimes
import ingest.worker
from ingest.matching.engine import MatchingEngine
from model.times import SECOND_US, to_microseconds
from tests.support.database import DatabaseUrls
from tests.support.matching import ReportedCrime, counts, import_crimes, matching, nothing_waits, verdicts
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, rows

SERIAL = "TAG"
SCENE, CLOSE = (51.5, -0.1), (51.515, -0.1)
MINUTE_US = 60 * SECOND_US
WAIT_S = 20

BATCH, CRIME = ("decide", "write"), ("import", "read", "record")
"""The steps of each side, in the order that they always have."""


def interleavings() -> list[tuple[str, ...]]:
    """Every order in which the steps of the two sides can fall."""
    found = []
    for places in combinations(range(len(BATCH) + len(CRIME)), len(BATCH)):
        batch, crime = iter(BATCH), iter(CRIME)
        found.append(tuple(next(batch if place in places else crime) for place in range(len(BATCH) + len(CRIME))))
    return found


class Turns:
    """Lets steps happen in one order; a step that comes again, after its turn, is free."""

    def __init__(self) -> None:
        self._order: list[str] = []
        self._changed = threading.Condition()

    def begin(self, order: Sequence[str]) -> None:
        self._order = list(order)

    @contextmanager
    def turn(self, step: str) -> Iterator[None]:
        with self._changed:
            assert self._changed.wait_for(lambda: step not in self._order or self._order[0] == step, WAIT_S), step
        yield
        with self._changed:
            if step in self._order:
                self._order.remove(step)
            self._changed.notify_all()


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """The steps of every worker and matcher of the test wait for theirs."""
    taken = Turns()

    def wait_in(place: Any, name: str, step: str) -> None:
        original = getattr(place, name)

        def step_in_turn(*arguments: Any) -> Any:
            with taken.turn(step):
                return original(*arguments)

        monkeypatch.setattr(place, name, step_in_turn)

    wait_in(ingest.worker, "process_batch", "decide")
    wait_in(ingest.worker, "write_batch", "write")
    wait_in(MatchingEngine, "match_everybody", "read")
    wait_in(ingest.matching.crimes, "write_runs", "record")
    return taken


def pings(start_us: int, *minutes_and_places: tuple[float, tuple[float, float]]) -> list[tuple[str, bytes]]:
    return [
        (SERIAL, ping(SERIAL, start_us + int(minute * MINUTE_US), *place, accuracy_m=8, mechanism="GPS"))
        for minute, place in minutes_and_places
    ]


@pytest.mark.parametrize("minutes_ago", [0, 300], ids=["live", "buffered"])
@pytest.mark.parametrize("order", interleavings(), ids="-".join)
def test_in_whatever_order_the_match_is_found(
    migrated_database: DatabaseUrls, turns: Turns, order: Sequence[str], minutes_ago: int
) -> None:
    now_us = to_microseconds(datetime.now(UTC))
    start_us = now_us - now_us % SECOND_US - minutes_ago * MINUTE_US
    enrol(migrated_database.owner, [SERIAL])
    known = "SELECT count(*) FROM positions"
    with queue_worker(migrated_database), matching(migrated_database):
        append(migrated_database, pings(start_us, (-3, CLOSE), (-2, CLOSE)))
        wait_until(lambda: rows(migrated_database.owner, known) == [(2,)])
        turns.begin(order)
        append(migrated_database, pings(start_us, (-0.5, SCENE), (-0.25, SCENE), (0, SCENE)))
        with turns.turn("import"):
            import_crimes(migrated_database, ReportedCrime("CRIME", SCENE, start_us - 5 * MINUTE_US, start_us))
        wait_until(lambda: verdicts(migrated_database, "CRIME") == {SERIAL: "present"}, WAIT_S, "the match")
        wait_until(lambda: nothing_waits(migrated_database))
    assert counts(migrated_database, "CRIME") == {"present": 1, "possible": 0, "absent": 0, "cannot_say": 0}
