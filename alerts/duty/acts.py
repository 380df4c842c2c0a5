"""What the timetable does to a case, in the name of the service."""

from collections.abc import Mapping
from uuid import UUID

from psycopg2.extras import Json

from model.casework import CaseAction
from store.database import Cursor

SERVICE = "cordon"


def act(cursor: Cursor, alert_id: UUID, action: CaseAction, detail: Mapping[str, str | int]) -> None:
    cursor.execute(
        "WITH changed AS (UPDATE alert_cases SET version = version + 1, assigned_to = coalesce(%s, assigned_to)"
        " WHERE alert_id = %s RETURNING alert_id, version)"
        " INSERT INTO alert_actions (alert_id, case_version, action, acted_by, acted_at, detail)"
        " SELECT alert_id, version, %s, %s, service_clock(), %s FROM changed",
        (detail.get("to"), str(alert_id), action.value, SERVICE, Json(dict(detail))),
    )
