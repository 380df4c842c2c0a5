"""`cordon audit`."""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from access.audit import Action, Subject, record_allowed
from access.audit_files import AuditFileKind, file_lines
from access.audit_heads import read_heads
from access.audit_verification import MOST_SHOWN, Verification, verify_audit
from cli.owner import command_identity, owner_transaction, owner_url
from cli.tables import print_table
from cli.times import parse_time
from ops.errors import InputError
from ops.settings import load_settings
from store.audit_reads import AuditFilter, AuditRecord, audit_pages
from store.database import Cursor, connect
from store.enrolment import find_person

OWNER_ONLY = 0o600
HEADINGS = ("ID", "AT (UTC)", "WHO", "ROLE", "ACTION", "OUTCOME", "PERSON", "ROWS", "PURPOSE")
audit = typer.Typer(help="Who looked at what, and the proof that the record of it is whole.", no_args_is_help=True)

From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Only at this time or later.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Only before this time.")]
Subject_ = Annotated[str | None, typer.Option("--subject", help="Only by this subject.")]
ActionOption = Annotated[str | None, typer.Option("--action", help="Only this action, such as track.read.")]
Crn = Annotated[str | None, typer.Option(help="Only what concerned this person, alone or in a list.")]


class Outcome(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"


OutcomeOption = Annotated[Outcome | None, typer.Option("--outcome", help="Only what was allowed, or refused.")]


def register(application: typer.Typer) -> None:
    application.add_typer(audit, name="audit")


@audit.command("verify")
def verify(
    heads: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Published heads to hold the chain against; may be given again."),
    ] = None,
    public_key: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Public key of the sealer, got by another way; may be given again."),
    ] = None,
) -> None:
    """Check that no record of the audit was changed, taken away, added or moved. Exits 1 where one was.

    Without --heads or --public-key, whoever owns the database could have made the whole chain anew.

    Example: cordon audit verify --heads audit-heads.ndjson --public-key audit-key.pem.pub
    """
    keys = [_read(file) for file in public_key or []]
    published = (head for file in heads or [] for head in read_heads(file))
    with closing(connect(owner_url(load_settings()), "cordon-audit-verify")) as connection:
        connection.autocommit = True  # hours of reading must not hold back the cleaning of other tables
        with connection.cursor() as cursor:
            try:
                found = verify_audit(cursor, published, keys)
            except ValueError as error:
                raise InputError(f"--public-key: {error}") from None
    if heads and not found.heads:
        found.note("the files of heads hold none")
    with owner_transaction() as cursor:
        detail = {"newest_seal": found.newest_seal, "hash": found.newest_hash, "problems": found.problem_count}
        record_allowed(cursor, command_identity(), Action.AUDIT_VERIFY, Subject(row_count=found.rows, detail=detail))
    _print(found, with_heads=bool(heads), with_keys=bool(keys))
    if found.problem_count:
        raise typer.Exit(1)


@audit.command("search")
def search(
    from_time: From = None,
    to_time: To = None,
    subject: Subject_ = None,
    action: ActionOption = None,
    outcome: OutcomeOption = None,
    crn: Crn = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="The most records that are shown.")] = 100,
) -> None:
    """Show records of the audit, newest first. The search is recorded too.

    Example: cordon audit search --crn X123456 --from 2026-03-01T00:00:00Z
    """
    with owner_transaction() as cursor:
        wanted = _filter(cursor, from_time, to_time, subject, action, outcome, crn)
        found = [record for page in audit_pages(cursor, wanted, most + 1) for record in page]
        _record(cursor, Action.AUDIT_SEARCH, wanted, len(found[:most]))
    print_table(HEADINGS, [_shown(record) for record in found[:most]])
    if found[most:]:
        print(f"there are more than {most}: narrow the search, give --most, or use `cordon audit export`")


