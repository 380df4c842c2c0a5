"""`cordon zones` and `cordon token`: what they say, keep and refuse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from access.tokens import TOKEN_PATTERN, authenticate
from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner
from tests.support.zone_files import BOW_TIE, collection, feature


@pytest.fixture
def cordon(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cordon:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    return in_process(monkeypatch, capsys)


def zone_file(folder: Path, *features: dict[str, Any]) -> str:
    path = folder / "zones.geojson"
    path.write_bytes(collection(*features))
    return str(path)


def test_import_list_show_end(cordon: Cordon, tmp_path: Path) -> None:
    path = zone_file(tmp_path, feature("EZ-1", valid_from="2026-01-01T00:00:00Z"), feature("EZ-2"))
    assert cordon("zones", "import", path) == (0, "created: 2\nchanged: 0\nunchanged: 0\n", "")
    assert cordon("zones", "import", path)[1] == "created: 0\nchanged: 0\nunchanged: 2\n"
    listed = cordon("zones", "list")[1]
    assert re.search(r"EZ-1 +shared +exclusion +1 +2026-01-01T00:00:00Z", listed)
    shown = cordon("zones", "show", "EZ-1")[1].splitlines()
    assert shown[0] == "EZ-1: Market Square, for everyone"
    assert json.loads(shown[-1])["type"] == "Polygon"
    at = "2026-06-01T00:00:00Z"
    assert cordon("zones", "end", "EZ-1", "--at", at) == (0, f"EZ-1 ends at {at}\n", "")
    assert cordon("zones", "end", "EZ-1", "--at", at) == (0, f"EZ-1 ended already at {at}\n", "")
    code, _, error = cordon("zones", "end", "EZ-1", "--at", "2026-07-01T00:00:00Z")
    assert (code, "already" in error) == (1, True)


def test_an_ended_zone_stays_ended_unless_it_is_opened_again(cordon: Cordon, tmp_path: Path) -> None:
    start, end = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    cordon("zones", "import", zone_file(tmp_path, feature("EZ-1", valid_from=start)))
    cordon("zones", "end", "EZ-1", "--at", end)
    again = cordon("zones", "import", zone_file(tmp_path, feature("EZ-1", valid_from=start)))
    assert "unchanged: 1" in again[1]
    code, _, error = cordon("zones", "import", zone_file(tmp_path, feature("EZ-1", name="Other")))
    assert (code, "has ended" in error) == (1, True)
    opened = cordon("zones", "import", zone_file(tmp_path, feature("EZ-1", valid_from="2026-03-01T00:00:00Z")))
    assert "changed: 1" in opened[1]
    assert re.search(rf"1 .*{start} +{end}", cordon("zones", "show", "EZ-1")[1])


def test_every_problem_of_a_file_is_shown_in_a_table(cordon: Cordon, tmp_path: Path) -> None:
    path = zone_file(tmp_path, feature("TIE", BOW_TIE), feature("WORD", kind="moat"), feature("GOOD"))
    code, table, error = cordon("zones", "import", path)
    assert code == 1
    assert "nothing was imported" in error
    assert re.search(r"FEATURE +REFERENCE +WHERE +FOUND +REMEDY", table)
    assert re.search(r"1 +TIE +outer ring", table)
    assert re.search(r"2 +WORD +properties.kind", table)
    assert "GOOD" not in cordon("zones", "list")[1]


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000])
def test_no_json_is_refused(cordon: Cordon, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    code, _, error = cordon("zones", "import", str(tmp_path / "bad"))
    assert (code, "JSON" in error) == (1, True)
    assert cordon("zones", "import", str(tmp_path / "missing"))[0] == 1


def test_a_token_is_shown_once_works_and_is_revoked(cordon: Cordon, migrated_database: DatabaseUrls) -> None:
    code, out, _ = cordon("token", "create", "--role", "practitioner", "--for", "officer.jones", "--hours", "8")
    token = out.strip()
    assert code == 0
    assert TOKEN_PATTERN.fullmatch(token)
    with as_owner(migrated_database.owner) as cursor:
        bearer = authenticate(cursor, token)
        assert bearer is not None
        assert (bearer.subject, bearer.role) == ("officer.jones", "practitioner")
        assert authenticate(cursor, token[:-1] + ("A" if token[-1] != "A" else "B")) is None
        cursor.execute("SELECT count(*) FROM access_tokens WHERE access_tokens::text LIKE %s", (f"%{token[7:]}%",))
        assert cursor.fetchone() == (0,)
    listed = cordon("token", "list")[1]
    assert token not in listed
    assert re.search(r"1 +officer.jones +practitioner .* live", listed)
    assert cordon("token", "revoke", "1")[0] == 0
    assert "revoked" in cordon("token", "list")[1]
    with as_owner(migrated_database.owner) as cursor:
        assert authenticate(cursor, token) is None
        cursor.execute("SELECT action FROM audit_log ORDER BY audit_id")
        assert [row[0] for row in cursor.fetchall()] == ["token.create", "token.revoke"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--role", "emperor", "--for", "x"),
        ("--role", "manager", "--for", " "),
        ("--role", "manager", "--for", "x" * 201),
        ("--role", "manager", "--for", "a\x00b"),
        ("--role", "manager", "--for", "m\N{CYRILLIC SMALL LETTER A}nager.two"),
        ("--role", "manager", "--for", "manager two"),
        ("--role", "manager", "--for", "x", "--hours", "0"),
        ("--role", "manager", "--for", "x", "--hours", "2161"),
        ("--role", "police_analyst", "--for", "x"),
        ("--role", "match_reviewer", "--for", "x", "--force", "Gotham"),
        ("--role", "manager", "--for", "x", "--force", "Metropolitan"),
    ],
)
def test_a_wrong_token_is_not_made(cordon: Cordon, arguments: tuple[str, ...]) -> None:
    code, out, _ = cordon("token", "create", *arguments)
    assert code != 0
    assert not out


def test_an_unknown_token_is_not_revoked(cordon: Cordon) -> None:
    assert cordon("token", "revoke", "7")[0] == 1
