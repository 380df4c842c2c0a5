"""Commands to tags: each written once, and kept until it was sent or is of no use any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from model.commands import Command
from model.times import from_microseconds
from store.database import Cursor
from store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class WaitingCommand:
    command_id: str
    serial: str
    kind: str
    text: str | None
    created_at: datetime
    expires_at: datetime


def write_commands(cursor: Cursor, commands: Sequence[Command]) -> None:
    """Write those that are new; a command that was decided again is the same command."""
    insert_rows(
        cursor,
        "INSERT INTO tag_commands (command_id, device_id, kind, body, reason, expires_at) VALUES %s"
        " ON CONFLICT (command_id) DO NOTHING",
        (
            (
                str(command.command_id),
                command.device_id,
                command.kind.value,
                None if command.text is None else command.text.value,
                command.reason,
                from_microseconds(command.expires_us),
            )
            for command in sorted(commands, key=lambda command: str(command.command_id))
        ),
    )


def waiting_commands(cursor: Cursor, limit: int) -> list[WaitingCommand]:
    """Those not yet sent that are still of use, oldest first."""
    cursor.execute(
        "SELECT command_id::text, serial, kind, body, command.created_at, expires_at FROM tag_commands command"
        " JOIN devices USING (device_id) WHERE delivered_at IS NULL AND expires_at > service_clock()"
        " ORDER BY command.created_at, kind, command_id LIMIT %s",
        (limit,),
    )
    return [WaitingCommand(*row) for row in cursor.fetchall()]


def mark_delivered(cursor: Cursor, command_ids: Sequence[str]) -> None:
    """After the broker has acknowledged them, never before."""
    cursor.execute(
        "UPDATE tag_commands SET delivered_at = service_clock() WHERE command_id = ANY (%s::uuid[])",
        (list(command_ids),),
    )
