"""`cordon crimes`."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.crime_sheets import add_commands
from cli.forces import force_named
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from crimes.files.row_errors import RowError, to_csv
from ingest.matching.importing import ImportedFile, NoForceError, Reading, Sender, import_crime_file
from ops.errors import InputError
from ops.settings import load_settings
from store.crime_batches import all_errors, find_batch, list_batches

PAGE = 500
LARGEST_ID = 2**63 - 1
crimes = typer.Typer(help="Crimes that police report, and what matching says of them.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    add_commands(crimes)
    application.add_typer(crimes, name="crimes")


@crimes.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV or GeoJSON, as police send them.")],
    *,
    force_of_files: Annotated[
        str | None, typer.Option("--force-of", metavar="FORCE", help="Refuse a file of another force than this.")
    ] = None,
) -> None:
    """Import police files: the good rows of each are taken, and every error of the others is printed.

    A file that came before changes nothing. Exits 1 where no row of some file was taken; the other files are imported
    all the same.

    Example: cordon crimes import MPS20261121.csv --force-of Metropolitan
    """
    sender = Sender(
        command_identity("import of crimes"), "command", None if force_of_files is None else force_named(force_of_files)
    )
    reading = Reading.of(load_settings())
    refused = [file for file in files if not _import(file, sender, reading)]
    if refused:
        raise InputError(f"nothing was taken of {', '.join(map(str, refused))}")


@crimes.command("batches")
def show_batches(
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="How many, the newest first.")] = 50,
) -> None:
    """List the police files that came in, newest first, and what became of them.

    Example: cordon crimes batches --limit 20
    """
    with owner_transaction() as cursor:
        found = list_batches(cursor, None, limit)
        record_allowed(cursor, command_identity(), Action.CRIME_BATCHES_READ, Subject(row_count=len(found)))
    rows = [
        (
            str(one.crime_batch_id),
            one.force,
            one.reference,
            _time(one.imported_at),
            one.received_by,
            one.imported_by,
            one.state,
            *map(str, (one.row_count, one.new_count, one.changed_count, one.unchanged_count, one.error_count)),
        )
        for one in found
    ]
    headings = ("ID", "FORCE", "BATCH", "IMPORTED", "WAY", "BY", "STATE")
    print_table((*headings, "ROWS", "NEW", "CHANGED", "UNCHANGED", "WRONG"), rows)


@crimes.command("errors")
def show_errors(
    batch_id: Annotated[int, typer.Argument(metavar="BATCH", min=1, max=LARGEST_ID, help="Its id, from the list.")],
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="As a CSV file to send back.")] = False,
) -> None:
    """Show everything that was wrong with a police file, with what to do about it.

    Example: cordon crimes errors 7 --csv > errors.csv
    """
    with owner_transaction() as cursor:
        batch = find_batch(cursor, batch_id)
        if batch is None:
            raise InputError(f"there is no crime batch {batch_id}: `cordon crimes batches` shows them")
        errors = list(all_errors(cursor, batch_id))
        about = Subject(row_count=len(errors), detail={"crime_batch_id": batch_id, "errors": True})
        record_allowed(cursor, command_identity(), Action.CRIME_BATCHES_READ, about)
    if as_csv:
        sys.stdout.writelines(to_csv(errors))
    else:
        _print_errors(errors)


def _import(file: Path, sender: Sender, reading: Reading) -> bool:
    """Whether any row of it was taken; prints what became of it."""
    try:
        with file.open("rb") as stream:
            imported = import_crime_file(owner_transaction, stream, sender, reading)
    except OSError as error:
        print(f"{file}: cannot be read: {error.strerror}")
        return False
    except NoForceError as error:
        print(f"{file}: refused: it does not say which force it is of, so nothing of it is kept")
        _print_errors(error.errors)
        return False
    except InputError as error:
        print(f"{file}: refused: {error}")
        return False
    print(f"{file}: {_in_words(imported)}")
    if imported.batch.state != "refused" and not imported.is_known:
        print(f"times without an offset were read as {reading.clock_of(imported.batch.force)}")
    if imported.errors:
        _print_errors(imported.errors)
        print(f"all of them: cordon crimes errors {imported.batch.crime_batch_id} --csv")
    return imported.batch.state != "refused"


def _in_words(imported: ImportedFile) -> str:
    batch = imported.batch
    rows = "1 row" if batch.row_count == 1 else f"{batch.row_count} rows"
    known = f", as on {_time(batch.imported_at)} already: nothing changed" if imported.is_known else ""
    return (
        f"{batch.state}, batch {batch.crime_batch_id} of {batch.force}{known}: {rows},"
        f" {batch.new_count} new, {batch.changed_count} changed, {batch.unchanged_count} unchanged,"
        f" {batch.error_count} wrong"
    )


def _print_errors(errors: Sequence[RowError]) -> None:
    rows = [
        ("file" if one.row is None else str(one.row), one.field, one.value, one.problem, one.remedy) for one in errors
    ]
    print_table(("ROW", "FIELD", "VALUE", "PROBLEM", "REMEDY"), rows)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
