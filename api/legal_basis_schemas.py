"""Legal bases as the API takes and gives them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Moment
from api.schemas import Answer
from model.legal_bases import LegalBasisKind, LegalBasisStatus
from store.legal_bases import LONGEST_REFERENCE, LONGEST_WORDING


class LegalBasisIn(BaseModel):
    """What lets a person's trail be looked at besides a condition of the licence."""

    model_config = ConfigDict(extra="forbid")

    kind: LegalBasisKind
    reference: str = Field(
        min_length=1, max_length=LONGEST_REFERENCE, description="By which it is found where it was made"
    )
    wording: str = Field(min_length=1, max_length=LONGEST_WORDING, description="As it stands there")
    starts: Moment = Field(description="It may lie in the past: crimes of that time are matched anew")
    ends: Moment = Field(description="Not included")


class LegalBasisOut(Answer):
    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True, validate_by_name=True)

    legal_basis_id: int
    person_id: int
    crn: str
    kind: LegalBasisKind
    reference: str
    wording: str
    starts_at: datetime = Field(alias="starts")
    ends_at: datetime = Field(alias="ends")
    status: LegalBasisStatus
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None = Field(description="Why it was refused, or ended")
    ended_by: str | None
    ended_at: datetime | None = Field(description="From when it holds no longer; null where it holds until its end")
    closed_at: datetime | None


class LegalBasesOut(Answer):
    legal_bases: list[LegalBasisOut]
