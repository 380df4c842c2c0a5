"""Asking that a past be judged anew, in the transaction that changed it. The worker that owns a device answers."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from store.database import Cursor
from store.rows import insert_rows


def reevaluate_zones(cursor: Cursor, changes: Iterable[tuple[int, datetime]]) -> None:
    """``reevaluate_zone`` of everybody for many zones at once: (zone id, since)."""
    insert_rows(
        cursor,
        "SELECT request_reevaluation(zone_id, NULL, since::timestamptz) FROM (VALUES %s) AS changes (zone_id, since)",
        changes,
    )


def reevaluate_zone(cursor: Cursor, zone_id: int, person_id: int | None, since: datetime) -> None:
    """Whom the zone concerns, or only ``person_id``, is judged anew from ``since`` on; the future asks for nothing."""
    cursor.execute("SELECT request_reevaluation(%s, %s, %s)", (zone_id, person_id, since))


def reevaluate_late(cursor: Cursor, late: Sequence[tuple[int, datetime, datetime]]) -> None:
    """Each (device, fix time of its earliest late position, fix time of its latest), joined with what was asked for.

    In the order of the devices, as ``reevaluate_ended``: nobody blocks another for good.
    """
    insert_rows(
        cursor,
        "INSERT INTO reevaluations (device_id, from_time, until_time) VALUES %s ON CONFLICT (device_id) DO UPDATE"
        " SET from_time = least(reevaluations.from_time, excluded.from_time),"
        " until_time = greatest(reevaluations.until_time, excluded.until_time), error = NULL",
        sorted(late),
    )


def reevaluate_ended(cursor: Cursor) -> None:
    """Devices that came off with a visit still open: nothing more will be heard that could end it.

    An end that lay in the future when it was entered comes about without anybody changing anything.
    """
    cursor.execute(
        "INSERT INTO reevaluations (device_id, from_time)"
        " SELECT device_id, min(upper(during)) FROM presence JOIN device_activations USING (activation_id)"
        " WHERE upper(during) <= service_clock() GROUP BY device_id ORDER BY device_id"
        " ON CONFLICT (device_id) DO NOTHING"
    )
