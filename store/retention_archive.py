"""The raw archive's batches that retention has to look into, a page at a time, and whose messages go."""

from datetime import datetime

from model.retention import Kind
from store.database import Cursor
from store.locks import Lock, hold_until_commit
from store.raw_batches import BATCH_COLUMNS, FUTURE_MOST, StoredBatch, Wear, places_by_receipt

PAGE = 5  # each batch holds some megabytes, and a transaction is short
BatchKey = tuple[str, int, bytes]
FIRST: BatchKey = ("", -1, b"")

_FRESH = (  # times that are not erased yet; after a restore from a backup, or with a message that came late, all again
    "SELECT due.device_id, due.times FROM due_times due LEFT JOIN erased_times erased"
    "   ON erased.device_id = due.device_id AND erased.kind = 'raw_archive'"
    " WHERE due.kind = 'raw_archive' AND NOT coalesce(erased.times, '{}') @> due.times"
)


def wears_to_erase(cursor: Cursor) -> list[Wear]:
    """Times whose messages go, as far as they have not gone already."""
    cursor.execute(
        "SELECT device_id, serial, coalesce(lower(span), '0001-01-01'), upper(span)"  # noqa: S608  names of this file
        f" FROM ({_FRESH}) fresh JOIN devices USING (device_id) CROSS JOIN unnest(times) AS span ORDER BY serial, span"
    )
    return [Wear(*row) for row in cursor.fetchall()]


def wears_held(cursor: Cursor) -> list[Wear]:
    """Times whose messages stay, whatever their age."""
    cursor.execute(
        "SELECT device_id, serial, lower(span), upper(span) FROM ("
        " SELECT device_id, during * tstzrange(from_time, to_time + interval '1 us') AS span"
        " FROM activation_records JOIN legal_holds USING (person_id) WHERE released_at IS NULL) held"
        " JOIN devices USING (device_id) WHERE NOT isempty(span) ORDER BY serial, span"
    )
    return [Wear(*row) for row in cursor.fetchall()]


def places_of(cursor: Cursor, wears: list[Wear]) -> set[tuple[int, int]]:
    """(partition, offset) of their messages whose fix times say nothing."""
    found: set[tuple[int, int]] = set()
    for wear in wears:
        found |= places_by_receipt(cursor, wear)
    return found


def next_batches(
    cursor: Cursor, after: BatchKey, aged_before: datetime | None, since: datetime | None
) -> list[StoredBatch]:
    """The next page, by key, of those wholly received before ``aged_before`` or received at or after ``since``.

    One erasure at a time: a second one would write back what the first has erased.
    """
    hold_until_commit(cursor, Lock.ERASURE)
    cursor.execute(
        f"SELECT {BATCH_COLUMNS} FROM raw_batches WHERE erased_at IS NULL"  # noqa: S608  names of this file
        " AND (topic, partition, previous_hash) > (%(topic)s, %(partition)s, %(hash)s)"
        " AND (received_to < coalesce(%(aged)s, '-infinity'::timestamptz)"
        "   OR received_to >= coalesce(%(since)s, 'infinity'::timestamptz))"
        " ORDER BY topic, partition, previous_hash LIMIT %(page)s",
        {
            "topic": after[0],
            "partition": after[1],
            "hash": after[2],
            "aged": aged_before,
            "since": None if since is None or since.year == 1 else since - FUTURE_MOST,
            "page": PAGE,
        },
    )
    return [
        StoredBatch(*row[:-3], *(bytes(blob) for blob in row[-3:]))  # the last three are bytes
        for row in cursor.fetchall()
    ]


def write_erased(cursor: Cursor, batch: StoredBatch, body: bytes, *, is_empty: bool) -> None:
    """The batch with less in it; ``is_empty``: every message of it is erased."""
    cursor.execute(
        "UPDATE raw_batches SET body = %s, erased_at = CASE WHEN %s THEN service_clock() END"
        " WHERE topic = %s AND partition = %s AND previous_hash = %s",
        (body, is_empty, batch.topic, batch.partition, batch.previous_hash),
    )


def archive_is_remembered(cursor: Cursor) -> None:
    """Once the whole archive was gone through: the next run looks for nothing of these times."""
    cursor.execute(
        "INSERT INTO erased_times AS known (device_id, kind, times, revision)"
        " SELECT device_id, kind, times, revision FROM due_times CROSS JOIN registry_revision WHERE kind = %s"
        " ON CONFLICT (device_id, kind) DO UPDATE SET times = known.times + excluded.times"
        " WHERE NOT known.times @> excluded.times",
        (Kind.RAW_ARCHIVE,),
    )
