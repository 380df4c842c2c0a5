"""`cordon raw`."""

from contextlib import closing
from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction, owner_url
from cli.times import parse_time
from ingest.erasure import Theirs, erase_person
from ingest.evidence import ChainReport, Proof, prove, verify_chain
from ops.errors import InputError
from ops.settings import load_settings
from store.database import Connection, Cursor, connect
from store.legal_holds import holds_on, keep_holds_out
from store.raw_batches import (
    ChainHead,
    StoredBatch,
    StoredFix,
    Wear,
    batch_after,
    batches_to_search,
    count_event_originals,
    erase_event_originals,
    find_batches,
    find_fixes,
    list_heads,
    moves_of,
    places_by_receipt,
    replace_body,
    wearers_of,
    wears_of,
)
from store.retention_archive import wears_held

raw = typer.Typer(
    help="The original bytes of every message, and the proof that they are unchanged.", no_args_is_help=True
)

ERASURE = "erasing a person's original bytes"


def register(application: typer.Typer) -> None:
    application.add_typer(raw, name="raw")


@raw.command("show")
def show(
    position: Annotated[
        str, typer.Argument(metavar="SERIAL@FIX_TIME[#KEY]", help="Tag, instant and, of several, which.")
    ],
) -> None:
    """Show the message that a position came from, and prove that it did. Exits 1 where it cannot be proved.

    Example: cordon raw show TAG-0001@2026-03-01T09:30:00Z
    """
    serial, moment, key = _parse_position(position)
    with owner_transaction() as cursor:
        fix = _one_fix(position, find_fixes(cursor, serial, moment), key)
        proofs = [prove(fix, batch) for batch in find_batches(cursor, fix.partition, fix.message_offset)]
        people = wearers_of(cursor, serial, fix.fix_time)
        about = Subject(window_from=fix.fix_time, window_to=fix.fix_time, row_count=1, person_ids=people)
        record_allowed(cursor, command_identity(), Action.RAW_READ, about)
    if not proofs:
        raise InputError(f"the archive holds no batch with offset {fix.message_offset} of partition {fix.partition}")
    proof = min(proofs, key=lambda one: one.problem is not None)
    _print_proof(fix, proof)
    if proof.problem:
        raise typer.Exit(1)


@raw.command("verify")
def verify(
    topic: Annotated[str | None, typer.Option(help="Only the chains of this topic.")] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="Only the chains of this partition number.")] = None,
) -> None:
    """Check every chain of the archive from its beginning to its head. Exits 1 where one is broken.

    Example: cordon raw verify --topic tag.pings
    """
    with closing(connect(owner_url(load_settings()), "cordon-raw-verify")) as connection:
        connection.autocommit = True  # hours of reading must not hold back the cleaning of other tables
        with connection.cursor() as cursor:
            heads = list_heads(cursor, topic, partition)
        reports = [_verify(connection, head) for head in heads]
    if not heads:
        raise InputError("the archive has no such chain: `cordon offsets list` shows the partitions")
    if any(report.broken for report in reports):
        raise typer.Exit(1)


@raw.command("erase")
def erase(
    crn: Annotated[str, typer.Option(help="Whose bytes.")],
    yes: Annotated[bool, typer.Option("--yes", help="Yes, for good.")] = False,
) -> None:
    """Erase the original bytes of everything that a person's tags sent while they wore them.

    Their hashes stay, so the chains still verify. Positions, dead letters and backups are not touched, nor is a message
    that holds something of somebody else's which is under a legal hold.

    Example: cordon raw erase --crn X123456 --yes
    """
    with owner_transaction() as cursor:
        keep_holds_out(cursor)
        person_id, wears = wears_of(cursor, crn)
        if not wears:
            raise InputError(f"{crn} has never worn a tag: there is nothing to erase")
        if held := holds_on(cursor, person_id):
            raise InputError(f"nothing of {crn} may be erased: {'; '.join(map(str, held))}")
        batches = batches_to_search(cursor, wears)
        held_of_others = _theirs(cursor, wears_held(cursor))
        replace = partial(replace_body, cursor) if yes else _leave
        erased = erase_person(batches, _theirs(cursor, wears), held_of_others, replace)
        events = (erase_event_originals if yes else count_event_originals)(cursor, wears)
        if yes:
            about = Subject(person_id=person_id, row_count=erased.messages + events)
            record_allowed(cursor, command_identity(ERASURE), Action.RAW_ERASE, about)
    if yes:
        print(
            f"erased {erased.messages} messages in {erased.batches} batches and the bytes of {events} events;"
            " the chains still verify"
        )
    else:
        print(
            f"{erased.messages} messages in {erased.batches} batches and the bytes of {events} events would be erased"
            " for good: give --yes to do it"
        )


