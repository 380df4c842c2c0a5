"""Rows of a file of staff."""

from collections.abc import Iterator
from typing import BinaryIO

from ingest.registry_files.cells import check_texts
from ingest.registry_files.table import Row, read_rows
from model.staff import StaffRole
from store.checks import SUBJECT, SUBJECT_REMEDY
from store.staff import MOBILE_REMEDY, email_problem, mobile_problem

STAFF_COLUMNS = ("subject", "name", "role", "team", "email", "mobile")
REQUIRED = ("subject", "name", "role")


def read_staff(stream: BinaryIO) -> Iterator[Row]:
    """Each row with what is wrong with it. Raises RefusedFileError."""
    for row in read_rows(stream, STAFF_COLUMNS, REQUIRED):
        check_texts(row, REQUIRED)
        if SUBJECT.fullmatch(row.cells.get("subject", "-")) is None:
            row.fault("subject", "this is no subject of a token", SUBJECT_REMEDY)
        if row.cells.get("role", StaffRole.MANAGER) not in set(StaffRole):
            row.fault("role", "there is no such role", f"give one of {', '.join(StaffRole)}")
        if email_problem(row.cells.get("email")):
            row.fault("email", "this is no e-mail address", "give one such as j.jones@example.test")
        if mobile_problem(row.cells.get("mobile")):
            row.fault("mobile", "this is no number of a mobile telephone", MOBILE_REMEDY)
        yield row
