"""Verification: any change is found and named, and nothing that is asked of it can hurt who asks."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from crimes.evidence.archives import stored_zip
from crimes.evidence.bundle import Bundle, make_bundle
from crimes.evidence.manifest import MANIFEST, SIGNATURE
from crimes.evidence.signature import fingerprint, load_signing_key, make_key
from crimes.evidence.templates import load_templates
from crimes.evidence.verify import verify_bundle
from tests.crimes.evidence.examples import dossier

PRIVATE, PUBLIC = make_key()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return make_bundle(dossier(), load_templates(), load_signing_key(PRIVATE))


def members(bundle: Bundle) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def faults(content: bytes, public_key: bytes | None = None) -> str:
    return "\n".join(verify_bundle(content, public_key).faults)


def test_a_bundle_as_it_was_issued(bundle: Bundle) -> None:
    found = verify_bundle(bundle.content, PUBLIC)
    assert found.faults == ()
    assert found.reference == "EV-12"
    assert found.key_fingerprint == fingerprint(PUBLIC) == bundle.key_fingerprint
    assert found.key_is_known
    assert {one.path for one in found.files} == members(bundle).keys() - {MANIFEST, SIGNATURE}
    assert not verify_bundle(bundle.content).key_is_known, "the bundle's own key shows only that nothing was changed"


def test_one_changed_byte_in_any_file_is_found_and_the_file_named(bundle: Bundle) -> None:
    for name in members(bundle):
        changed = bytearray(bundle.content)
        with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
            entry = archive.getinfo(name)
        changed[entry.header_offset + 30 + len(name) + entry.file_size // 2] ^= 1
        assert name in faults(bytes(changed))


@pytest.mark.parametrize("name", ["report.pdf", "dossier.json", "public-key.pem", MANIFEST, SIGNATURE])
def test_a_file_that_was_replaced_is_named(bundle: Bundle, name: str) -> None:
    assert name in faults(stored_zip(members(bundle) | {name: members(bundle)[name][:-1] + b"\0"}))


@pytest.mark.parametrize("name", ["report.pdf", "public-key.pem", MANIFEST, SIGNATURE])
def test_a_file_that_is_missing_is_named(bundle: Bundle, name: str) -> None:
    left = {other: content for other, content in members(bundle).items() if other != name}
    assert f"{name}" in faults(stored_zip(left))
    assert "missing" in faults(stored_zip(left))


def test_a_file_that_was_added_is_named(bundle: Bundle) -> None:
    assert "note.txt: it was added" in faults(stored_zip(members(bundle) | {"note.txt": b"x"}))


def test_every_byte_of_the_archive_counts(bundle: Bundle) -> None:
    """Bytes before, behind or between the members, a comment, other times: the files are right, the archive is not."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members(bundle).items():
            archive.writestr(name, content)
    for changed in (packed.getvalue(), bundle.content[:10] + b"\1" + bundle.content[11:], b"MZ" + bundle.content):
        assert "packed again" in faults(changed)
    assert faults(bundle.content + b"more")


def test_who_signs_it_anew_is_found_by_the_known_key(bundle: Bundle) -> None:
    forged = make_bundle(dossier(), load_templates(), load_signing_key(make_key()[0]))
    assert faults(forged.content) == "", "its own key fits: only a key from elsewhere tells"
    assert "somebody else issued it" in faults(forged.content, PUBLIC)
    mixed = members(forged) | {MANIFEST: members(bundle)[MANIFEST], SIGNATURE: members(bundle)[SIGNATURE]}
    assert "not signed by the key in public-key.pem" in faults(stored_zip(mixed))


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/b", "C:\\x", "r\u202eport.pdf", "rep\x07ort.pdf"])
def test_a_name_that_leads_elsewhere_is_refused(bundle: Bundle, name: str) -> None:
    assert "do not unpack" in faults(stored_zip(members(bundle) | {name: b"x"}))


def test_a_name_that_is_there_twice_is_refused(bundle: Bundle) -> None:
    twice = io.BytesIO(bundle.content)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("report.pdf", b"another")
    assert "report.pdf': it is there twice" in faults(twice.getvalue())


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch, bundle: Bundle) -> None:
    monkeypatch.setattr("crimes.evidence.verify.FILE_MAX_BYTES", 2_000_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members(bundle).items():
            archive.writestr(name, bytes(50_000_000) if name == "report.pdf" else content)
    assert len(packed.getvalue()) < 2_000_000
    assert "report.pdf: it is larger than 2000000 bytes" in faults(packed.getvalue())
    assert "has at most" in faults(stored_zip({str(number): b"" for number in range(300)}))


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"no archive", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_archive_is_said_to_be_none(content: bytes) -> None:
    assert "cannot be opened" in faults(content) or "is missing" in faults(content)


@pytest.mark.parametrize("manifest", [b"", b"{}", b"[" * 10_000, b'{"format": 1}', b"\xff"])
def test_a_manifest_that_is_none_is_said_to_be_none(bundle: Bundle, manifest: bytes) -> None:
    assert MANIFEST in faults(stored_zip(members(bundle) | {MANIFEST: manifest}))


def test_openssl_confirms_the_signature(bundle: Bundle, tmp_path: Path) -> None:
    """Nobody needs our program to check a bundle."""
    for name in (MANIFEST, SIGNATURE, "public-key.pem"):
        (tmp_path / name).write_bytes(members(bundle)[name])
    command = "openssl pkeyutl -verify -rawin -pubin -inkey public-key.pem -sigfile manifest.sig -in manifest.json"
    try:
        ran = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this machine has no openssl command")
    assert "Signature Verified Successfully" in ran.stdout, ran.stderr


@pytest.mark.parametrize("pem", [b"", b"secret words", PUBLIC])
def test_what_is_no_private_key_is_refused_and_not_shown(pem: bytes) -> None:
    with pytest.raises(ValueError, match="cordon evidence key") as refused:
        load_signing_key(pem)
    assert "secret" not in str(refused.value)


def test_a_key_shows_only_its_fingerprint() -> None:
    key = load_signing_key(PRIVATE)
    assert repr(key) == f"SigningKey({fingerprint(PUBLIC)})"
