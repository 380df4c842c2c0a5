"""`cordon devices`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from alerts.tagging import put_on, swap_devices
from cli import registry_imports
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from store.activations import Activation, Device, deactivate, list_devices, list_doubtful
from store.database import Cursor

devices = typer.Typer(help="Tags, and who wears which of them when.", no_args_is_help=True)

Serial = Annotated[str, typer.Argument(help="Serial of the tag: what its pings give as device_id.")]


def register(application: typer.Typer) -> None:
    registry_imports.register_devices(devices)
    application.add_typer(devices, name="devices")


@devices.command("activate")
def activate(
    serial: Serial,
    crn: Annotated[str, typer.Option(help="Who wears it now.")],
    began_at: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="When it was put on, ISO 8601 with an offset; now if not given."),
    ] = None,
    *,
    beside_another: Annotated[
        bool, typer.Option("--beside-another", help="The person wears another tag as well, and that is meant.")
    ] = False,
) -> None:
    """Record that a tag was put on a person. A tag not seen before is registered.

    Pings belong to a person by their fix time, so give the true time. A tag is on one person at a time. The person is
    18 or over on that day, and a decision says that they may be tagged (`cordon people decide`).

    Example: cordon devices activate TAG-0001 --crn X123456 --from 2026-03-01T09:30:00Z
    """
    with owner_transaction() as cursor:
        activation = put_on(cursor, serial, crn, parse_time(began_at), beside_another=beside_another)
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


@devices.command("swap")
def swap(
    off_serial: Annotated[str, typer.Argument(metavar="OFF", help="The tag that comes off.")],
    on_serial: Annotated[str, typer.Argument(metavar="ON", help="The tag that goes on.")],
    crn: Annotated[str, typer.Option(help="Whose tags they are.")],
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="ISO 8601 with an offset; now if not given.")
    ] = None,
) -> None:
    """Record that one tag came off a person and another was put on at the same instant.

    Example: cordon devices swap TAG-0001 TAG-0002 --crn X123456 --at 2026-09-01T12:00:00+01:00
    """
    with owner_transaction() as cursor:
        swapped = swap_devices(cursor, crn, off_serial, on_serial, parse_time(at))
        _record(cursor, Action.DEVICE_SWAP, swapped.off)
        _record(cursor, Action.DEVICE_SWAP, swapped.on)
    print(f"{swapped.off.serial}: {swapped.off}")
    print(f"{swapped.on.serial}: {swapped.on}")


@devices.command("doubtful")
def show_doubtful() -> None:
    """List activations that were there before the rule on ages, of somebody under 18 then or of an unknown age.

    They go on until they are ended, or the date of birth is recorded: `cordon people change`.

    Example: cordon devices doubtful
    """
    with owner_transaction() as cursor:
        found = list_doubtful(cursor)
        _record_list(cursor, found)
    print_table(("SERIAL", "ACTIVATION"), [(one.serial, str(one)) for one in found])


@devices.command("list")
def show() -> None:
    """List every tag with its latest activation.

    Example: cordon devices list
    """
    with owner_transaction() as cursor:
        found = list_devices(cursor)
        _record_list(cursor, [one.last for one in found if one.last is not None])
    print_table(("SERIAL", "LATEST ACTIVATION"), [(device.serial, _state(device)) for device in found])


def _record_list(cursor: Cursor, shown: Sequence[Activation]) -> None:
    about = Subject(row_count=len(shown), person_ids=[one.person_id for one in shown])
    record_allowed(cursor, command_identity(), Action.DEVICES_LIST, about)


def _record(cursor: Cursor, action: Action, activation: Activation) -> None:
    about = Subject(
        person_id=activation.person_id,
        window_from=activation.began_at,
        window_to=activation.ended_at,
        detail={"activation_id": activation.activation_id},
    )
    record_allowed(cursor, command_identity(), action, about)


def _state(device: Device) -> str:
    return str(device.last) if device.last else "never on anybody"
