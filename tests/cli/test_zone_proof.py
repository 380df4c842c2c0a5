"""`cordon zones proof`: yes or no first, then the proof."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.condition_files import read_one_condition
from ops.settings import Settings
from store.condition_decisions import withdraw
from store.conditions import draft_conditions
from tests.support.command import Cordon
from tests.support.conditions import condition
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer
from tests.support.waiting import wait_until
from tests.support.worker_thread import queue_worker
from tests.support.world import add_zone, enrol
from tests.support.zone_files import feature

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


def test_a_draft_is_no_zone_and_its_reference_is_taken(
    cordon: Cordon, migrated_database: DatabaseUrls, database: Callable[[str], Any], tmp_path: Path
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        seed_wearer(cursor, "X1", "officer.jones")
        draft = read_one_condition(json.dumps(condition("EZ-9")).encode(), Settings(), "X1")
        (number,) = draft_conditions(cursor, [draft], "officer.jones")
    code, out, _ = cordon("zones", "proof", "EZ-9")
    assert (code, len(out.splitlines())) == (0, 1)
    assert "No: zone EZ-9 is not live: drafted by officer.jones on" in out
    with as_owner(migrated_database.owner) as cursor:
        withdraw(cursor, number, '"1.1.draft"', "officer.jones")
    assert "its draft was withdrawn by officer.jones on" in cordon("zones", "proof", "EZ-9")[1]
    zones = tmp_path / "zones.geojson"
    zones.write_text(json.dumps(feature(reference="EZ-9")))
    code, _, error = cordon("zones", "import", str(zones))
    assert database("SELECT count(*) FROM zones") == 0
    assert (code, "EZ-9" in error, "comes with a licence condition" in error) == (1, True, True)


def test_a_zone_that_is_not_there_is_said_so(cordon: Cordon, database: Callable[[str], Any]) -> None:
    assert database("SELECT count(*) FROM zones") == 0
    code, _, error = cordon("zones", "proof", "EZ-9")
    assert code == 1
    assert "there is no zone EZ-9" in error
