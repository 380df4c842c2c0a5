"""`cordon audit` as its user runs it."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from access.sealer import Sealer
from store.database import connect
from tests.support.command import Cordon
from tests.support.database import DatabaseUrls


def test_verify_search_and_export(
    cordon: Cordon, database: Callable[[str], Any], migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    assert cordon("people", "add", "--crn", "X1", "--name", "Sam", "--date-of-birth", "1990-01-01")[0] == 0
    assert cordon("people", "list")[0] == 0
    heads, found = tmp_path / "heads", tmp_path / "found.csv"
    sealer = Sealer(lambda: connect(migrated_database.sealer, "test"), 1.0, heads, None)
    sealer.round()
    code, out, _ = cordon("audit", "verify", "--heads", str(heads))
    assert (code, out.splitlines()[-1]) == (0, "verified")
    code, out, _ = cordon("audit", "search", "--crn", "X1")
    assert code == 0
    assert "people.list" in out
    assert "person.add" in out
    assert cordon("audit", "export", "--crn", "X1", "--file", str(found))[0] == 0
    actions = [row["action"] for row in csv.DictReader(found.read_text(encoding="utf-8").splitlines())]
    assert actions == ["audit.search", "people.list", "person.add"]
    assert cordon("audit", "export", "--file", str(found))[0] == 1, "no file is written over"
    asked = "SELECT array_agg(action ORDER BY audit_id) FROM audit_log WHERE action LIKE 'audit.%'"
    assert database(asked) == ["audit.verify", "audit.search", "audit.export"]
    sealer._let_go()


def test_verify_exits_1_and_names_the_record(
    cordon: Cordon, database: Callable[[str], Any], migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    assert cordon("people", "list")[0] == 0
    sealer = Sealer(lambda: connect(migrated_database.sealer, "test"), 1.0, tmp_path / "heads", None)
    sealer.round()
    sealer._let_go()
    database("SELECT set_config('session_replication_role', 'replica', false)")
    database("UPDATE audit_log SET subject = 'nobody' RETURNING audit_id")
    code, out, _ = cordon("audit", "verify")
    assert code == 1
    assert "PROBLEM: row 1 is not what was sealed in seal 1" in out
    assert "NOT VERIFIED: 1 problem(s)" in out
