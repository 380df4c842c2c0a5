"""A police file from its bytes to its batch, for the API, the command and the watched folder alike."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO, Self
from zoneinfo import ZoneInfo

from access.audit import Action, Subject, record_allowed
from crimes.files.reading import CrimeFileReader, ParsedRow
from crimes.files.row_errors import RowError
from ingest.matching.spool import Spool
from model.times import to_microseconds
from ops.errors import InputError
from ops.metrics import CRIME_FILES
from ops.settings import Settings
from store.audit import insert_record
from store.crime_batches import StoredBatch, Way, batch_of_content, list_errors
from store.crime_import import BatchHeader, import_crimes
from store.crime_staging import CrimeStaging
from store.database import Cursor, Identity

LOCAL_ZONE = "Europe/London"
ERRORS_SHOWN = 100
"""Of a batch's errors in an answer; all of them are with the batch."""

Begin = Callable[[], AbstractContextManager[Cursor]]
"""Begins a transaction under the sender's identity."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose file it is, and how it comes. ``force``: the one whose file it has to be; None: any."""

    identity: Identity
    way: Way
    force: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read. ``zones``: of the forces that write local times, by their identifiers."""

    zones: Mapping[str, tzinfo]
    max_bytes: int
    lock_timeout_ms: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        zones = dict.fromkeys(settings.local_time_forces, ZoneInfo(LOCAL_ZONE))
        return cls(zones, settings.crime_file_max_bytes, settings.lock_timeout_ms)

    def clock_of(self, force: str) -> str:
        """By whose clock the times of the force's files are, in words: those of rows that do not say it themselves."""
        if force in self.zones:
            return f"those of {LOCAL_ZONE}, as CORDON_CRIME_LOCAL_TIME_FORCES says"
        return "UTC (CORDON_CRIME_LOCAL_TIME_FORCES names forces that write local ones)"


@dataclass(frozen=True, slots=True)
class ImportedFile:
    batch: StoredBatch
    is_known: bool  # the same file came before: nothing changed
    errors: tuple[RowError, ...]  # the first ERRORS_SHOWN


class OtherForceError(InputError):
    """The file is another force's than its sender's: nothing was imported."""


class NoForceError(InputError):
    """The file does not say whose it is, so there is nobody to keep its errors for: they are here."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = errors


def import_crime_file(begin: Begin, stream: BinaryIO, sender: Sender, reading: Reading) -> ImportedFile:
    """Import one police file from ``stream``: its good rows are taken, with every error of the others.

    Raises FileTooLargeError, OtherForceError, NoForceError, and UnavailableError where the database or its locks are
    not had; nothing is written then.
    """
    with Spool(reading.max_bytes) as spool:
        spool.write_all(stream)
        return import_spooled_file(begin, spool, sender, reading)


def import_spooled_file(begin: Begin, spool: Spool, sender: Sender, reading: Reading) -> ImportedFile:
    """The same of a file that has arrived."""
    try:
        imported = _imported(begin, spool, sender, reading)
    except (OtherForceError, NoForceError) as error:
        with begin() as cursor:
            insert_record(
                cursor, sender.identity, Action.CRIMES_IMPORT, "refused", _about_refused(spool, sender, error)
            )
        CRIME_FILES.labels(sender.way, "refused").inc()
        raise
    CRIME_FILES.labels(sender.way, "repeated" if imported.is_known else imported.batch.state).inc()
    return imported


def _imported(begin: Begin, spool: Spool, sender: Sender, reading: Reading) -> ImportedFile:
    with begin() as cursor:
        known = batch_of_content(cursor, spool.content_hash, sender.force)
        if known is not None:
            return _recorded(cursor, sender, known, is_known=True)
    with CrimeStaging() as staging:
        header = _read(spool, staging, sender, reading)
        with begin() as cursor:
            batch, is_known = import_crimes(
                cursor, header, staging, sender.way, sender.identity.subject, reading.lock_timeout_ms
            )
            return _recorded(cursor, sender, batch, is_known=is_known)


def _read(spool: Spool, staging: CrimeStaging, sender: Sender, reading: Reading) -> BatchHeader:
    """Read the whole file into ``staging``; no transaction is open meanwhile."""
    spool.file.seek(0)
    reader = CrimeFileReader(spool.file, to_microseconds(datetime.now(UTC)), reading.zones)
    first_errors: list[RowError] = []
    for row in reader:
        if isinstance(row, ParsedRow):
            _refuse_other_force(row.crime.force, sender)
            staging.add_crime(row.row_number, row.crime, row.given)
        else:
            for error in row.errors:
                staging.add_error(error)
            first_errors += row.errors[: ERRORS_SHOWN - len(first_errors)]
    facts = reader.facts
    for refusal in facts.refusals:
        staging.add_error(refusal)
    force = facts.force or sender.force
    if force is None:
        raise NoForceError([*facts.refusals, *first_errors])
    _refuse_other_force(force, sender)
    return BatchHeader(
        force=force,
        reference=facts.batch or "",
        content_hash=spool.content_hash,
        format=None if facts.format is None else facts.format.value,
        row_count=facts.row_count,
        is_refused=bool(facts.refusals),
    )


def _refuse_other_force(force: str, sender: Sender) -> None:
    if sender.force is not None and force != sender.force:
        raise OtherForceError(f"the file is of {force}, and its sender's force is {sender.force}: nothing was imported")


def _recorded(cursor: Cursor, sender: Sender, batch: StoredBatch, *, is_known: bool) -> ImportedFile:
    """With the audit's record, in the transaction of the import."""
    about = Subject(
        row_count=0 if is_known else batch.new_count + batch.changed_count,
        detail={
            "crime_batch_id": batch.crime_batch_id,
            "way": sender.way,
            "known": is_known,
            "state": batch.state,
            "new": batch.new_count,
            "changed": batch.changed_count,
            "unchanged": batch.unchanged_count,
            "errors": batch.error_count,
        },
    )
    record_allowed(cursor, sender.identity, Action.CRIMES_IMPORT, about)
    errors = list_errors(cursor, batch.crime_batch_id, 0, ERRORS_SHOWN)
    return ImportedFile(batch, is_known, tuple(one.error for one in errors))


def _about_refused(spool: Spool, sender: Sender, error: Exception) -> Subject:
    reason = "other_force" if isinstance(error, OtherForceError) else "no_force"
    return Subject(detail={"way": sender.way, "reason": reason, "content_hash": spool.content_hash.hex()})
