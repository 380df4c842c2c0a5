"""The shapes of police requests for a trail, of decisions on them and of what is given. Times are UTC."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from api.fields import Moment
from api.police_schemas import Body, WithAliases
from api.schemas import LONGEST_TEXT, Answer
from api.security import LARGEST_BIGINT
from api.trail_areas import area_document
from model.enums import Mechanism, PositionFlag
from model.trails import TrailBasis, TrailDecision, TrailState
from store.trail_requests import StoredTrailRequest, TrailPosition


class TrailRequestIn(Body):
    crn: str | None = Field(default=None, max_length=32, description="Whose trail; or give match")
    match: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_BIGINT,
        description="The id of a match of the own force that a reviewer confirmed",
    )
    crime: str | None = Field(
        default=None, max_length=100, description="With crn: the reference of the own force's crime"
    )
    operation: str | None = Field(
        default=None, max_length=200, description="With crn and without a crime: what it is for"
    )
    reason: str = Field(max_length=LONGEST_TEXT, description="Why this trail is needed, as it stands on the record")
    legal_basis: TrailBasis
    basis_reference: str = Field(max_length=200, description="The order's number, the case or the authority's name")
    begins_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="to", description="Not included; at most 7 days after from, and over")
    area: dict[str, Any] = Field(
        description="GeoJSON: a Point with radius_m (2,000 at most), or a Polygon (12 km² at most)"
    )


class TrailDecisionIn(Body):
    decision: TrailDecision
    reason: str = Field(max_length=LONGEST_TEXT, description="Why, as it stands on the record")
    valid_h: float | None = Field(
        default=None, gt=0, le=72, description="Of authorised and extended: for how many hours from now it can be read"
    )


class TrailDecisionOut(Answer):
    decision: TrailDecision
    reason: str
    decided_by: str
    decided_at: datetime
    expires_at: datetime | None


class TrailRequestOut(WithAliases):
    trail_request_id: int
    force: str
    crn: str | None = Field(description="As police gave it; of a match, the wearer's, for managers alone")
    person_id: int | None = Field(description="For managers alone")
    match: int | None = Field(validation_alias="result_id")
    crime: str | None
    operation: str | None
    reason: str
    legal_basis: TrailBasis
    basis_reference: str
    begins_at: datetime = Field(alias="from", validation_alias="from_time")
    ends_at: datetime = Field(alias="to", validation_alias="to_time")
    area: dict[str, Any]
    requested_by: str
    requested_at: datetime
    decided_until: datetime = Field(description="Undecided by then it lapses")
    state: TrailState = Field(
        description="For police `not_granted` is refused, lapsed, not tagged and not known here alike; of a crn they"
        " read `requested` until `decided_until` whatever was decided, unless it was authorised"
    )
    expires_at: datetime | None = Field(description="Until when the trail can be read")
    decisions: list[TrailDecisionOut] = Field(description="In order; for police none that refuses a crn")
    authorised_before: int | None = Field(
        description="For managers alone: other requests for this person, of any force, authorised in the last 28 days"
    )

    @classmethod
    def of(cls, request: StoredTrailRequest) -> Self:
        names = {"match": "result_id", "begins_at": "from_time", "ends_at": "to_time"}
        own = {name: getattr(request, names.get(name, name)) for name in cls.model_fields if name != "area"}
        return cls.model_validate(own | {"area": area_document(request)}, by_name=True)


class TrailRequestsPage(Answer):
    trail_requests: list[TrailRequestOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class TrailPositionOut(Answer):
    fix_time: datetime
    lat: float
    lon: float
    accuracy_m: float | None = Field(description="Radius of the 95 % circle as the tag stated it; null: not stated")
    mechanism: str
    speed_mps: float | None
    heading_deg: float | None
    flags: list[str]

    @classmethod
    def of(cls, position: TrailPosition) -> Self:
        own = {name: getattr(position, name) for name in cls.model_fields}
        return cls.model_validate(
            own | {"mechanism": Mechanism(position.mechanism).word, "flags": PositionFlag(position.flags).words}
        )


class TrailOut(Answer):
    trail_request_id: int
    expires_at: datetime | None
    positions: list[TrailPositionOut] = Field(
        description="In the window and the area, at times when the tag's track may be looked at. None says nothing: not"
        " that the person was elsewhere, nor that the tag worked"
    )
    next: str | None = Field(description="Address of the next page; null on the last")
