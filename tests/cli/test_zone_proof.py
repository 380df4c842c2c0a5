"""`cordon zones proof`: yes or no first, then the proof."""

from collections.abc import Callable
from typing import Any

from tests.support.command import Cordon
from tests.support.database import DatabaseUrls
from tests.support.waiting import wait_until
from tests.support.worker_thread import queue_worker
from tests.support.world import add_zone, enrol

SQUARE = {"type": "Polygon", "coordinates": [[[-0.1, 51.5], [-0.09, 51.5], [-0.09, 51.51], [-0.1, 51.5]]]}


def test_the_first_word_is_the_answer(
    cordon: Cordon, migrated_database: DatabaseUrls, database: Callable[[str], Any]
) -> None:
    enrol(migrated_database.owner, ["TAG-1"])
    add_zone(migrated_database.owner, "EZ-1", SQUARE, "TAG-1")
    code, out, _ = cordon("zones", "proof", "EZ-1")
    assert (code, out.splitlines()[0]) == (0, "No: zone EZ-1 is not live: no worker says that it is there.")
    with queue_worker(migrated_database):
        wait_until(lambda: cordon("zones", "proof", "EZ-1")[1].startswith("Yes"), what="a live zone")
        lines = cordon("zones", "proof", "EZ-1")[1].splitlines()
    assert lines[0] == "Yes: zone EZ-1 is live, by its version 1."
    assert lines[1].startswith("now: version 1 from 2000-01-01T00:00:00Z, at all times; geometry SHA-256 ")
    assert lines[2] == "in force; no change within a year"
    assert [lines[5].split()[at] for at in (0, 1, 2, 3)] == ["0", "test-worker", "revision", "0"]
    assert lines[-1] == "last position judged by it: none yet"
    assert "TAG-1  never heard: it may be any" in "\n".join(lines)
    assert database("SELECT count(*) FROM audit_log WHERE action = 'zone_proof.read'") > 1


def test_a_zone_that_is_not_there_is_said_so(cordon: Cordon, database: Callable[[str], Any]) -> None:
    assert database("SELECT count(*) FROM zones") == 0
    code, _, error = cordon("zones", "proof", "EZ-9")
    assert code == 1
    assert "there is no zone EZ-9" in error
