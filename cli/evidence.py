"""`cordon evidence`."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from crimes.evidence.archives import opened, read_member
from crimes.evidence.manifest import MANIFEST
from crimes.evidence.signature import fingerprint, make_key
from crimes.evidence.text import one_line
from crimes.evidence.verify import BUNDLE_MAX_BYTES, FILE_MAX_BYTES, Verification, verify_bundle
from ingest.matching.reproduction import Reproduction, reproduce
from ops.errors import InputError
from ops.files import OWNER_ONLY, read_whole, write_new
from store.evidence import (
    StoredEvidence,
    find_evidence,
    list_evidence,
    people_of_matches,
    read_bundle,
    record_receipt,
)
from store.evidence_cases import find_bundle, find_case
from store.legal_holds import list_holds, release_hold

PAGE = 500
HEADINGS = ("ID", "MATCH", "FORCE", "STATE", "REQUESTED BY", "REQUESTED (UTC)", "ISSUED (UTC)", "EXHIBIT", "PROBLEM")
evidence = typer.Typer(help="Evidence bundles of matches, and the proof of them.", no_args_is_help=True)

BundleFile = Annotated[Path, typer.Argument(metavar="BUNDLE", help="The zip archive.")]


def register(application: typer.Typer) -> None:
    application.add_typer(evidence, name="evidence")


@evidence.command("key")
def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key goes; it must not exist.")],
) -> None:
    """Make the key pair that bundles are signed with: FILE for CORDON_EVIDENCE_KEY_FILE, and FILE.pub to hand out.

    Keep FILE as a secret and in a backup; make the fingerprint known to whoever has to check bundles.

    Example: cordon evidence key evidence-key.pem
    """
    private, public = make_key()
    public_file = file.with_name(f"{file.name}.pub")
    write_new(file, private, OWNER_ONLY)
    try:
        write_new(public_file, public, 0o644)
    except InputError:
        file.unlink()  # a private key without its public one is of no use
        raise
    print(f"wrote {file} (private) and {public_file} (public)")
    print(f"fingerprint {fingerprint(public)}")


@evidence.command("list")
def show() -> None:
    """List what was asked for and issued, the newest first.

    Example: cordon evidence list
    """
    with owner_transaction() as cursor:
        found: list[StoredEvidence] = []
        while page := list_evidence(cursor, found[-1].evidence_id if found else None, PAGE):
            found += page
        about = Subject(row_count=len(found), person_ids=people_of_matches(cursor, {one.result_id for one in found}))
        record_allowed(cursor, command_identity(), Action.EVIDENCE_READ, about)
    rows = [
        (
            str(one.evidence_id),
            str(one.result_id),
            one.force,
            one.state,
            one.requested_by,
            f"{one.requested_at:%Y-%m-%d %H:%M}",
            f"{one.issued_at:%Y-%m-%d %H:%M}" if one.issued_at else "",
            one.exhibit,
            one.problem or "",
        )
        for one in found
    ]
    print_table(HEADINGS, rows)


@evidence.command("export")
def export(
    evidence_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its id, from the list.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where it goes; it must not exist.")],
) -> None:
    """Write an issued bundle to a file. The audit records it, and later changes give a notice.

    Example: cordon evidence export 12 --to EV-12.zip
    """
    with owner_transaction() as cursor:
        content = read_bundle(cursor, evidence_id)
        if content is None:
            asked = find_evidence(cursor, evidence_id)
            state = f"it is {asked.state}{f': {asked.problem}' if asked.problem else ''}" if asked else "there is none"
            raise InputError(f"evidence {evidence_id} is not issued, {state}; `cordon evidence list` shows them")
        identity = command_identity("exporting evidence")
        record_receipt(cursor, evidence_id, identity.subject)
        about = Subject(person_id=find_case(cursor, evidence_id).person_id, detail={"evidence_id": evidence_id})
        record_allowed(cursor, identity, Action.EVIDENCE_EXPORT, about)
        write_new(to, content, OWNER_ONLY)
    print(f"wrote {to}, {len(content)} bytes")


@evidence.command("verify")
def verify(
    bundle: BundleFile,
    public_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The service's public key, got by another way.")
    ] = None,
) -> None:
    """Check a bundle by itself, with no network and no database. Exits 1 where anything was changed.

    Without --public-key it shows that nothing was changed since it was signed, and not who signed it: compare the
    fingerprint.

    Example: cordon evidence verify EV-12.zip --public-key evidence-key.pem.pub
    """
    content = read_whole(bundle, BUNDLE_MAX_BYTES)
    try:
        found = verify_bundle(content, read_whole(public_key, FILE_MAX_BYTES) if public_key else None)
    except ValueError as error:
        raise InputError(f"{public_key}: {error}") from None
    _print_verification(bundle, found)
    if found.faults:
        raise typer.Exit(1)


@evidence.command("reproduce")
def reproduce_one(bundle: BundleFile) -> None:
    """Compute an issued bundle again from what the service recorded, and say what the result would be now.

    Exits 1 where the bundle was changed, is not one of this service, or does not come out the same.

    Example: cordon evidence reproduce EV-12.zip
    """
    content = read_whole(bundle, BUNDLE_MAX_BYTES)
    checked = verify_bundle(content)
    if checked.faults:
        _print_verification(bundle, checked)
        raise typer.Exit(1)
    with opened(content) as archive:
        manifest = read_member(archive, archive.getinfo(MANIFEST), FILE_MAX_BYTES)
    with owner_transaction() as cursor:
        issued = find_bundle(cursor, hashlib.sha256(manifest).digest())
        if issued is None:
            raise InputError(f"{bundle} was not issued by this service: no bundle with its manifest is on record")
        found = reproduce(cursor, issued, checked.files)
        case = find_case(cursor, issued.evidence_id)
        about = Subject(person_id=case.person_id, detail={"evidence_id": issued.evidence_id})
        record_allowed(cursor, command_identity("reproducing evidence"), Action.EVIDENCE_REPRODUCE, about)
    _print_reproduction(found)
    if found.problem or found.differing or not found.same_result:
        raise typer.Exit(1)


@evidence.command("holds")
def show_holds() -> None:
    """List the legal holds in force of bundles: what they cover is neither deleted nor erased.

    Example: cordon evidence holds
    """
    with owner_transaction() as cursor:
        found = [(crn, one) for crn, one in list_holds(cursor) if one.evidence_id is not None]
        record_allowed(cursor, command_identity(), Action.LEGAL_HOLDS_LIST, Subject(row_count=len(found)))
    rows = [
        (str(one.legal_hold_id), crn, f"{one.from_time:%Y-%m-%d %H:%M}", f"{one.to_time:%Y-%m-%d %H:%M}", one.reason)
        for crn, one in found
    ]
    print_table(("ID", "CRN", "FROM (UTC)", "TO (UTC)", "REASON"), rows)


@evidence.command("release")
def release(
    legal_hold_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its id, from `cordon evidence holds`.")],
) -> None:
    """Release a legal hold, such as when a case is over. The bundle that it was placed for stays.

    Example: cordon evidence release 3
    """
    with owner_transaction() as cursor:
        identity = command_identity("releasing a legal hold")
        person_id = release_hold(cursor, legal_hold_id, identity.subject)
        if person_id is None:
            raise InputError(f"there is no hold {legal_hold_id} in force: `cordon evidence holds` shows them")
        about = Subject(person_id=person_id, detail={"legal_hold_id": legal_hold_id})
        record_allowed(cursor, identity, Action.LEGAL_HOLD_RELEASE, about)
    print(f"hold {legal_hold_id} is released")


def _print_verification(bundle: Path, found: Verification) -> None:
    print(f"bundle      {one_line(found.reference or bundle.name)}")
    if found.issued_at:
        print(f"issued      {one_line(found.issued_at)}")
    for fault in found.faults:
        print(f"FAULT       {one_line(fault)}")
    if found.key_fingerprint:
        print(f"signed by   {found.key_fingerprint}")
    if found.faults:
        print("result      NOT VERIFIED: do not rely on this bundle")
    elif found.key_is_known:
        print(f"result      verified: {len(found.files)} files and the signature of the key that you gave")
    else:
        print(f"result      {len(found.files)} files are as they were signed; WHO signed them was not checked")
        print("            compare the fingerprint, or give --public-key")


def _print_reproduction(found: Reproduction) -> None:
    print(f"positions   {found.inputs} that the result was computed from")
    if found.problem:
        print(f"result      NOT REPRODUCED: {found.problem}")
    else:
        print(f"result      {'the same' if found.same_result else 'ANOTHER ONE: the rules or the program changed'}")
        differing = ", ".join(found.differing or ())
        print(f"files       {f'DIFFERENT: {differing}' if differing else 'the same, byte for byte'}")
    for change in found.changes:
        print(f"since then  {change}")
    if not found.changes:
        print("since then  nothing that has arrived changes it")
