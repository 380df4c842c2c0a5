"""Evidence from the tag to the court: matched, reviewed, issued, verified, reproduced, and told of changes."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crimes.evidence.bundle import make_bundle
from crimes.evidence.signature import load_signing_key
from crimes.evidence.templates import load_templates
from crimes.evidence.verify import verify_bundle
from store.evidence import list_notices, mark_told, notices_of, record_receipt, take_bundle
from tests.crimes.evidence.examples import dossier
from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.evidence import ANALYST, FAR, MINUTE_US, SCENE, START_US, EvidenceWorld, evidence_world
from tests.support.matching import ReportedCrime, import_crimes
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.world import rows


@pytest.fixture
def world(migrated_database: DatabaseUrls, tmp_path: Path) -> Iterator[EvidenceWorld]:
    with evidence_world(migrated_database, tmp_path) as world:
        yield world


@pytest.fixture
def cordon(world: EvidenceWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cordon:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", world.urls.owner)
    return in_process(monkeypatch, capsys)


def bundle_of(world: EvidenceWorld, evidence_id: int) -> bytes:
    with world.as_police() as cursor:
        content = take_bundle(cursor, evidence_id)
    assert content is not None
    return content


def test_a_reviewed_match_becomes_a_bundle_that_verifies(world: EvidenceWorld) -> None:
    content = bundle_of(world, world.issue())
    found = verify_bundle(content, world.public_key.read_bytes())
    assert found.faults == ()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        dossier = json.loads(archive.read("dossier.json"))
        names = set(archive.namelist())
    assert names >= {"report.pdf", "report.docx", "map.png", "positions.csv", "positions.gpx", "positions.kml"}
    assert dossier["finding"]["verdict"] == "present"
    assert [one["label"] for one in dossier["finding"]["positions"]] == ["A1", "A2", "A3", "A4", "A5", "A6"]
    assert dossier["wearer"]["crn"] == "NEAR"
    assert [one["problem"] for one in dossier["originals"]] == [None] * 6, "proved by the original bytes"
    assert dossier["crime"]["given"][0] == ["batch_id", "MPS20261120"]
    assert dossier["review"]["reviewed_by"] == "a.reviewer"


def test_a_bundle_holds_what_it_is_made_of(world: EvidenceWorld, cordon: Cordon) -> None:
    world.issue()
    holds = rows(world.urls.owner, "SELECT from_time < to_time, released_at FROM legal_holds")
    assert holds == [(True, None)]
    status, _, complaint = cordon("raw", "erase", "--crn", "NEAR", "--yes")
    assert status == 1
    assert "nothing of NEAR may be erased: hold 1 (evidence bundle 1 was issued)" in complaint
    assert "evidence bundle 1 was issued" in cordon("evidence", "holds")[1]
    assert cordon("evidence", "release", "1")[0] == 0
    assert cordon("evidence", "release", "1")[0] == 1, "it is released already"
    assert cordon("raw", "erase", "--crn", "NEAR", "--yes")[0] == 0
    assert rows(world.urls.owner, "SELECT count(*) FROM audit_log WHERE action = 'legal_hold.release'") == [(1,)]


def test_the_commands_export_verify_and_reproduce_it(world: EvidenceWorld, cordon: Cordon, tmp_path: Path) -> None:
    number = str(world.issue())
    file = tmp_path / "EV.zip"
    assert cordon("evidence", "export", number, "--to", str(file))[0] == 0
    assert cordon("evidence", "export", number, "--to", str(file))[0] == 1, "nothing is overwritten"
    status, told, _ = cordon("evidence", "verify", str(file), "--public-key", str(world.public_key))
    assert (status, "verified: 14 files" in told) == (0, True)
    status, told, _ = cordon("evidence", "verify", str(file))
    assert (status, "WHO signed them was not checked" in told) == (0, True)
    status, told, _ = cordon("evidence", "reproduce", str(file))
    assert status == 0, told
    assert "files       the same, byte for byte" in told
    assert "nothing that has arrived changes it" in told
    assert "issued" in cordon("evidence", "list")[1]
    audited = rows(world.urls.owner, "SELECT action FROM audit_log WHERE action LIKE 'evidence.%' ORDER BY audit_id")
    assert audited == [("evidence.request",), ("evidence.export",), ("evidence.reproduce",), ("evidence.read",)]


def test_a_changed_bundle_is_neither_verified_nor_reproduced(
    world: EvidenceWorld, cordon: Cordon, tmp_path: Path
) -> None:
    changed = bytearray(bundle_of(world, world.issue()))
    changed[len(changed) // 2] ^= 1
    file = tmp_path / "EV.zip"
    file.write_bytes(changed)
    for command in ("verify", "reproduce"):
        status, told, _ = cordon("evidence", command, str(file))
        assert status == 1
        assert "NOT VERIFIED: do not rely on this bundle" in told


def test_late_positions_tell_whoever_has_the_bundle(world: EvidenceWorld, cordon: Cordon, tmp_path: Path) -> None:
    number = world.issue()
    file = tmp_path / "EV.zip"
    file.write_bytes(bundle_of(world, number))
    world.send([(minute, SCENE) for minute in (64.5, 65.5, 66.5)])

    def noticed() -> bool:
        with world.as_police() as cursor:
            return bool(notices_of(cursor, number))

    wait_until(noticed, what="the notice")
    with world.as_police() as cursor:
        (notice,) = list_notices(cursor, ANALYST.subject, None, 10)
        mark_told(cursor, [notice])
    assert (notice.evidence_id, notice.cause, notice.told_at) == (number, "result_changed", None)
    assert notice.changes[0] == "6 positions counted and 9 count now"
    with world.as_police() as cursor:
        assert list_notices(cursor, ANALYST.subject, None, 10)[0].told_at is not None
    status, told, _ = cordon("evidence", "reproduce", str(file))
    assert status == 0, "the bundle's own inputs still give it"
    assert "files       the same, byte for byte" in told
    assert "since then  6 positions counted and 9 count now" in told
    assert world.state(number) == ("issued", None), "what was issued stays"


def test_what_was_issued_is_not_issued_anew_for_a_match_that_changed(world: EvidenceWorld) -> None:
    world.qualify()
    world.send([(minute, FAR) for minute in (65.0, 66.0)])
    current = "SELECT count(*) FROM matching_results WHERE superseded_by IS NOT NULL"
    wait_until(lambda: rows(world.urls.owner, current) == [(1,)], what="the later result")
    with pytest.raises(Exception, match="later data changed this match"):
        world.ask()


def causes(world: EvidenceWorld, evidence_id: int) -> list[str]:
    with world.as_police() as cursor:
        return [one.cause for one in notices_of(cursor, evidence_id)]


def test_a_review_taken_back_and_a_crime_stated_anew_are_told_too(world: EvidenceWorld) -> None:
    number = world.issue()
    world.qualify("rejected", reviewer="a.second.reviewer")
    wait_until(lambda: causes(world, number) == ["qualification_changed"], what="the notice of the review")
    import_crimes(world.urls, ReportedCrime("CRIME", SCENE, START_US + 60 * MINUTE_US, START_US + 65 * MINUTE_US))
    wait_until(lambda: "crime_changed" in causes(world, number), what="the notice of the new version")


def test_whoever_takes_a_bundle_away_later_is_told_of_what_came_before(world: EvidenceWorld) -> None:
    number = world.issue()
    world.qualify("rejected")
    wait_until(lambda: causes(world, number) == ["qualification_changed"], what="the requester's notice")
    with as_owner(world.urls.owner) as cursor:
        record_receipt(cursor, number, "a.colleague")
    wait_until(lambda: len(causes(world, number)) == 2, what="the colleague's notice")
    with world.as_police() as cursor:
        assert [one.recipient for one in notices_of(cursor, number)] == [ANALYST.subject, "a.colleague"]


def test_what_is_no_longer_stored_cannot_be_reproduced_and_that_is_said(
    world: EvidenceWorld, cordon: Cordon, tmp_path: Path
) -> None:
    file = tmp_path / "EV.zip"
    file.write_bytes(bundle_of(world, world.issue()))
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("DELETE FROM positions WHERE fix_time = '2026-03-02T10:00:00Z'")
    status, told, _ = cordon("evidence", "reproduce", str(file))
    assert status == 1
    assert "NOT REPRODUCED: 1 of" in told
    assert "since then  6 positions counted and 5 count now" in told


def test_a_bundle_of_another_service_is_not_reproduced(world: EvidenceWorld, cordon: Cordon, tmp_path: Path) -> None:
    file = tmp_path / "EV.zip"
    file.write_bytes(make_bundle(dossier(), load_templates(), load_signing_key(world.key_file.read_bytes())).content)
    status, _, complaint = cordon("evidence", "reproduce", str(file))
    assert status == 1
    assert "was not issued by this service" in complaint
