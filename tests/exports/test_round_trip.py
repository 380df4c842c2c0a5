"""A change of supplier: what comes out of the new service is what the old one held, and nothing less is taken in."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from store.database import fetch_one
from tests.conftest import fresh_database
from tests.servers.timescale import DatabaseServer
from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.handover import Old, old_service
from tests.support.sealing import seal_all
from tests.support.seed import as_owner
from tests.support.victims import ADDRESS

VOLATILE = {"manifest.json", "manifest.sig", "cordon.audit_log.csv"}
"""The manifest says when; the audit has one record more for each export and import. Sealed files differ each time."""


@dataclass(frozen=True, slots=True)
class Handover:
    """The commands, on the old service or, once there is one, the new one."""

    old: Old
    cordon: Cordon

    @property
    def folder(self) -> Path:
        return self.old.folder

    def take(self, folder: Path) -> tuple[int, str]:
        options = ("--protected-key", str(self.old.private_key), "--public-key", str(self.old.their_key))
        code, _, problem = self.cordon("import", "supplier", str(folder), *options)
        return code, problem

    def export(self, to: Path) -> None:
        options = ("--protected-key", str(self.old.public_key))
        code, _, problem = self.cordon("export", "supplier", "--to", str(to), *options)
        assert code == 0, problem


@pytest.fixture(scope="module")
def old(
    embedded_server: DatabaseServer, embedded_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Old]:
    with fresh_database(embedded_server, embedded_template) as url:
        yield old_service(DatabaseUrls.of(url), tmp_path_factory.mktemp("handover"))


@pytest.fixture
def handover(old: Old, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Handover:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", old.url)
    monkeypatch.setenv("CORDON_EVIDENCE_KEY_FILE", str(old.signing_key))
    return Handover(old, in_process(monkeypatch, capsys))


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


@pytest.fixture
def new_service(
    handover: Handover, embedded_server: DatabaseServer, embedded_template: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The owner's address of an empty service; commands find it from now on."""
    del handover
    with fresh_database(embedded_server, embedded_template) as url:
        monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", url)
        yield url


def test_out_and_in_and_out_again_is_the_same(handover: Handover, new_service: str, tmp_path: Path) -> None:
    assert handover.take(handover.folder) == (0, "")
    handover.export(tmp_path / "again")
    for file in sorted(handover.folder.iterdir()):
        if file.name not in VOLATILE and not file.name.endswith(".sealed"):
            assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes(), file.name
    before, after = (manifest_of(folder)["content"] for folder in (handover.folder, tmp_path / "again"))
    assert [one for one in before["tables"] if one["table"] != "cordon.audit_log"] == [
        one for one in after["tables"] if one["table"] != "cordon.audit_log"
    ]
    own = "cordon.audit_log_audit_id_seq"
    assert before["sequences"] | {own: 0} == after["sequences"] | {own: 0}
    assert before["quarantined"]["cordon.activation_records"] == 1, "who was under 18 is said to be in it"
    records = [audit_of(folder) for folder in (handover.folder, tmp_path / "again")]
    assert records[1][: len(records[0])] == records[0]
    assert [record[4] for record in records[1][len(records[0]) :]] == ["supplier.import", "export.read"]
    protected = "SELECT string_agg(t::text, '|' ORDER BY t) FROM cordon_protected.addresses t"
    assert told(handover.old.url, protected) == told(new_service, protected)
    assert ADDRESS in told(new_service, protected)


def test_the_new_service_goes_on_where_the_old_one_ended(handover: Handover, new_service: str) -> None:
    assert handover.take(handover.folder) == (0, "")
    highest = told(handover.old.url, "SELECT max(person_id) FROM people")
    added = "INSERT INTO people (crn, name, date_of_birth) VALUES ('X9', 'X', '1990-01-01') RETURNING person_id"
    assert told(new_service, added) == highest + 1
    # what guards the tables is on again, as it was
    guards = "SELECT string_agg(tgrelid::regclass || tgname || tgenabled::text, ',' ORDER BY tgname, tgrelid)"
    guards += " FROM pg_trigger WHERE NOT tgisinternal"
    assert told(new_service, guards) == told(handover.old.url, guards)
    with as_owner(new_service) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("UPDATE evidence_bundles SET issued_to = 'somebody else'")
    assert handover.cordon("raw", "verify")[0] == 0, "the archive of original bytes is whole"
    # an archive about a person stayed behind: nothing is given out in its place
    manager = (
        "SELECT set_config('cordon.role', 'manager', true) || coalesce(open_export(export_id)::text, '-') FROM exports"
    )
    assert told(new_service, manager) == "manager-"


def test_the_audit_is_whole_in_the_new_service(handover: Handover, new_service: str) -> None:
    """What the old service had sealed, what it had not, and the import itself."""
    assert handover.take(handover.folder) == (0, "")
    sealed = "SELECT count(*) FROM audit_seals"
    assert told(new_service, sealed) == told(handover.old.url, sealed) > 0
    assert_whole(handover, new_service)


