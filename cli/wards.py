"""`cordon wards`."""

import getpass
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.zone_files import content_of_file, print_problems
from geofence.wards import read_wards
from model.operations import Ward
from ops.errors import InputError
from ops.settings import load_settings
from store.wards import list_wards, write_wards

PAGE = 500
wards = typer.Typer(help="Wards and boroughs, of which an authority's area is made.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(wards, name="wards")


@wards.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="GeoJSON: a FeatureCollection of polygons.")],
    code_property: Annotated[str, typer.Option(help="The property that holds each one's code.")] = "code",
    name_property: Annotated[str, typer.Option(help="The property that holds each one's name.")] = "name",
) -> None:
    """Import wards, boroughs or counties: all of a file, or nothing and every problem.

    One whose code is there already takes its place; zones that were published of it keep their shape.

    Example: cordon wards import wards.geojson --code-property GSS_CODE --name-property NAME
    """
    try:
        document = msgspec.json.decode(content_of_file(file))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{file} is no JSON: {error}") from None
    read = read_wards(document, code_property, name_property, load_settings().region)
    if read.problems:
        print_problems(read.problems)
        raise InputError(f"nothing was imported: {len(read.problems)} problem(s) in {file}")
    with owner_transaction() as cursor:
        written = write_wards(cursor, read.wards, getpass.getuser())
        record_allowed(
            cursor, command_identity(), Action.WARDS_IMPORT, Subject(row_count=written.new + written.changed)
        )
    print(f"new: {written.new}\nchanged: {written.changed}\nunchanged: {written.unchanged}")


@wards.command("list")
def show() -> None:
    """List wards and boroughs by their codes.

    Example: cordon wards list
    """
    with owner_transaction() as cursor:
        found: list[Ward] = []
        while page := list_wards(cursor, found[-1].code if found else "", PAGE):
            found += page
    print_table(("CODE", "NAME"), [(one.code, one.name) for one in found])
