"""What came of alerts, counted by the database: nobody who reads it sees an alert."""

from model.enums import AlertKind
from model.precision import JudgedAlerts
from store.database import Cursor


def read_judged_alerts(cursor: Cursor) -> list[JudgedAlerts]:
    """For a caller of the API, whose role the database checks."""
    cursor.execute("SELECT * FROM read_measured_detection()")
    return _judged(cursor)


def read_judged_alerts_as_owner(cursor: Cursor) -> list[JudgedAlerts]:
    cursor.execute("SELECT * FROM measure_detection()")
    return _judged(cursor)


def _judged(cursor: Cursor) -> list[JudgedAlerts]:
    return [JudgedAlerts(AlertKind(kind), *rest) for kind, *rest in cursor.fetchall()]
