"""What was done, by whom, for what purpose. If the record cannot be written, the answer is not given."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from store.audit import insert_record
from store.database import Cursor, Identity, Pool


class Action(StrEnum):
    """The audit's vocabulary. ``track.read`` is also written by the SQL function person_track."""

    SELF_READ = "self.read"
    API_READ = "api.read"
    PEOPLE_LIST = "people.list"
    VISITS_READ = "visits.read"
    ALERTS_LIST = "alerts.list"
    ALERT_READ = "alert.read"
    ALERTS_STREAM = "alerts.stream"
    TRACK_READ = "track.read"
    ZONES_LIST = "zones.list"
    ZONE_READ = "zone.read"
    ZONES_WRITE = "zones.write"
    ZONE_END = "zone.end"
    METRICS_READ = "metrics.read"
    OFFSETS_SET = "offsets.set"
    RAW_ERASE = "raw.erase"
    TOKEN_CREATE = "token.create"  # noqa: S105 -- the name of an action
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 -- the name of an action


@dataclass(frozen=True, slots=True)
class Subject:
    """What a record is about; every part may be absent."""

    person_id: int | None = None
    window_from: datetime | None = None
    window_to: datetime | None = None
    row_count: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def record_allowed(cursor: Cursor, identity: Identity, action: Action, about: Subject) -> None:
    """Record within the transaction of what is recorded, so that neither is there without the other."""
    insert_record(cursor, identity, action, "allowed", **_columns(about))


def record_refusal(pool: Pool, identity: Identity, action: Action, about: Subject) -> None:
    """Record in a transaction of its own: the refused one is rolled back."""
    with pool.transaction(identity) as cursor:
        insert_record(cursor, identity, action, "refused", **_columns(about))


def _columns(about: Subject) -> dict[str, Any]:
    return {
        "person_id": about.person_id,
        "window_from": about.window_from,
        "window_to": about.window_to,
        "row_count": about.row_count,
        "detail": about.detail,
    }
