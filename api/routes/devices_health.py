"""The health of devices and of the intake, for the monitoring officer: nobody's name and no place."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_text, encode_text, next_link
from api.documentation import documented
from api.fields import CursorText, Limit, Moment
from api.schemas import Answer
from api.security import Caller, Requires
from api.services import CurrentServices
from store.devices_health import IntakeHealth, list_devices_health, read_intake_health

router = APIRouter(tags=["devices"])

_HEALTH = {
    "intake": {
        "checked_at": "2026-11-22T10:00:05Z",
        "partitions": 6,
        "processed_through": "2026-11-22T10:00:01Z",
        "lag_s": 4.0,
        "alive_through": "2026-11-22T10:00:01Z",
        "deaf_since": None,
    },
    "devices": [
        {
            "serial": "TAG-0004",
            "is_worn": True,
            "last_heard_at": "2026-11-22T09:58:14Z",
            "last_fix_at": "2026-11-22T09:58:12Z",
            "battery_pct": 81.0,
            "battery_at": "2026-11-22T09:58:12Z",
        }
    ],
    "next": None,
}


class IntakeOut(Answer):
    checked_at: datetime
    partitions: int = Field(description="Of the queue that pings come in by")
    processed_through: datetime | None = Field(
        description="What was received before is judged; null: nothing proves it"
    )
    lag_s: float | None = Field(description="How far behind now that is")
    alive_through: datetime | None
    deaf_since: datetime | None = Field(description="Since when nothing comes in; null while it does")

    @classmethod
    def of(cls, intake: IntakeHealth) -> "IntakeOut":
        through = intake.processed_through
        lag_s = None if through is None else max((intake.checked_at - through).total_seconds(), 0.0)
        own = {name: getattr(intake, name) for name in cls.model_fields if name != "lag_s"}
        return cls(**own, lag_s=lag_s)


class DeviceHealthOut(Answer):
    serial: str
    is_worn: bool = Field(description="Whether it is on somebody now; never on whom")
    last_heard_at: datetime | None
    last_fix_at: datetime | None = Field(description="Of the last position that is no cell tower's; never where")
    battery_pct: float | None
    battery_at: datetime | None


class DevicesHealthPage(Answer):
    intake: IntakeOut
    devices: list[DeviceHealthOut]
    next: str | None = Field(description="Address of the next page; null on the last")


@router.get("/v1/devices/health", **documented(Permission.DEVICES_HEALTH_READ, _HEALTH))
def read_devices_health(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.DEVICES_HEALTH_READ, Action.DEVICES_HEALTH_READ))],
    services: CurrentServices,
    heard_before: Annotated[Moment | None, Query(description="Only devices that were not heard of since")] = None,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> DevicesHealthPage:
    """Devices by serial: when each was last heard of, its last fix and battery; and how far the intake is behind."""
    after = decode_text(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        intake = read_intake_health(transaction)
        found = list_devices_health(transaction, after, heard_before, limit + 1)
        page = found[:limit]
        record_allowed(transaction, caller.identity, Action.DEVICES_HEALTH_READ, Subject(row_count=len(page)))
    filters = {"limit": limit, "heard_before": heard_before.isoformat() if heard_before else None}
    more = next_link(request.url.path, filters, encode_text(page[-1].serial)) if found[limit:] else None
    shown = [DeviceHealthOut.model_validate(one) for one in page]
    return DevicesHealthPage(intake=IntakeOut.of(intake), devices=shown, next=more)
