"""`cordon dead-letters`."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction, owner_url
from cli.tables import print_table
from ingest.decode import DecodeLimits
from ingest.redelivery import event_messages_of, messages_of
from ingest.sinks import event_limits, open_event_sink, open_sink
from ingest.source import EventSink, PingSink
from model.enums import RejectionReason
from ops.errors import InputError
from ops.settings import Settings, load_settings
from store.database import Cursor, Pool
from store.dead_letters import (
    DeadLetter,
    DeadLetterSummary,
    count_dead_letters,
    list_dead_letters,
    load_dead_letter,
    mark_replayed,
)
from store.raw_batches import wearers_of
from store.sources import device_states

BYTES_A_LINE = 16
PRINTABLE = range(0x20, 0x7F)
PAGE = 500

dead_letters = typer.Typer(help="What could not become a position, and why.", no_args_is_help=True)

Reason = Annotated[RejectionReason | None, typer.Option(help="Only those with this reason.")]
Number = Annotated[int, typer.Argument(help="Id of the dead letter, from `cordon dead-letters list`.")]


def register(application: typer.Typer) -> None:
    application.add_typer(dead_letters, name="dead-letters")


@dead_letters.command("list")
def show_list(
    reason: Reason = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those already replayed.")] = False,
    after: Annotated[int, typer.Option(help="Go on after this id.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to list.")] = 50,
) -> None:
    """Count the dead letters by reason, and list them, oldest first.

    Example: cordon dead-letters list --reason unknown_device
    """
    with owner_transaction() as cursor:
        counts = count_dead_letters(cursor)
        found = list_dead_letters(cursor, reason, replayed=all_, after=after, limit=limit)
        record_allowed(cursor, command_identity(), Action.DEAD_LETTERS_LIST, Subject(row_count=len(found)))
    if not counts:
        print("there are no dead letters")
        return
    print_table(("REASON", "WAITING", "REPLAYED"), [(name, str(waiting), str(done)) for name, waiting, done in counts])
    print()
    print_table(("ID", "RECEIVED", "FROM", "REASON", "BYTES", "REPLAYED"), [_row(summary) for summary in found])
    if len(found) == limit:
        print(f"\nmore: cordon dead-letters list --after {found[-1].dead_letter_id}")


@dead_letters.command("show")
def show_one(number: Number) -> None:
    """Show one dead letter: where it came from, why it was rejected, and its original bytes.

    The bytes are what a tag or a phone sent: treat them as personal data.

    Example: cordon dead-letters show 17
    """
    with owner_transaction() as cursor:
        letter = load_dead_letter(cursor, number)
        _record(cursor, Action.DEAD_LETTER_READ, letter)
    summary = letter.summary
    rows = [
        ("from", _origin(summary)),
        ("item", str(summary.item)),
        ("key", "none" if letter.key is None else ascii(letter.key.decode(errors="backslashreplace"))),
        ("reason", summary.reason),
        ("detail", summary.detail),
        ("received", summary.received_at.isoformat()),
        ("replayed", summary.replayed_at.isoformat() if summary.replayed_at else "no"),
        ("bytes", str(summary.size_bytes)),
    ]
    print_table(("DEAD LETTER", str(number)), rows)
    print()
    for line in dump(letter.value):
        print(line)


@dead_letters.command("replay")
def replay(
    number: Annotated[int | None, typer.Argument(help="Id of one dead letter.")] = None,
    reason: Reason = None,
) -> None:
    """Send dead letters in again: one, or all that wait with a reason.

    One is marked as replayed once what it holds is durable. One that would be rejected again stays and is named.

    Example: cordon dead-letters replay --reason unknown_device
    """
    if (number is None) == (reason is None):
        raise InputError("give the id of one dead letter, or --reason for all that wait with it")
    settings = load_settings()
    with _ways_in(settings) as ways:
        failures = [problem for one in _chosen(number, reason) if (problem := _replay_one(one, ways))]
    if failures:
        raise InputError("\n".join(failures))


def dump(value: bytes) -> list[str]:
    """Lines of place, bytes in hexadecimal and printable text: nothing in them can command a terminal."""
    lines = []
    for start in range(0, len(value), BYTES_A_LINE):
        part = value[start : start + BYTES_A_LINE]
        text = "".join(chr(byte) if byte in PRINTABLE else "." for byte in part)
        lines.append(f"{start:08x}  {part.hex(' '):<{BYTES_A_LINE * 3 - 1}}  {text}")
    return lines


def _chosen(number: int | None, reason: RejectionReason | None) -> list[int]:
    if number is not None:
        return [number]
    chosen: list[int] = []
    with owner_transaction() as cursor:
        while page := list_dead_letters(cursor, reason, replayed=False, after=chosen[-1] if chosen else 0, limit=PAGE):
            chosen += [summary.dead_letter_id for summary in page]
    return chosen


@dataclass(frozen=True, slots=True)
class _Ways:
    """Where a dead letter can go in again."""

    settings: Settings
    pool: Pool
    pings: PingSink
    events: EventSink

    def send(self, letter: DeadLetter) -> str:
        """Send what the letter holds and say what that was. InputError where it cannot go in."""
        if letter.summary.topic == self.settings.kafka_events_topic:
            events = event_messages_of(letter, event_limits(self.settings))
            self._require_registered(letter, [event.serial for event in events])
            self.events.append(events)
            return f"events {len(events)}"
        limits = DecodeLimits(self.settings.message_max_bytes, self.settings.region)
        messages = messages_of(letter, limits)
        self._require_registered(letter, [serial for serial, _ in messages])
        self.pings.append(messages)
        return f"pings {len(messages)}"

    def _require_registered(self, letter: DeadLetter, serials: Sequence[str]) -> None:
        if set(serials) - device_states(self.pool, serials).keys():
            raise InputError(
                f"dead letter {letter.summary.dead_letter_id} is of a device that is not registered:"
                " `cordon devices activate` registers it"
            )


@contextmanager
def _ways_in(settings: Settings) -> Iterator[_Ways]:
    with (
        closing(Pool(owner_url(settings), "cordon-dead-letters", size=1)) as pool,
        closing(open_sink(settings, pool)) as pings,
        closing(open_event_sink(settings, pool)) as events,
    ):
        yield _Ways(settings, pool, pings, events)


def _replay_one(number: int, ways: _Ways) -> str | None:
    """What was wrong with it, if anything was."""
    with owner_transaction() as cursor:
        letter = load_dead_letter(cursor, number)
    try:
        sent = ways.send(letter)
    except InputError as error:
        return str(error)
    with owner_transaction() as cursor:
        mark_replayed(cursor, number)
        _record(cursor, Action.DEAD_LETTER_REPLAY, letter)
    print(f"replayed {number}: {sent}")
    return None


def _record(cursor: Cursor, action: Action, letter: DeadLetter) -> None:
    """Whose tag sent it, if anybody's, the audit says by the topic's key alone: what was sent may be unreadable."""
    serial = None if letter.key is None else letter.key.decode(errors="replace")
    people = [] if serial is None else wearers_of(cursor, serial, letter.summary.received_at)
    detail = {"dead_letter_id": letter.summary.dead_letter_id}
    record_allowed(cursor, command_identity(), action, Subject(row_count=1, detail=detail, person_ids=people))


def _row(summary: DeadLetterSummary) -> tuple[str, ...]:
    return (
        str(summary.dead_letter_id),
        summary.received_at.isoformat(timespec="seconds"),
        _origin(summary),
        summary.reason,
        str(summary.size_bytes),
        summary.replayed_at.isoformat(timespec="seconds") if summary.replayed_at else "no",
    )


def _origin(summary: DeadLetterSummary) -> str:
    if summary.partition is None:
        return summary.topic
    return f"{summary.topic} partition {summary.partition} offset {summary.message_offset}"
