"""One file of people, staff or devices: all of it is taken, or nothing and every error is named."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import BinaryIO, Literal

from access.audit import Action, Subject, record_allowed
from alerts.casework_rules import current_rules
from alerts.eligibility import Facts, assess, london_day, stated_answers
from alerts.tagging import say_untold
from crimes.files.file_text import RefusedFileError
from crimes.files.row_errors import Fault, RowError, row_error
from ingest.registry_files.people import Reader
from ingest.registry_files.staff import read_staff
from ingest.registry_files.table import Row
from model.casework_rules import CaseworkRules
from store.audit import insert_record
from store.clock import service_now
from store.corrections import correct_under_lock
from store.database import Cursor, Identity
from store.people_import import (
    PEOPLE_COLUMN_TYPES,
    corrections_wanted,
    people_of_file,
    publish,
    write_activations,
    write_decisions,
    write_people,
)
from store.people_import_checks import (
    DEVICE_COLUMN_TYPES,
    check_decisions,
    check_known,
    check_people,
    check_wearings,
    count_unsupervised,
)
from store.registry_staging import RegistryStaging, add_errors, count_errors, read_errors
from store.staff_import import STAFF_COLUMN_TYPES, check_staff, write_staff

STATEMENT_MS = 600_000  # a pool's own limit is meant for requests that somebody waits for
Begin = Callable[[], AbstractContextManager[Cursor]]


class FileKind(StrEnum):
    PEOPLE = "people"
    STAFF = "staff"
    DEVICES = "devices"


COLUMNS = {
    FileKind.PEOPLE: PEOPLE_COLUMN_TYPES,
    FileKind.STAFF: STAFF_COLUMN_TYPES,
    FileKind.DEVICES: DEVICE_COLUMN_TYPES,
}
NAMES = frozenset({"crn", "subject", "team"})
"""Columns that are checked against what is recorded whatever else is wrong with the row."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file changed, or would; with errors it changed nothing."""

    rows: int
    is_dry_run: bool
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    decisions: int = 0
    put_on: int = 0
    taken_off: int = 0
    stopped: int = 0  # people whose date of birth stopped monitoring
    untold: int = 0  # of those, how many with no data-protection officer to tell
    unsupervised: int = 0  # whose practitioner is not on the staff
    error_count: int = 0
    errors: tuple[RowError, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be taken."""

    kind: FileKind
    identity: Identity
    lock_timeout_ms: int
    is_dry_run: bool = False
    most_errors: int | None = None  # that are given back; all of them are counted


class _UndoneError(Exception):
    """Nothing of the transaction is to be kept. Never leaves this module."""

    def __init__(self, imported: Imported) -> None:
        super().__init__("undone")
        self.imported = imported


def import_file(begin: Begin, stream: BinaryIO, wanted: Wanted) -> Imported:
    """``begin`` opens a transaction under the identity. Raises UnavailableError where a lock is not had in time."""
    with begin() as cursor:
        rules, today = current_rules(cursor), service_now(cursor).date()
    with RegistryStaging(COLUMNS[wanted.kind]) as staging:
        _stage(staging, _rows_of(stream, wanted.kind, Reader(rules.eligibility, today)))
        try:
            with begin() as cursor:
                return _write(cursor, staging, wanted, rules)
        except _UndoneError as undone:
            imported = undone.imported
    with begin() as cursor:
        outcome: Literal["refused", "allowed"] = "refused" if imported.error_count else "allowed"
        insert_record(cursor, wanted.identity, Action.REGISTRY_IMPORT, outcome, _about(wanted, imported))
    return imported


def _rows_of(stream: BinaryIO, kind: FileKind, reader: Reader) -> Iterator[Row]:
    if kind is FileKind.PEOPLE:
        return reader.people(stream)
    if kind is FileKind.DEVICES:
        return reader.devices(stream)
    return read_staff(stream)


def _stage(staging: RegistryStaging, rows: Iterator[Row]) -> None:
    """Of a wrong row those cells that are right by themselves, for what else is wrong with it is to be named too."""
    try:
        for row in rows:
            wrong = {error.field for error in row.errors}
            staging.add_row(
                row.number, {one: row.cells[one] for one in NAMES & row.cells.keys() - wrong} if wrong else row.cells
            )
            for error in row.errors:
                staging.add_error(error)
    except RefusedFileError as refusal:
        staging.add_error(refusal.error)


def _write(cursor: Cursor, staging: RegistryStaging, wanted: Wanted, rules: CaseworkRules) -> Imported:
    cursor.execute(  # hash joins: nobody has counted yet what the file has just brought
        "SELECT set_config('statement_timeout', %s, true), set_config('enable_nestloop', 'off', true)",
        (str(STATEMENT_MS),),
    )
    staging.copy(cursor)
    _check(cursor, wanted.kind, rules)
    error_count = count_errors(cursor)
    if error_count:
        errors = tuple(read_errors(cursor, wanted.most_errors))
        raise _UndoneError(
            Imported(staging.row_count, wanted.is_dry_run, error_count=error_count, errors=errors)
        ) from None
    if wanted.kind is FileKind.STAFF:
        added, changed, unchanged = write_staff(cursor)
        imported = Imported(staging.row_count, wanted.is_dry_run, added, changed, unchanged)
    else:
        imported = _write_people(cursor, staging, wanted, rules)
    if wanted.is_dry_run:
        raise _UndoneError(imported)
    people = [] if wanted.kind is FileKind.STAFF else people_of_file(cursor)
    about = replace(_about(wanted, imported), person_ids=people)
    record_allowed(cursor, wanted.identity, Action.REGISTRY_IMPORT, about)
    return imported


def _check(cursor: Cursor, kind: FileKind, rules: CaseworkRules) -> None:
    if kind is FileKind.STAFF:
        check_staff(cursor)
        return
    is_people = kind is FileKind.PEOPLE
    if is_people:
        check_people(cursor)
    else:
        check_known(cursor)
    check_wearings(cursor, is_people=is_people)
    if not rules.eligibility.is_required:
        return
    errors = []
    for earlier in check_decisions(cursor):
        day, stated = london_day(earlier.worn_from), stated_answers(earlier.stated)
        facts = Facts(day, earlier.date_of_birth, earlier.prison, earlier.borough, earlier.screening_note, stated)
        assessed = assess(rules.eligibility, facts)
        if not assessed.is_eligible:
            fault = Fault(
                f"the decision does not hold on {day}: {assessed.reason}", "decide again, or give another day"
            )
            errors.append(row_error(earlier.row_number, "device_serial", earlier.serial, fault))
    add_errors(cursor, errors)


def _write_people(cursor: Cursor, staging: RegistryStaging, wanted: Wanted, rules: CaseworkRules) -> Imported:
    added = changed = unchanged = decisions = 0
    corrected, untold = [], []
    unsupervised = 0
    if wanted.kind is FileKind.PEOPLE:
        unsupervised = count_unsupervised(cursor)
        added, changed, unchanged = write_people(cursor)
        corrected = corrections_wanted(cursor)
        challenge = rules.eligibility.how_to_challenge
        decisions = write_decisions(cursor, rules.version, challenge, wanted.identity.subject)
    put_on, taken_off = write_activations(cursor)

    def correct(revision: int) -> None:
        for one in corrected:
            correction = correct_under_lock(cursor, one.person_id, one.date_of_birth, revision)
            untold.append(not say_untold(correction).told)
            about = Subject(person_id=one.person_id, detail={"stopped": True, "told": correction.told})
            record_allowed(cursor, wanted.identity, Action.DATE_OF_BIRTH_CORRECT, about)

    if put_on or taken_off or corrected:
        publish(cursor, wanted.lock_timeout_ms, correct)
    return Imported(
        staging.row_count,
        wanted.is_dry_run,
        added,
        changed,
        unchanged,
        decisions,
        put_on,
        taken_off,
        len(corrected),
        sum(untold),
        unsupervised,
    )


def _about(wanted: Wanted, imported: Imported) -> Subject:
    counts = {name: value for name, value in asdict(imported).items() if name not in {"errors", "rows"}}
    return Subject(row_count=imported.rows, detail={"kind": wanted.kind.value, **counts})
