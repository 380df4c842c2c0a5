"""What single cells of these files may hold."""

from datetime import UTC, date, datetime

from ingest.registry_files.table import Row
from model.times import EARLIEST, LATEST
from store.enrolment import CRN_LENGTH, FIRST_BIRTH, IDENTIFIER_LENGTH, NAME_LENGTH, SUBJECT_LENGTH

LENGTHS = {
    "crn": CRN_LENGTH,
    "name": NAME_LENGTH,
    "nomis_id": IDENTIFIER_LENGTH,
    "pnc_id": IDENTIFIER_LENGTH,
    "practitioner": SUBJECT_LENGTH,
    "subject": SUBJECT_LENGTH,
    "team": 100,
    "device_serial": 64,
    "prison": 100,
    "borough": 100,
    "screening_note": 2000,
}


def check_texts(row: Row, required: tuple[str, ...]) -> None:
    """Note what is missing or too long."""
    if "row" in row.cells:  # its columns cannot be told apart
        return
    for column in required:
        if column not in row.cells:
            row.fault(column, "it is empty", "fill it in")
    for column, longest in LENGTHS.items():
        if len(row.cells.get(column, "")) > longest:
            row.fault(column, f"it has more than {longest} characters", "shorten it")


def day_of(row: Row, column: str) -> date | None:
    """None where there is none, or it is no day, which is noted."""
    text = row.cells.get(column)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        row.fault(column, "this is no day", "write it like 1999-04-30")
        return None


def birth_of(row: Row, today: date) -> date | None:
    born = day_of(row, "date_of_birth")
    if born is not None and not FIRST_BIRTH <= born <= today:
        row.fault("date_of_birth", "nobody who lives was born then", f"give a day from {FIRST_BIRTH} to today")
    return born


def moment_of(row: Row, column: str) -> datetime | None:
    """In UTC; None where there is none, or it is no moment, which is noted."""
    text = row.cells.get(column)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        row.fault(column, "this is no time", "write it like 2026-03-01T09:30:00Z")
        return None
    if moment.tzinfo is None:
        row.fault(column, "it has no offset, so it could be one of several moments", "end it with Z or +01:00")
        return None
    if not EARLIEST <= moment < LATEST:
        row.fault(column, "it is not between 1970 and 2200", "check the year")
        return None
    return moment.astimezone(UTC)
