"""The shapes of what police ask of one person or one place, and of the answers."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from api.fields import Moment
from api.police_schemas import Body, SeenPosition, WithAliases
from api.schemas import LONGEST_TEXT, Answer
from model.crimes import MatchVerdict
from model.review import DistanceBand, IdentifierKind, RequestState
from store.eliminations import StoredElimination
from store.scene_searches import SearchResult


class EliminationIn(Body):
    crn: str | None = Field(
        default=None, description="The person's case reference number; or give pnc_id", max_length=32
    )
    pnc_id: str | None = Field(default=None, description="The person's PNC id; or give crn", max_length=32)
    reason: str = Field(description="Why this person is asked for, as it stands on the record", max_length=LONGEST_TEXT)


class EliminationOut(Answer):
    elimination_id: int
    crime_id: int
    crime_version: int
    is_current_version: bool = Field(description="False: the crime was sent anew since; ask again")
    identifier_kind: IdentifierKind
    identifier: str
    reason: str
    requested_by: str
    requested_at: datetime
    state: RequestState
    answered_at: datetime | None
    ruled_out: bool | None = Field(
        description="Whether the track shows that the person was elsewhere. False says nothing more: not that the"
        " person was there, nor that they wear a tag, nor that they are known here. Null before the answer"
    )
    is_withdrawn: bool = Field(description="They were ruled out, and later data say otherwise: do not rely on it")
    reasons: list[str]
    nearest: DistanceBand | None = Field(description="Of who is ruled out: how near they came; null: not known")
    confirmed_result_id: int | None = Field(description="The match of this person, where a reviewer has confirmed it")

    @classmethod
    def of(cls, elimination: StoredElimination) -> Self:
        return cls.model_validate(elimination)


class EliminationsPage(Answer):
    eliminations: list[EliminationOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class SceneSearchIn(Body):
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(ge=1, le=500)
    begins_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="to", description="At most 12 h after from")
    crime: str | None = Field(default=None, description="Reference of a crime of the own force", max_length=100)
    authority: str | None = Field(
        default=None, description="Without a crime: the reason, as it stands on the record", max_length=LONGEST_TEXT
    )
    authorised_by: str | None = Field(
        default=None, description="Without a crime: who authorised it, somebody else", max_length=200
    )


class SearchCounts(Answer):
    present: int
    possible: int
    absent: int
    cannot_say: int


class FoundWearer(Answer):
    label: str = Field(description="Of this search alone: nobody learns from a search who it was")
    verdict: MatchVerdict
    reasons: list[str]
    nearest: DistanceBand | None
    position_count: int
    positions: list[SeenPosition]

    @classmethod
    def of(cls, result: SearchResult) -> Self:
        own = {name: getattr(result, name) for name in cls.model_fields if name != "positions"}
        return cls(**own, positions=[SeenPosition.of(one) for one in result.positions])


class SceneSearchOut(WithAliases):
    scene_search_id: int
    crime_id: int | None
    authority: str | None
    authorised_by: str | None
    lat: float
    lon: float
    radius_m: float
    begins_at: datetime = Field(alias="from", validation_alias="from_time")
    ends_at: datetime = Field(alias="to", validation_alias="to_time")
    requested_by: str
    requested_at: datetime
    state: RequestState
    answered_at: datetime | None
    algorithm_version: int | None
    settings: dict[str, Any] | None
    counts: SearchCounts | None = Field(description="Of everyone who wore a tag at some time of the window")


class SceneSearchWithResults(SceneSearchOut):
    results: list[FoundWearer] = Field(description="Who was there, or possibly there, by labels")
    next: str | None = Field(description="Address of the next page; null on the last")
