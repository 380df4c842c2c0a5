"""The shapes of cover and of breaking the glass."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.fields import PRINTABLE, Moment
from api.rota_schemas import StaffSubject
from api.schemas import Answer
from store.break_glass import LONGEST_TEXT, SHORTEST_REASON
from store.covers import LONGEST_REASON

LONGEST_CRN = 32


class CoverIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    covered: StaffSubject = Field(description="Whose people are seen")
    covered_by: StaffSubject = Field(description="Who sees them; never the caller")
    starts_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="to", description="Not included; at most 92 days later")
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]


class CoverOut(Answer):
    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True, validate_by_name=True)

    cover_id: int
    covered: str
    covered_by: str
    starts_at: datetime = Field(alias="from")
    ends_at: datetime = Field(alias="to", description="Not included")
    reason: str
    granted_by: str
    granted_at: datetime
    ended_at: datetime | None = Field(description="When it was taken back, before its end")
    ended_by: str | None


class CoversOut(Answer):
    covers: list[CoverOut]


class BreakGlassIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    crn: Annotated[str, Field(min_length=1, max_length=LONGEST_CRN, pattern=PRINTABLE)]
    reason: Annotated[str, Field(min_length=SHORTEST_REASON, max_length=LONGEST_TEXT)]


class BreakGlassReviewIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_justified: bool
    note: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class BreakGlassOut(Answer):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    break_glass_id: int
    person_id: int
    crn: str | None = Field(description="Null for whoever does not see the person")
    reason: str
    opened_by: str
    opened_role: str
    opened_at: datetime
    ends_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    is_justified: bool | None
    review_note: str | None


class BreakGlassPage(Answer):
    break_glass: list[BreakGlassOut]
    next: str | None
