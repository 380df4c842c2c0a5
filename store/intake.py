"""Whether the intake is proved alive: heartbeats that came through, and the state that is judged from them."""

from collections.abc import Collection, Mapping

from model.times import from_microseconds, microseconds_or_none, moment_or_none, to_microseconds
from model.watching import DeafReason, IntakeState
from store.database import Cursor, fetch_one


def note_heartbeats(cursor: Cursor, heartbeats: Mapping[tuple[str, int], int]) -> None:
    """Of each (topic, partition) whose batch held a heartbeat: the broker's time of it, in microseconds.

    It stands in the transaction of the batch, so it proves that what was received before it is judged and written. A
    sender's clock cannot carry it beyond our own.
    """
    for (topic, partition), heartbeat_us in sorted(heartbeats.items()):
        cursor.execute(
            "UPDATE partition_offsets"
            " SET processed_through = greatest(processed_through, least(%s, service_clock()))"
            " WHERE topic = %s AND partition = %s",
            (from_microseconds(heartbeat_us), topic, partition),
        )


def processed_through_us(cursor: Cursor, partitions: Mapping[str, Collection[int]]) -> int | None:
    """The least over the partitions of these topics; None where one of them has no proof yet, or none are known."""
    cursor.execute(
        "SELECT topic, partition, processed_through FROM partition_offsets WHERE topic = ANY (%s)", (list(partitions),)
    )
    proved = {(topic, partition): through for topic, partition, through in cursor.fetchall()}
    wanted = [proved.get((topic, partition)) for topic, numbers in partitions.items() for partition in numbers]
    proofs = [through for through in wanted if through is not None]
    return to_microseconds(min(proofs)) if proofs and len(proofs) == len(wanted) else None


def clock_us(cursor: Cursor) -> int:
    """The service's clock."""
    cursor.execute("SELECT service_clock()")
    return to_microseconds(fetch_one(cursor)[0])


def load_intake_state(cursor: Cursor) -> IntakeState:
    cursor.execute("SELECT alive_since, alive_through, deaf_since, deaf_reason FROM intake_state")
    since, through, deaf_since, reason = fetch_one(cursor)
    return IntakeState(
        alive_since_us=microseconds_or_none(since),
        alive_through_us=microseconds_or_none(through),
        deaf_since_us=microseconds_or_none(deaf_since),
        deaf_reason=None if reason is None else DeafReason(reason),
    )


def save_intake_state(cursor: Cursor, state: IntakeState) -> None:
    cursor.execute(
        "UPDATE intake_state SET alive_since = %s, alive_through = %s, deaf_since = %s, deaf_reason = %s",
        (
            moment_or_none(state.alive_since_us),
            moment_or_none(state.alive_through_us),
            moment_or_none(state.deaf_since_us),
            state.deaf_reason,
        ),
    )