def assert_whole(handover: Handover, url: str) -> None:
    seal_all(DatabaseUrls.of(url))
    unsealed = "SELECT count(*) - (SELECT sum(cardinality(audit_ids)) FROM audit_seals) FROM audit_log"
    assert told(url, unsealed) == 0
    assert handover.cordon("audit", "verify")[0] == 0


TAMPERED: dict[str, Callable[[Path], object]] = {
    "a changed value": lambda folder: edit(folder / "cordon.people.csv", b"Sam Own", b"Sam Odd"),
    "a row less": lambda folder: cut(folder / "cordon.positions.csv"),
    "a file less": lambda folder: (folder / "cordon.alerts.csv").unlink(),
    "a file more": lambda folder: (folder / "more.csv").write_text("x"),
    "a sealed file cut off": lambda folder: cut(folder / "cordon_protected.addresses.csv.sealed"),
    "another manifest": lambda folder: edit(folder / "manifest.json", b'"rows":', b'"rows": '),
    "no signature": lambda folder: (folder / "manifest.sig").unlink(),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "a link in place of a file": lambda folder: link(folder / "schema.json"),
}


def test_whatever_was_changed_is_refused_before_anything_is_written(
    handover: Handover, new_service: str, tmp_path: Path
) -> None:
    for number, (what, tamper) in enumerate(TAMPERED.items()):
        folder = tmp_path / f"tampered{number}"
        shutil.copytree(handover.folder, folder)
        tamper(folder)
        code, problem = handover.take(folder)
        assert code == 1, what
        assert re.search("not as it was written|manifest", problem), (what, problem)
    assert told(new_service, "SELECT count(*) FROM people") == 0
    assert told(new_service, "SELECT count(*) FROM audit_log") == 0


def test_counts_that_do_not_agree_keep_nothing(handover: Handover, new_service: str, tmp_path: Path) -> None:
    """Whoever holds no key but makes the hashes fit again is found out by the database's own count."""
    folder = tmp_path / "unsigned"
    shutil.copytree(handover.folder, folder)
    (folder / "manifest.sig").unlink()
    document = manifest_of(handover.folder)
    document["key_fingerprint"] = None
    people = next(one for one in document["content"]["tables"] if one["table"] == "cordon.people")
    people["rows"] += 1
    (folder / "manifest.json").write_text(json.dumps(document))
    code, _, problem = handover.cordon(
        "import", "supplier", str(folder), "--protected-key", str(handover.old.private_key)
    )
    assert code == 1
    assert "cordon.people" in problem
    assert "nothing was kept" in problem
    assert told(new_service, "SELECT count(*) FROM people") == 0


def test_a_service_that_is_not_empty_and_a_wrong_key_are_refused(
    handover: Handover, new_service: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    assert handover.cordon("export", "key", str(other))[0] == 0
    code, _, problem = handover.cordon("import", "supplier", str(handover.folder), "--protected-key", str(other))
    assert (code, "sealed to another key" in problem) == (1, True), problem
    code, _, problem = handover.cordon("import", "supplier", str(handover.folder))
    assert (code, "give --protected-key" in problem) == (1, True), problem
    told(new_service, "INSERT INTO teams (name) VALUES ('x') RETURNING 1")
    code, problem = handover.take(handover.folder)
    assert code == 1
    assert "not empty" in problem
    assert "cordon.teams" in problem


def test_an_address_of_a_victim_leaves_sealed_or_not_at_all(handover: Handover, tmp_path: Path) -> None:
    code, _, problem = handover.cordon("export", "supplier", "--to", str(tmp_path / "no"))
    assert (code, "victims' addresses" in problem) == (1, True)
    assert not (tmp_path / "no").exists()
    without = tmp_path / "without"
    assert handover.cordon("export", "supplier", "--to", str(without), "--without-protected")[0] == 0
    for folder in (handover.folder, without):
        for file in folder.iterdir():
            assert b"Quillfeather" not in file.read_bytes(), file
    left = {one["table"]: one["rows"] for one in manifest_of(without)["content"]["left_out"]}
    assert left["cordon_protected.addresses"] == left["cordon.victim_zones"] == 1


def told(url: str, statement: str) -> Any:
    with as_owner(url) as cursor:
        cursor.execute(statement)
        return fetch_one(cursor)[0]


def edit(file: Path, old: bytes, new: bytes) -> None:
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def link(file: Path) -> None:
    elsewhere = file.parent.parent / f"{file.parent.name}.elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def audit_of(folder: Path) -> list[list[str]]:
    with (folder / "cordon.audit_log.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_service_on_timescaledb_takes_in_what_another_database_gave(
    handover: Handover,
    timescale_server: DatabaseServer,
    timescale_template: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with fresh_database(timescale_server, timescale_template) as url:
        monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", url)
        assert handover.take(handover.folder) == (0, "")
        handover.export(tmp_path / "again")
        assert_whole(handover, url)
    for name in ("positions", "visits", "alerts", "raw_batches", "evidence_bundles"):
        file = f"cordon.{name}.csv"
        assert (handover.folder / file).read_bytes() == (tmp_path / "again" / file).read_bytes(), file
