"""A court gets a person and a window, each position with the original message that proves it."""

import base64
import csv
import hashlib
import io
import json
import struct
import zipfile
from pathlib import Path

import pytest

from crimes.evidence.signature import is_signed_by
from model.times import from_microseconds
from tests.support.command import in_process
from tests.support.database import DatabaseUrls
from tests.support.evidence import MINUTE_US, SERIAL, START_US, evidence_world
from tests.support.seed import as_owner
from tests.support.world import rows


def test_each_position_of_the_window_comes_with_its_original_message(
    migrated_database: DatabaseUrls,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with evidence_world(migrated_database, tmp_path) as world:
        key_file, public_key = world.key_file, world.public_key
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    monkeypatch.setenv("CORDON_EVIDENCE_KEY_FILE", str(key_file))
    cordon = in_process(monkeypatch, capsys)
    (crn,) = rows(migrated_database.owner, "SELECT crn FROM people")[0]
    begin, end = (from_microseconds(START_US + minute * MINUTE_US).isoformat() for minute in (10, 20))
    code, said, problem = cordon(
        "export", "court", "--crn", crn, "--from", begin, "--to", end, "--reason", "order 2026/4"
    )
    assert code == 0, problem
    assert "is prepared" in said
    assert cordon("export", "write", "1", "--to", str(tmp_path / "x.zip"))[0] == 1, "who asked waits for the release"
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute(
            "UPDATE exports SET state = 'released', decided_by = 'a.manager', decided_at = now(), note = 'read it'"
        )
    assert cordon("export", "write", "1", "--to", str(tmp_path / "court.zip"))[0] == 0
    with zipfile.ZipFile(tmp_path / "court.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert is_signed_by(public_key.read_bytes(), files["manifest.sig"], files["manifest.json"])
    manifest = json.loads(files["manifest.json"])
    assert {one["path"]: one["sha256"] for one in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name not in {"manifest.json", "manifest.sig"}
    }
    positions = list(csv.DictReader(io.StringIO(files["positions.csv"].decode())))
    messages = [json.loads(line) for line in files["original_messages.ndjson"].splitlines()]
    assert len(positions) == len(messages) == 10
    assert {(one["partition"], one["message_offset"]) for one in positions} == {
        (str(one["partition"]), str(one["message_offset"])) for one in messages
    }
    for message in messages:
        (found,) = message["found"]
        assert found["problem"] is None
        key, value = (base64.b64decode(found[name]) for name in ("key", "value"))
        assert key == SERIAL.encode()
        leaf = base64.b64decode(found["salt"]) + struct.pack(">qI", found["received_ms"], len(key)) + key + value
        assert hashlib.sha256(leaf).hexdigest() == found["leaf"], "the bytes are those that the chain covers"
    settings = json.loads(files["settings.json"])
    assert settings["match_radius_m"] == 100
    assert all(isinstance(value, int | float) for value in settings.values())
