"""`cordon export`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli import supplier
from cli.owner import command_identity, owner_transaction, owner_url
from cli.tables import print_table
from cli.times import parse_time
from ingest.exports.keys import open_signing_key
from ingest.exports.personal import Maker, prepare
from ops.errors import InputError
from ops.files import OWNER_ONLY, write_pieces
from ops.settings import Settings, load_settings
from store.enrolment import find_person
from store.exports.requests import (
    Decision,
    StoredExport,
    Wanted,
    ask_export,
    asked_by,
    delete_expired,
    find_export,
    list_exports,
    next_export,
    note_prepared,
    owner_parts,
    review_export,
)
from store.exports.snapshots import snapshot

PAGE = 500
HEADINGS = ("ID", "KIND", "PERSON", "STATE", "ASKED BY", "ASKED (UTC)", "DUE (UTC)", "DECIDED BY", "REASON")
exports = typer.Typer(
    help="What leaves the service: one person's data, a court's, everything for a new supplier.", no_args_is_help=True
)
exports.command("supplier")(supplier.export)
exports.command("key")(supplier.make_key)

ExportId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its id, from `cordon export list`.")]
Crn = Annotated[str, typer.Option(help="Whose data.")]
Reason = Annotated[str, typer.Option(help="What it is for, such as the number of the request or the order.")]


def register(application: typer.Typer) -> None:
    application.add_typer(exports, name="export")


@exports.command("subject")
def of_subject(crn: Crn, reason: Reason) -> None:
    """Prepare a person's own data, as they asked for them. Somebody else has to review it before it goes out.

    Example: cordon export subject --crn X123456 --reason "DPA 2018 section 45, request 17"
    """
    _ask("subject", crn, reason, None, None)


@exports.command("court")
def of_court(
    crn: Crn,
    reason: Reason,
    from_time: Annotated[str, typer.Option("--from", help="The window's beginning.")],
    to_time: Annotated[str, typer.Option("--to", help="The window's end.")],
) -> None:
    """Prepare what is held of a person and a window, with original messages and hashes. Somebody else has to review it.

    Example: cordon export court --crn X123456 --from 2026-03-01T00:00Z --to 2026-03-02T00:00Z --reason "order 2026/4"
    """
    _ask("court", crn, reason, parse_time(from_time), parse_time(to_time))


@exports.command("prepare")
def prepare_waiting() -> None:
    """Prepare every export that managers have asked for, and delete archives whose 30 days are over. Run it by a timer.

    Example: cordon export prepare
    """
    prepared = 0
    while found := _prepare(None):
        _print_prepared(found)
        prepared += 1
    with owner_transaction() as cursor:
        deleted = delete_expired(cursor)
    print(f"prepared {prepared}; deleted {deleted} parts of archives that were refused or are over")


@exports.command("list")
def show() -> None:
    """List the exports about people, the newest first.

    Example: cordon export list
    """
    with owner_transaction() as cursor:
        found: list[StoredExport] = []
        while page := list_exports(cursor, found[-1].export_id if found else None, PAGE):
            found += page
    rows = [
        (
            str(one.export_id),
            one.kind,
            str(one.person_id),
            one.state,
            one.requested_by,
            f"{one.requested_at:%Y-%m-%d %H:%M}",
            f"{one.due_at:%Y-%m-%d %H:%M}" if one.due_at else "",
            one.decided_by or "",
            one.reason,
        )
        for one in found
    ]
    print_table(HEADINGS, rows)


@exports.command("review")
def review(
    export_id: ExportId,
    sha256: Annotated[str, typer.Option(help="Of the archive that you looked at.")],
    note: Annotated[str, typer.Option(help="What you checked, or why it does not go out.")],
    release: Annotated[bool, typer.Option("--release/--refuse", help="Whether it may go out.")],
) -> None:
    """Release an export that you looked at, or refuse it. Whoever asked for it cannot.

    Example: cordon export review 3 --release --sha256 9f86d0… --note "read all of it"
    """
    identity = command_identity("reviewing an export")
    with owner_transaction() as cursor:
        decision: Decision = "released" if release else "refused"
        decided = review_export(cursor, export_id, decision, note, sha256, identity.subject)
        if decided is None:
            raise InputError(f"there is no export {export_id}: `cordon export list` shows them")
        detail = {"export_id": export_id, "decision": decision}
        record_allowed(cursor, identity, Action.EXPORT_REVIEW, Subject(decided.person_id, detail=detail))
    print(f"export {export_id} is {decided.state}")


@exports.command("write")
def write(
    export_id: ExportId,
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where the zip goes; it must not exist.")],
) -> None:
    """Write an export's archive to a file: once it is released, or for whoever reviews it. The audit records it.

    Example: cordon export write 3 --to request-17.zip
    """
    identity = command_identity("taking an export")
    with owner_transaction() as cursor:
        found = find_export(cursor, export_id)
        if found is None or found.state not in {"prepared", "released"}:
            state = f"it is {found.state}" if found else "there is none"
            raise InputError(f"export {export_id} cannot be taken: {state}; `cordon export list` shows them")
        if found.state == "prepared" and asked_by(cursor, export_id, identity.subject):
            raise InputError(f"you asked for export {export_id} yourself: somebody else has to review it first")
        detail = {"export_id": export_id, "kind": found.kind, "state": found.state}
        about = Subject(found.person_id, found.from_time, found.to_time, detail=detail)
        record_allowed(cursor, identity, Action.EXPORT_READ, about)
        write_pieces(to, owner_parts(cursor, export_id), OWNER_ONLY)
    print(f"wrote {to}, {found.byte_count} bytes, SHA-256 {found.sha256}")


def _ask(kind: str, crn: str, reason: str, from_time: datetime | None, to_time: datetime | None) -> None:
    identity = command_identity("exporting a person's data")
    with owner_transaction() as cursor:
        person_id = find_person(cursor, crn)
        wanted = Wanted("court" if kind == "court" else "subject", person_id, reason, from_time, to_time)
        asked = ask_export(cursor, wanted, identity.subject)
        about = Subject(person_id, from_time, to_time, detail={"export_id": asked.export_id, "kind": kind})
        record_allowed(cursor, identity, Action.EXPORT_REQUEST, about)
    prepared = _prepare(asked.export_id)
    if prepared is not None:
        _print_prepared(prepared)


def _prepare(export_id: int | None) -> StoredExport | None:
    """In one snapshot: what the files say is of one moment."""
    settings = load_settings()
    maker = Maker(open_signing_key(settings), _settings_of_detection(settings))
    with snapshot(owner_url(settings), "cordon-export") as cursor:
        asked = next_export(cursor, export_id)
        if asked is None:
            return None
        note_prepared(cursor, asked.export_id, prepare(cursor, asked, maker))
        detail = {"export_id": asked.export_id, "kind": asked.kind, "state": "prepared"}
        about = Subject(asked.person_id, asked.from_time, asked.to_time, detail=detail)
        record_allowed(cursor, command_identity("preparing an export"), Action.EXPORT_READ, about)
        return find_export(cursor, asked.export_id)


def _settings_of_detection(settings: Settings) -> dict[str, float]:
    """Numbers only: no address, name or secret is one."""
    return {name: value for name, value in settings.model_dump().items() if isinstance(value, int | float)}


def _print_prepared(found: StoredExport) -> None:
    print(f"export {found.export_id} ({found.kind}) is prepared: {found.byte_count} bytes, SHA-256 {found.sha256}")
    rows = [(one["what"], str(one["count"]), one["words"]) for one in found.redactions or []]
    print_table(("LEFT OUT OR REPLACED", "HOW OFTEN", "WORDS"), rows)
    print(f"somebody else has to look at it, and release it: `cordon export review {found.export_id}`, or the API")
