"""The shapes of legal holds."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.fields import PRINTABLE, Moment
from api.people_schemas import Day
from api.police_schemas import Body, WithAliases
from api.schemas import Answer
from store.legal_holds import REASON_LENGTH, LegalHold

Reason = Annotated[str, Field(min_length=1, max_length=REASON_LENGTH, pattern=PRINTABLE)]


class HoldIn(Body):
    begins_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="to", description="It belongs to the hold")
    reason: Reason
    review_at: Day | None = Field(default=None, description="When somebody asks whether it is still needed")


class ReleaseIn(Body):
    reason: Reason


class HoldOut(WithAliases):
    legal_hold_id: int
    begins_at: datetime = Field(alias="from")
    ends_at: datetime = Field(alias="to")
    reason: str
    placed_by: str
    placed_at: datetime
    review_at: date | None
    evidence_id: int | None = Field(description="Of the bundle of evidence that it was placed for")


class HoldsOut(Answer):
    holds: list[HoldOut]


def hold_out(hold: LegalHold) -> HoldOut:
    return HoldOut(
        legal_hold_id=hold.legal_hold_id,
        begins_at=hold.from_time,
        ends_at=hold.to_time,
        reason=hold.reason,
        placed_by=hold.placed_by,
        placed_at=hold.placed_at,
        review_at=hold.review_at,
        evidence_id=hold.evidence_id,
    )