@audit.command("export")
def export(
    to_file: Annotated[Path, typer.Option("--file", metavar="FILE", help="Where it goes; it must not exist.")],
    kind: Annotated[AuditFileKind, typer.Option("--format", help="csv, or ndjson.")] = AuditFileKind.CSV,
    from_time: From = None,
    to_time: To = None,
    subject: Subject_ = None,
    action: ActionOption = None,
    outcome: OutcomeOption = None,
    crn: Crn = None,
) -> None:
    """Write records of the audit to a file, newest first, all that there are. The export is recorded too.

    Example: cordon audit export --file looks.csv --crn X123456
    """
    counts: list[int] = []
    try:
        with owner_transaction() as cursor, _new_file(to_file) as file:
            wanted = _filter(cursor, from_time, to_time, subject, action, outcome, crn)
            for lines in file_lines(kind, _counting(audit_pages(cursor, wanted, None), counts)):
                file.write(lines)
            file.flush()
            _record(cursor, Action.AUDIT_EXPORT, wanted, sum(counts))
    except BaseException:
        if counts:
            to_file.unlink(missing_ok=True)  # what is not recorded is not given
        raise
    print(f"wrote {to_file}, {sum(counts)} records")


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file of the owner's alone. Raises InputError where there is one already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): give a file that is not there") from None
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _counting(pages: Iterable[list[AuditRecord]], counts: list[int]) -> Iterator[list[AuditRecord]]:
    for page in pages:
        counts.append(len(page))
        yield page


def _filter(
    cursor: Cursor,
    from_time: str | None,
    to_time: str | None,
    subject: str | None,
    action: str | None,
    outcome: Outcome | None,
    crn: str | None,
) -> AuditFilter:
    return AuditFilter(
        from_time=_moment(from_time),
        to_time=_moment(to_time),
        subject=subject,
        action=action,
        outcome=outcome,
        person_id=None if crn is None else find_person(cursor, crn),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _record(cursor: Cursor, action: Action, wanted: AuditFilter, count: int) -> None:
    filters = {"subject": wanted.subject, "action": wanted.action, "outcome": wanted.outcome}
    detail = {name: value for name, value in filters.items() if value is not None}
    about = Subject(wanted.person_id, wanted.from_time, wanted.to_time, count, detail)
    record_allowed(cursor, command_identity(), action, about)


def _shown(record: AuditRecord) -> tuple[str, ...]:
    others = f"{len(record.person_ids)} people" if record.person_ids else ""
    return (
        str(record.audit_id),
        f"{record.happened_at:%Y-%m-%d %H:%M:%S}",
        record.subject,
        record.role,
        record.action,
        record.outcome,
        others if record.person_id is None else str(record.person_id),
        "" if record.row_count is None else str(record.row_count),
        record.purpose,
    )


def _print(found: Verification, *, with_heads: bool, with_keys: bool) -> None:
    if found.pruning is not None:
        pruned = found.pruning
        print(f"pruned: {pruned.rows_before} records through seal {pruned.through_seal}, last at {pruned.pruned_at}")
    print(f"checked {found.rows} records in {found.seals} seals, and {found.heads} published heads")
    if found.newest_sealed_at is not None:
        print(f"newest seal {found.newest_seal} of {found.newest_sealed_at:%Y-%m-%d %H:%M:%S} UTC: {found.newest_hash}")
    if found.unsealed:
        print(f"{found.unsealed} records are not sealed yet: whether those were changed cannot be told")
    for problem in found.problems:
        print(f"PROBLEM: {problem}")
    if found.problem_count > MOST_SHOWN:
        print(f"... and {found.problem_count - MOST_SHOWN} more")
    if found.problem_count:
        print(f"NOT VERIFIED: {found.problem_count} problem(s)")
    elif with_heads or with_keys:
        print("verified")
    else:
        print("verified by itself alone: give --heads or --public-key, or compare the newest seal's hash")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}): give a public key in PEM") from None
