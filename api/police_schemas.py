"""The shapes of answers about crimes and matches. Times are UTC; a match's places are within its window and radius."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import LONGEST_TEXT, Answer
from model.crimes import GapReason, MatchVerdict
from model.enums import PositionFlag
from model.review import CrimeState, Decision, DistanceBand, MatchOutcome
from model.times import from_microseconds
from store.crimes import StoredCrime, StoredCrimeVersion
from store.police_matches import PersonMatch, PoliceMatch

DIGITS = {"accuracy_m": 1, "speed_mps": 2, "heading_deg": 1, "distance_m": 1, "overlap": 4}
"""Behind the point: what is stored with single precision has no more to say."""


class WithAliases(Answer):
    """With names that are words of Python."""

    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True, validate_by_name=True)


class WindowOut(WithAliases):
    begins_at: datetime = Field(alias="from")
    ends_at: datetime = Field(alias="to")

    @classmethod
    def all_of(cls, windows: list[tuple[int, int]]) -> list[Self]:
        return [cls(begins_at=from_microseconds(first), ends_at=from_microseconds(last)) for first, last in windows]


class RunOut(Answer):
    run_id: int
    cause: str = Field(description="`imported`, `settled`, `positions` (later ones came in) or `requested`")
    requested_by: str
    run_at: datetime
    algorithm_version: int
    software_version: str
    settings: dict[str, Any]
    present: int = Field(description="Of everyone who wore a tag at some time of the padded window")
    possible: int
    absent: int
    cannot_say: int


class CrimeOut(WithAliases):
    crime_id: int
    force: str
    reference: str
    version: int = Field(description="The newest")
    batch_id: int = Field(validation_alias="crime_batch_id", description="Of the file that the version came in")
    crime_type: str
    description: str
    begins_at: datetime = Field(alias="from", validation_alias="from_time")
    ends_at: datetime = Field(alias="to", validation_alias="to_time")
    state: CrimeState
    due_at: datetime | None = Field(description="When it is matched again, where that is known to come")
    run: RunOut | None = Field(description="The newest matching with its four counts; null before the first")


class CrimesPage(Answer):
    crimes: list[CrimeOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class CrimeVersionOut(Answer):
    version: int
    batch_id: int
    row_number: int
    crime_type: str
    description: str
    lat: float
    lon: float
    place_uncertainty_m: float
    windows: list[WindowOut] = Field(
        description="Two where a local time of the file is two instants: both are searched"
    )
    notes: list[str]
    given: dict[str, Any] = Field(description="The row as it stood in the file")
    changed_fields: list[str]
    is_current: bool
    created_at: datetime

    @classmethod
    def of(cls, version: StoredCrimeVersion) -> Self:
        own = {name: getattr(version, name) for name in cls.model_fields if name not in {"windows", "batch_id"}}
        return cls(**own, batch_id=version.crime_batch_id, windows=WindowOut.all_of(version.windows))


class CrimeWithVersions(CrimeOut):
    versions: list[CrimeVersionOut] = Field(description="The newest first")
    cannot_say_reasons: dict[GapReason, int] = Field(
        description="Of the wearers who cannot be placed, how many have a gap for each reason; one can have several"
    )

    @classmethod
    def with_versions(
        cls, crime: StoredCrime, versions: list[StoredCrimeVersion], reasons: dict[str, int]
    ) -> "CrimeWithVersions":
        own = CrimeOut.model_validate(crime).model_dump(by_alias=False)
        given = {"versions": [CrimeVersionOut.of(one) for one in versions], "cannot_say_reasons": reasons}
        return cls.model_validate(own | given)


class SeenPosition(Answer):
    """A position in the padded window and within the report radius."""

    fix_time: datetime
    lat: float
    lon: float
    accuracy_m: float = Field(description="The 95 % circle reckoned with")
    accuracy_stated: bool = Field(description="Whether the tag stated it")
    mechanism: str
    speed_mps: float | None
    heading_deg: float | None
    flags: list[str]
    distance_m: float = Field(description="From the stated place of the crime")
    overlap: float = Field(description="The part of its confidence circle within the crime's circle")
    label: str | None = Field(description="A1, A2 … B1: the visit and the place in it; null where it does not count")

    @classmethod
    def of(cls, position: dict[str, Any]) -> Self:
        rounded = {name: round(position[name], digits) for name, digits in DIGITS.items() if position[name] is not None}
        return cls.model_validate(position | rounded | {"flags": PositionFlag(position["flags"]).words})


class Identity(Answer):
    crn: str
    name: str
    pnc_id: str | None


class QualificationOut(Answer):
    decision: Decision
    note: str
    reviewer: str
    at: datetime


class OutcomeOut(Answer):
    outcome: MatchOutcome
    note: str
    recorded_by: str
    at: datetime


class WeightOut(Answer):
    words: list[str] | None
    yardstick: str | None = Field(description="Of the Professional Head of Intelligence Assessment")


class MatchOut(Answer):
    result_id: int
    run_id: int
    crime_id: int
    crime_version: int
    label: str = Field(description="What the wearer is called throughout the batch; another one in the next")
    verdict: MatchVerdict
    reasons: list[str]
    nearest: DistanceBand | None = Field(description="How near the wearer came in the padded window; null: not known")
    position_count: int = Field(description="Usable positions in the padded window, wherever they are")
    positions: list[SeenPosition]
    weight: WeightOut | None = Field(description="How likely chance is. It orders review, and is never guilt")
    is_current: bool = Field(description="Whether no later data replaced it")
    identity: Identity | None = Field(description="Null unless a reviewer's newest decision confirms it")
    qualifications: list[QualificationOut] = Field(description="The newest first; the newest stands")
    outcomes: list[OutcomeOut] = Field(description="The newest first; the newest stands")

    @classmethod
    def of(cls, match: PoliceMatch) -> Self:
        made = {"positions", "identity"}
        own = {name: getattr(match, name) for name in cls.model_fields if name not in made}
        person = None
        if match.crn is not None and match.name is not None:
            person = Identity(crn=match.crn, name=match.name, pnc_id=match.pnc_id)
        return cls.model_validate(
            own | {"positions": [SeenPosition.of(one) for one in match.positions], "identity": person}
        )


class MatchesPage(Answer):
    state: CrimeState = Field(description="While it is `waiting` or `set_aside`, an empty list says nothing of anybody")
    matches: list[MatchOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class PersonMatchOut(Answer):
    result_id: int
    run_id: int
    run_at: datetime
    force: str
    reference: str
    crime_type: str
    crime_version: int
    lat: float
    lon: float
    place_uncertainty_m: float
    windows: list[WindowOut]
    verdict: MatchVerdict
    match: dict[str, Any] = Field(description="All that the verdict goes by: positions, gaps, coverage")
    weight: dict[str, Any] | None
    decision: Decision | None = Field(description="The reviewer's; null before a review")

    @classmethod
    def of(cls, match: PersonMatch) -> Self:
        own = {name: getattr(match, name) for name in cls.model_fields if name not in {"windows", "match"}}
        return cls(**own, windows=WindowOut.all_of(match.windows), match=match.document)


class PersonMatchesPage(Answer):
    matches: list[PersonMatchOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QualificationIn(Body):
    decision: Decision
    note: str = Field(description="Why, as it stands on the record", max_length=LONGEST_TEXT)


class OutcomeIn(Body):
    outcome: MatchOutcome
    note: str = Field(description="What is known, as it stands on the record", max_length=LONGEST_TEXT)


class RerunOut(Answer):
    crime_id: int
    state: CrimeState
