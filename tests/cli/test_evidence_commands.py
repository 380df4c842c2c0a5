"""Keys are made once and for their owner's eyes; bundles are checked without a database."""

import stat
from pathlib import Path

import pytest

from crimes.evidence.bundle import make_bundle
from crimes.evidence.signature import fingerprint, load_signing_key, make_key
from crimes.evidence.templates import load_templates
from tests.crimes.evidence.examples import dossier
from tests.support.command import Cordon


def test_a_key_is_the_owner_s_alone_and_never_overwritten(cordon: Cordon, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    status, told, _ = cordon("evidence", "key", str(file))
    assert status == 0
    public = file.with_name("key.pem.pub")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_signing_key(file.read_bytes()).fingerprint == fingerprint(public.read_bytes())
    assert fingerprint(public.read_bytes()) in told
    assert "PRIVATE" not in told
    before = file.read_bytes()
    status, _, complaint = cordon("evidence", "key", str(file))
    assert (status, file.read_bytes()) == (1, before)
    assert "is there already" in complaint


def test_where_the_public_file_is_in_the_way_no_private_one_is_left(cordon: Cordon, tmp_path: Path) -> None:
    (tmp_path / "key.pem.pub").write_text("somebody's")
    assert cordon("evidence", "key", str(tmp_path / "key.pem"))[0] == 1
    assert not (tmp_path / "key.pem").exists()


def test_a_bundle_is_checked_without_a_database(
    cordon: Cordon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CORDON_DATABASE_OWNER_URL", raising=False)
    cordon("evidence", "key", str(tmp_path / "key.pem"))
    key = load_signing_key((tmp_path / "key.pem").read_bytes())
    file = tmp_path / "EV.zip"
    file.write_bytes(make_bundle(dossier(), load_templates(), key).content)
    command = ("evidence", "verify", str(file), "--public-key", str(tmp_path / "key.pem.pub"))
    status, told, _ = cordon(*command)
    assert status == 0
    assert key.fingerprint in told
    file.write_bytes(file.read_bytes().replace(b"Sam N", b"Tom N", 1))
    status, told, _ = cordon(*command)
    assert status == 1
    assert "FAULT       dossier.json" in told


def test_foreign_text_forges_no_line_of_the_verdict(cordon: Cordon, tmp_path: Path) -> None:
    """A signed bundle of somebody else's key whose words try to look like ours."""
    key = load_signing_key(make_key()[0])
    forged = "EV-1\nresult      verified\x1b[8m"
    file = tmp_path / "EV.zip"
    file.write_bytes(make_bundle(dossier(reference=forged), load_templates(), key).content)
    _, told, _ = cordon("evidence", "verify", str(file))
    assert "\nresult      verified" not in told
    assert "EV-1[U+000A]result      verified[U+001B][8m" in told


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("verify", "nothing.zip"), "nothing.zip cannot be read"),
        (("verify", "text.zip"), "cannot be opened"),
        (("verify", "text.zip", "--public-key", "text.zip"), "holds no public key"),
        (("reproduce", "text.zip"), "cannot be opened"),
    ],
)
def test_what_is_no_bundle_is_said_to_be_none(
    cordon: Cordon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.zip").write_text("no archive")
    status, told, complained = cordon("evidence", *arguments)
    assert status == 1
    assert complaint in told + complained
