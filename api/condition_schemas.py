"""The shapes of licence conditions in answers."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Moment, Reference
from api.schemas import Answer
from geofence import policy_documents, schedule_documents
from geofence.condition_drafts import LONGEST_WORDING
from geofence.schedule_words import words
from model.conditions import ConditionKind, ConditionStatus
from model.enums import ZoneKind
from model.policies import policy_of
from store.condition_decisions import LONGEST_REASON
from store.condition_list import ConditionVersion, StoredCondition, current_version, live_version


class ConditionVersionOut(Answer):
    version: int
    status: ConditionStatus = Field(description="`live`: approved by a second person; `superseded`: by a later version")
    edition: int = Field(description="Raised by each change of the draft")
    name: str
    wording: str = Field(description="The legal wording as it stands on the licence")
    starts: datetime
    ends: datetime | None
    geometry: dict[str, Any] | None = Field(description="GeoJSON; null where the condition has no place")
    schedule: dict[str, Any] | None = Field(description="As it was given; null is every hour")
    schedule_words: str = Field(description="The same in words")
    policy: dict[str, Any] | None = Field(description="The preset, and the values that differ from it")
    disclosed: bool = Field(description="Whether the wearer has been told of the place")
    drafters: list[str] = Field(description="Everybody who wrote of it, in order; none of them approves or refuses it")
    drafted_at: datetime
    decided_by: str | None = Field(description="Who approved, refused or withdrew it")
    decided_at: datetime | None
    reason: str | None = Field(description="Why it was refused, or ended")
    zone_version: int | None = Field(description="The version of the zone that its approval published")
    closed_by: str | None = Field(description="Who ended it, or approved what superseded it")
    closed_at: datetime | None
    ended_at: datetime | None = Field(description="From when it no longer holds, where it was ended before its date")

    @classmethod
    def of(cls, version: ConditionVersion) -> Self:
        policy = None
        if version.preset is not None and version.policy is not None:
            policy = policy_documents.to_document(version.preset, policy_of(version.preset, version.policy))
        own = {
            "starts": version.starts_at,
            "ends": version.ends_at,
            "schedule_words": words(schedule_documents.from_stored(version.schedule)),
            "policy": policy,
            "disclosed": version.is_disclosed,
        }
        return cls.model_validate(asdict(version) | own)


class RehearsedOut(Answer):
    at: datetime
    by: str
    weeks: int | None


class ConditionOut(Answer):
    condition_id: int
    person_id: int
    crn: str
    kind: ConditionKind
    reference: str = Field(description="Its zone's too")
    created_at: datetime
    current: ConditionVersionOut = Field(
        description="The draft that waits; without one the live version, or the latest"
    )
    live: ConditionVersionOut | None = Field(description="What holds, or will; null where nothing was approved")
    last_rehearsal: RehearsedOut | None = Field(
        default=None, description="The last time that a zone of this reference was rehearsed over the wearer"
    )

    @classmethod
    def of(cls, condition: StoredCondition, versions: list[ConditionVersion], rehearsed: object | None = None) -> Self:
        live = live_version(versions)
        return cls.model_validate(
            asdict(condition)
            | {
                "current": ConditionVersionOut.of(current_version(versions)),
                "live": None if live is None else ConditionVersionOut.of(live),
                "last_rehearsal": rehearsed,
            }
        )


class ConditionVersions(Answer):
    condition_id: int
    reference: str
    versions: list[ConditionVersionOut] = Field(description="Oldest first, word for word")


class ConditionSummaryOut(Answer):
    condition_id: int
    person_id: int
    crn: str
    kind: ConditionKind
    reference: str
    version: int = Field(description="The latest")
    status: ConditionStatus = Field(description="Of the latest version")
    name: str
    starts_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    drafters: list[str]
    live_version: int | None


class ConditionsPage(Answer):
    conditions: list[ConditionSummaryOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class UnwordedZoneOut(Answer):
    reference: str
    person_id: int
    crn: str
    name: str
    kind: ZoneKind
    valid_from: datetime
    created_by: str
    condition_id: int | None = Field(description="A condition that is being drafted for it")


class UnwordedZonesPage(Answer):
    zones: list[UnwordedZoneOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class AdoptionIn(BaseModel):
    """The legal wording of a zone that the person has already."""

    model_config = ConfigDict(extra="forbid")

    reference: Reference
    wording: str = Field(min_length=1, max_length=LONGEST_WORDING, description="As it stands on the licence")
    starts: Moment | None = Field(default=None, description="Left out: when the zone first held")


class ReasonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class EndIn(ReasonIn):
    at: Moment | None = Field(default=None, description="From when it no longer holds; now if left out")
