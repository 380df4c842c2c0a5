"""`cordon devices`."""

from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from store.activations import Activation, Device, activate, deactivate, list_devices
from store.database import Cursor
from store.enrolment import find_person

devices = typer.Typer(help="Tags, and who wears which of them when.", no_args_is_help=True)

Serial = Annotated[str, typer.Argument(help="Serial of the tag: what its pings give as device_id.")]


def register(application: typer.Typer) -> None:
    application.add_typer(devices, name="devices")


@devices.command("activate")
def put_on(
    serial: Serial,
    crn: Annotated[str, typer.Option(help="Who wears it now.")],
    began_at: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="When it was put on, ISO 8601 with an offset; now if not given."),
    ] = None,
) -> None:
    """Record that a tag was put on a person. A tag not seen before is registered.

    Pings belong to a person by their fix time, so give the true time. A tag is on one person at a time.

    Example: cordon devices activate TAG-0001 --crn X123456 --from 2026-03-01T09:30:00Z
    """
    with owner_transaction() as cursor:
        activation = activate(cursor, serial, crn, parse_time(began_at))
        _record(cursor, Action.DEVICE_ACTIVATE, activation)
    print(f"{serial.strip()}: {activation}")


@devices.command("deactivate")
def take_off(
    serial: Serial,
    ended_at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="When it came off, ISO 8601 with an offset; now if not given."),
    ] = None,
) -> None:
    """Record that a tag came off the person who wears it.

    Example: cordon devices deactivate TAG-0001 --at 2026-09-01T12:00:00+01:00
    """
    with owner_transaction() as cursor:
        activation = deactivate(cursor, serial, parse_time(ended_at))
        _record(cursor, Action.DEVICE_DEACTIVATE, activation)
    print(f"{serial.strip()}: {activation}")


@devices.command("list")
def show() -> None:
    """List every tag with its latest activation.

    Example: cordon devices list
    """
    with owner_transaction() as cursor:
        found = list_devices(cursor)
    print_table(("SERIAL", "LATEST ACTIVATION"), [(device.serial, _state(device)) for device in found])


def _record(cursor: Cursor, action: Action, activation: Activation) -> None:
    about = Subject(
        person_id=find_person(cursor, activation.crn),
        window_from=activation.began_at,
        window_to=activation.ended_at,
        detail={"activation_id": activation.activation_id},
    )
    record_allowed(cursor, command_identity(), action, about)


def _state(device: Device) -> str:
    return str(device.last) if device.last else "never on anybody"
