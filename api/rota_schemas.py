"""The shapes of the rota and of hand-overs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.fields import PRINTABLE, Moment
from api.schemas import Answer
from api.security import LARGEST_BIGINT
from model.staff import StaffRole

LONGEST_SUBJECT = 200
LONGEST_NOTE = 1000
MOST_SHIFTS = 500
MOST_ALERTS = 500
MOST_TEAMS = 500

StaffSubject = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_SUBJECT, pattern=PRINTABLE, description="The subject of their token"),
]


TeamId = Annotated[int, Field(ge=1, le=LARGEST_BIGINT)]


class ShiftIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: StaffRole = Field(description="duty_officer or manager")
    subject: StaffSubject
    starts_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="to", description="Not included; later than now")
    teams: Annotated[list[TeamId], Field(max_length=MOST_TEAMS)] = Field(
        default=[], description="Its area: people of these teams; none: the whole service"
    )


class ShiftsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shifts: Annotated[list[ShiftIn], Field(min_length=1, max_length=MOST_SHIFTS)]


class ShiftOut(Answer):
    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True, validate_by_name=True)

    shift_id: int
    role: StaffRole
    subject: str
    name: str
    starts_at: datetime = Field(alias="from")
    ends_at: datetime = Field(alias="to", description="Not included")
    added_by: str
    teams: list[int] = Field(description="Its area; none: the whole service")
    cancelled_at: datetime | None = Field(description="Before it began; one that had begun was cut short instead")


class RotaOut(Answer):
    shifts: list[ShiftOut]


class AddedShifts(Answer):
    added: int
    warnings: list[str] = Field(description="What to look at all the same, in words")


class GapOut(Answer):
    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True)

    role: StaffRole
    starts_at: datetime = Field(alias="from")
    ends_at: datetime = Field(alias="to")


class GapsOut(Answer):
    gaps: list[GapOut]


class HandOverIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: StaffSubject
    alert_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_ALERTS)] | None = Field(
        default=None, description="Left out: all that is open on the caller"
    )
    note: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)] | None = Field(
        default=None, description="Kept with each alert; it is in no message"
    )


class HandOverOut(Answer):
    to: str
    alert_ids: list[UUID]