def _parse_position(text: str) -> tuple[str, datetime, int | None]:
    serial, at, rest = text.rpartition("@")
    time, _, key = rest.partition("#")
    if not at or not serial:
        raise InputError(f"{text!r} is no position: write it like TAG-0001@2026-03-01T09:30:00Z")
    try:
        return serial, parse_time(time), int(key) if key else None
    except ValueError:
        raise InputError(f"{key!r} is no fix key: without #, the command lists those there are") from None


def _one_fix(position: str, found: list[StoredFix], key: int | None) -> StoredFix:
    chosen = [fix for fix in found if key is None or fix.fix_key == key]
    if not chosen:
        raise InputError(f"no position {position} is stored")
    if len(chosen) > 1:
        choices = "\n".join(f"  {position}#{fix.fix_key}" for fix in chosen)
        raise InputError(f"{len(chosen)} positions have that instant; say which:\n{choices}")
    return chosen[0]


def _print_proof(fix: StoredFix, proof: Proof) -> None:
    batch, message = proof.batch, proof.message
    lines = [
        ("position", f"{fix.serial}@{fix.fix_time.isoformat()}#{fix.fix_key}{' (quarantined)' * fix.quarantined}"),
        ("message", f"{batch.topic}, partition {fix.partition}, offset {fix.message_offset}"),
        ("received", fix.received_at.isoformat(timespec="milliseconds")),
        ("batch", f"offsets {batch.first_offset} to {batch.next_offset - 1}, {batch.message_count} messages"),
        ("previous", batch.previous_hash.hex()),
        ("chain hash", batch.chain_hash.hex()),
    ]
    if message is not None:
        lines.append(("leaf", message.hash().hex()))
    if message is not None and message.value is not None:
        lines.append(("bytes", message.value.decode("utf-8", "backslashreplace")))
    lines.append(("result", f"NOT VERIFIED: {proof.problem}" if proof.problem else "verified"))
    for name, value in lines:
        print(f"{name:<11} {value}")


def _verify(connection: Connection, head: ChainHead) -> ChainReport:
    def next_batch(previous_hash: bytes) -> StoredBatch | None:
        with connection.cursor() as cursor:
            return batch_after(cursor, head.topic, head.partition, previous_hash)

    with connection.cursor() as cursor:
        moves = moves_of(cursor, head.topic, head.partition)
    report = verify_chain(head, next_batch, moves)
    counts = f"{report.batches} batches, {report.messages} messages, {report.erased} of them erased"
    print(f"{head.topic}/{head.partition}: {counts}: {f'BROKEN: {report.broken}' if report.broken else 'verified'}")
    return report


def _theirs(cursor: Cursor, wears: list[Wear]) -> Theirs:
    by_key: dict[bytes, list[Wear]] = {}
    by_receipt: set[tuple[int, int]] = set()
    for wear in wears:
        by_key.setdefault(wear.serial.encode(), []).append(wear)
        by_receipt |= places_by_receipt(cursor, wear)
    return Theirs(by_key, by_receipt)


def _leave(_batch: StoredBatch, _body: bytes) -> None:
    """Only counted."""
