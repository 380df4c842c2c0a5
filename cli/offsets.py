"""`cordon offsets`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.kafka import broker_administration
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from ops.errors import InputError
from ops.settings import Settings, load_settings
from store.checks import checked_text
from store.offset_moves import PartitionState, list_partitions, lock_partition, move
from store.offsets import BEGINNING

offsets = typer.Typer(help="How far the workers are in each partition.", no_args_is_help=True)

REASON_LENGTH = 500
Held = tuple[int, int]
"""The first offset that the broker holds of a partition, and the one behind its last."""


def register(application: typer.Typer) -> None:
    application.add_typer(offsets, name="offsets")


@offsets.command("list")
def show() -> None:
    """List each partition: where its worker goes on, what the broker holds of it, and how many messages wait.

    Example: CORDON_BROKER=kafka cordon offsets list
    """
    settings = load_settings()
    with owner_transaction() as cursor:
        states = list_partitions(cursor)
    held = _held_by_broker(settings, {state.topic for state in states} | {settings.kafka_pings_topic})
    known = {(state.topic, state.partition) for state in states}
    never_claimed = [(*place, "", "never claimed", "", "") for place in sorted(held.keys() - known)]
    rows = [
        (state.topic, state.partition, state.epoch, _place(state.next_offset), state.worker, state.updated_at)
        for state in states
    ]
    print_table(
        ("TOPIC", "PARTITION", "EPOCH", "NEXT OFFSET", "WORKER", "UPDATED", "BROKER HOLDS", "LAG"),
        [
            (*map(str, row), *_broker_columns(held.get((row[0], row[1])), row[3]))
            for row in sorted([*rows, *never_claimed], key=lambda row: (row[0], row[1]))
        ],
    )


@offsets.command("set")
def set_offset(
    partition: Annotated[int, typer.Option(min=0, help="Partition of the topic of pings.")],
    offset: Annotated[str, typer.Option(metavar="N|beginning|end", help="The message to go on with.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit.")],
    yes: Annotated[bool, typer.Option("--yes", help="Yes, messages may stay unjudged.")] = False,
) -> None:
    """Make the workers go on elsewhere in a partition, after messages were lost or a topic was made anew.

    A running worker is fenced and goes on from there. Pings that are read again are stored once. The raw archive's
    chain goes on from its head.

    Example: cordon offsets set --partition 3 --offset beginning --reason "topic restored from backup, ticket 4711"
    """
    settings = load_settings()
    topic = settings.kafka_pings_topic
    reason = checked_text("the reason", reason, REASON_LENGTH)
    held = _held_partition(settings, topic, partition)
    target = _target(offset, held)
    with owner_transaction() as cursor:
        before = lock_partition(cursor, topic, partition)
        loss = Loss.of(before, held, target)
        if loss.total and not yes:
            raise InputError(f"{loss} would never be judged: nothing was changed; give --yes to accept that")
        epoch = move(cursor, before, target)
        about = Subject(detail=_detail(before, target, loss))
        record_allowed(cursor, command_identity(reason), Action.OFFSETS_SET, about)
    print(f"{topic}/{partition}: goes on at {target}, was {_place(before.next_offset)}; epoch {epoch}; {loss}")


@dataclass(frozen=True, slots=True)
class Loss:
    """Messages that a move leaves unjudged."""

    deleted: int  # the broker had let go of them already
    skipped: int  # the broker still holds them

    @classmethod
    def of(cls, state: PartitionState, held: Held, target: int) -> "Loss":
        first, end = held
        went_on_at = first if state.next_offset == BEGINNING else state.next_offset
        if went_on_at > end:  # the topic was made anew: none of what it holds was judged
            return cls(deleted=0, skipped=target - first)
        return cls(deleted=max(0, first - went_on_at), skipped=max(0, target - max(first, went_on_at)))

    @property
    def total(self) -> int:
        return self.deleted + self.skipped

    def __str__(self) -> str:
        return f"{self.deleted} messages that the broker has deleted and {self.skipped} that it still holds"


def _held_by_broker(settings: Settings, topics: set[str]) -> dict[tuple[str, int], Held]:
    """Nothing with the embedded queue, whose rows say it all."""
    if settings.broker != "kafka":
        return {}
    with broker_administration(settings) as broker:
        return {(topic, partition): held for topic in topics for partition, held in broker.held_offsets(topic).items()}


def _held_partition(settings: Settings, topic: str, partition: int) -> Held:
    with broker_administration(settings) as broker:
        held = broker.held_offsets(topic)
    if partition not in held:
        raise InputError(f"{topic} has no partition {partition}: it has {sorted(held) or 'none'}")
    return held[partition]


def _target(offset: str, held: Held) -> int:
    first, end = held
    if offset in {"beginning", "end"}:
        return first if offset == "beginning" else end
    if not offset.isdecimal():
        raise InputError(f"{offset!r} is no offset: give a number, beginning or end")
    if not first <= int(offset) <= end:
        raise InputError(f"the broker holds offsets {first} to {end}: {offset} is not among them")
    return int(offset)


def _detail(before: PartitionState, target: int, loss: Loss) -> dict[str, object]:
    return {
        "topic": before.topic,
        "partition": before.partition,
        "from_offset": before.next_offset,
        "to_offset": target,
        "deleted": loss.deleted,
        "skipped": loss.skipped,
        "chain_hash": before.chain_hash.hex(),
    }


def _place(next_offset: int) -> str:
    return "beginning" if next_offset == BEGINNING else str(next_offset)


def _broker_columns(held: Held | None, next_offset: str) -> tuple[str, str]:
    if held is None:
        return "", ""
    first, end = held
    if not next_offset.isdecimal():
        return f"{first}-{end}", str(end - first)
    if not first <= int(next_offset) <= end:
        return f"{first}-{end}", "OUT OF RANGE: cordon offsets set"
    return f"{first}-{end}", str(end - int(next_offset))
