"""`cordon export supplier`, `cordon export key` and `cordon import supplier`: a change of supplier."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction, owner_url
from cli.tables import print_table
from crimes.evidence.signature import fingerprint
from ingest.exports.keys import open_signing_key
from ingest.exports.sealed import load_private, load_public, make_pair
from ingest.exports.supplier import export_supplier
from ingest.exports.taking_back import import_supplied, read_supplied
from ops.errors import InputError
from ops.files import OWNER_ONLY, read_whole, write_new
from ops.settings import load_settings
from store.exports.snapshots import snapshot

KEY_MAX_BYTES = 10_000
Key = TypeVar("Key")
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of an export.")]


def export(
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that is made; it must not exist.")],
    protected_key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The new supplier's public key, for victims' addresses."),
    ] = None,
    without_protected: Annotated[
        bool, typer.Option("--without-protected", help="Leave victims' addresses, and what refers to them, behind.")
    ] = False,
) -> None:
    """Write everything that a new supplier needs, in one snapshot: CSV, the schema, counts and hashes.

    Victims' addresses leave only sealed to the new supplier's key; there is no way to write them in clear.

    Example: cordon export supplier --to handover --protected-key new-supplier.pem.pub
    """
    if (protected_key is None) is not without_protected:
        raise InputError("say what becomes of victims' addresses: --protected-key FILE, or --without-protected")
    sealed_to = None if protected_key is None else _loaded(protected_key, load_public)
    settings = load_settings()
    signing = open_signing_key(settings)
    identity = command_identity("a change of supplier")
    with owner_transaction() as cursor:
        detail = {"kind": "supplier", "protected": sealed_to is not None}
        record_allowed(cursor, identity, Action.EXPORT_READ, Subject(detail=detail))
    with snapshot(owner_url(settings), "cordon-export-supplier") as cursor:
        content = export_supplier(cursor, to, datetime.now(UTC), signing, sealed_to)
    print_table(("TABLE", "ROWS"), [(one["table"], str(one["rows"])) for one in content["tables"]])
    _print_left(content["left_out"])
    print(f"wrote {to}, {f'signed by {signing.fingerprint}' if signing else 'not signed: there is no evidence key'}")


def make_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key goes; it must not exist.")],
) -> None:
    """Make the key pair of whoever receives victims' addresses: keep FILE, and hand FILE.pub to the old supplier.

    Example: cordon export key new-supplier.pem
    """
    private, public = make_pair()
    public_file = file.with_name(f"{file.name}.pub")
    write_new(file, private, OWNER_ONLY)
    write_new(public_file, public, 0o644)
    print(f"wrote {file} (private) and {public_file} (public)")


def take_back(
    folder: Folder,
    protected_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The private key that victims' addresses were sealed to.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The old supplier's evidence key, got by another way.")
    ] = None,
) -> None:
    """Take a change of supplier into an empty service: all of it, or nothing. Every hash and every count is checked.

    Nothing is written before every file was found as the manifest says. Tokens, senders' keys and webhooks are made
    anew.

    Example: cordon import supplier handover --protected-key new-supplier.pem --public-key old-supplier.pem.pub
    """
    key = None if protected_key is None else _loaded(protected_key, load_private)
    known = None if public_key is None else _loaded(public_key, _known_key)
    supplied = read_supplied(folder, known)
    identity = command_identity("a change of supplier")
    with owner_transaction() as cursor:
        import_supplied(cursor, supplied, key)
        rows = sum(one.rows for one in supplied.content.tables)
        detail = {"made_at": supplied.manifest.made_at, "tables": len(supplied.content.tables)}
        record_allowed(cursor, identity, Action.SUPPLIER_IMPORT, Subject(row_count=rows, detail=detail))
    if known is None:
        print("WHO made the export was not checked: give --public-key with the key that you got by another way")
    print(f"took in {rows} rows of {len(supplied.content.tables)} tables; every count is that of the manifest")


def _loaded(file: Path, load: Callable[[bytes], Key]) -> Key:
    try:
        return load(read_whole(file, KEY_MAX_BYTES))
    except ValueError as error:
        raise InputError(f"{file}: {error}") from None


def _known_key(pem: bytes) -> bytes:
    """Raises ValueError where it is no Ed25519 public key."""
    fingerprint(pem)
    return pem


def _print_left(left_out: list[dict[str, Any]]) -> None:
    for one in left_out:
        if one["waiting"]:
            print(f"NOT DONE YET: {one['waiting']} rows of {one['table']} wait, and stay: {one['reason']}")
    held = [one for one in left_out if one["rows"]]
    print_table(("LEFT OUT", "ROWS", "BECAUSE"), [(one["table"], str(one["rows"]), one["reason"]) for one in held])
