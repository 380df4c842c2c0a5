"""Rows of a file of shifts."""

from typing import BinaryIO

from alerts.rota import RotaRefusedError, add_to_rota
from crimes.files.row_errors import RowError, row_error
from ingest.registry_files.cells import check_texts, moment_of
from ingest.registry_files.table import Row, read_rows
from model.staff import StaffRole
from ops.errors import InputError
from store.database import Cursor
from store.rota import ROTA_ROLES, NewShift

COLUMNS = ("role", "subject", "from", "to")


class RotaFileError(InputError):
    """No shift was added; ``errors`` names every fault of every row."""

    def __init__(self, errors: list[RowError]) -> None:
        super().__init__(f"no shift was added: {len(errors)} error(s)")
        self.errors = errors


def import_rota(cursor: Cursor, stream: BinaryIO, added_by: str) -> tuple[int, list[str]]:
    """How many shifts were added, and what to look at all the same; all of the file, or with RotaFileError nothing.

    Raises RefusedFileError where the file as a whole cannot be read.
    """
    numbers: list[int] = []
    shifts: list[NewShift] = []
    errors: list[RowError] = []
    for row in read_rows(stream, COLUMNS, COLUMNS):
        shift = _shift(row)
        errors += row.errors
        if shift is not None:
            numbers.append(row.number)
            shifts.append(shift)
    try:
        warnings = add_to_rota(cursor, shifts, added_by)
    except RotaRefusedError as refused:
        errors += [row_error(numbers[one.place], one.field, one.value, one.fault) for one in refused.faults]
    if errors:
        raise RotaFileError(sorted(errors, key=lambda one: one.row or 0))
    return len(shifts), warnings


def _shift(row: Row) -> NewShift | None:
    """None where something is wrong with the row itself, which is noted."""
    check_texts(row, COLUMNS)
    role = row.cells.get("role")
    if role is not None and role not in set(ROTA_ROLES):
        row.fault("role", "the rota has no such role", f"give one of {', '.join(ROTA_ROLES)}")
    starts_at, ends_at = moment_of(row, "from"), moment_of(row, "to")
    if row.errors or starts_at is None or ends_at is None:
        return None
    return NewShift(StaffRole(row.cells["role"]), row.cells["subject"], starts_at, ends_at)
