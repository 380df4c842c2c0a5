"""`cordon people import`, `cordon staff import`, `cordon devices import`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.owner import command_identity, owner_transaction
from ingest.registry_files.importing import FileKind, Imported, Wanted, import_file
from ops.errors import InputError
from ops.settings import load_settings

File = Annotated[Path, typer.Argument(help="CSV in UTF-8 with a header.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would change, and change nothing.")]


def register_people(people: typer.Typer) -> None:
    people.command("import")(import_people)


def register_staff(staff: typer.Typer) -> None:
    staff.command("import")(import_staff)


def register_devices(devices: typer.Typer) -> None:
    devices.command("import")(import_devices)


def import_people(file: File, *, dry_run: DryRun = False) -> None:
    """Add and change people, with decisions on who may be tagged and the tags put on: all of the file, or nothing.

    Columns: crn, name; and as wanted date_of_birth, nomis_id, pnc_id, team, practitioner, device_serial, worn_from,
    worn_until, beside_another, tag_day, prison, borough, screening_note, answer.CODE and basis.CODE. What is empty
    stays as it was. The same file once more changes nothing.

    Example: cordon people import people.csv --dry-run
    """
    _import(file, FileKind.PEOPLE, dry_run=dry_run)


def import_staff(file: File, *, dry_run: DryRun = False) -> None:
    """Add and change staff: all of the file, or nothing. Columns: subject, name, role; team, email, mobile.

    Example: cordon staff import staff.csv
    """
    _import(file, FileKind.STAFF, dry_run=dry_run)


def import_devices(file: File, *, dry_run: DryRun = False) -> None:
    """Put tags on people who are there, and take them off: all of the file, or nothing.

    Columns: device_serial, crn, worn_from; worn_until, beside_another.

    Example: cordon devices import devices.csv
    """
    _import(file, FileKind.DEVICES, dry_run=dry_run)


def _import(file: Path, kind: FileKind, *, dry_run: bool) -> None:
    wanted = Wanted(kind, command_identity(), load_settings().lock_timeout_ms, is_dry_run=dry_run)
    try:
        with file.open("rb") as stream:
            imported = import_file(owner_transaction, stream, wanted)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if imported.error_count:
        for found in imported.errors:
            print(found, file=sys.stderr)
        raise InputError(f"nothing was imported: {imported.error_count} error(s), each named above")
    print(_words(imported))


def _words(imported: Imported) -> str:
    said = (
        f"{imported.added} added, {imported.changed} changed, {imported.unchanged} unchanged;"
        f" {imported.decisions} decisions; {imported.put_on} tags put on, {imported.taken_off} taken off"
    )
    if imported.stopped:
        said += f"; monitoring of {imported.stopped} who were under 18 has stopped"
    if imported.untold:
        said += f"; NOBODY could be told of {imported.untold}: there is no data-protection officer"
    if imported.unsupervised:
        said += (
            f"; of {imported.unsupervised} the practitioner is NOT ON THE STAFF, so nobody is told for them as theirs"
        )
    return f"dry run, nothing was changed: {said}" if imported.is_dry_run else said
