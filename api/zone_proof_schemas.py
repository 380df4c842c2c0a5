"""The shape of the proof that a zone is live."""

from datetime import datetime

from pydantic import Field

from api.schemas import Answer
from model.zone_proof import NotLiveReason


class NotLiveOut(Answer):
    reason: NotLiveReason
    words: str


class VersionFactsOut(Answer):
    version: int
    valid_from: datetime
    valid_to: datetime | None
    geometry_sha256: str = Field(
        description="SHA-256 of the GeoJSON geometry, as the zone shows it, with its keys sorted and no blanks"
    )
    schedule_words: str


class HeldPartitionOut(Answer):
    partition: int = Field(description="Of the intake, on which a position for the zone may come")
    worker: str | None = Field(description="Who took it last; null where nobody ever did")
    revision: int | None = Field(description="By which it judges; null where it does not say that it has the partition")
    silent_s: float | None = Field(description="Seconds since it was last seen; above 30 it proves nothing")
    since: datetime | None = Field(description="When it had loaded the zone as it stands, and had the partition")
    delay_s: float | None = Field(description="From the zone's last revision to then")


class CarrierOut(Answer):
    partition: int | None = Field(description="On which it was last heard; null where it never was: it may be any")
    serial: str | None = Field(description="Null too, as the times are, where the caller may not see the person")
    fix_time: datetime | None = Field(description="Of its newest position")
    received_at: datetime | None


class ZoneProofOut(Answer):
    reference: str
    is_live: bool
    words: str = Field(description="Yes or no, with every reason")
    reasons: list[NotLiveOut]
    asked_at: datetime
    holds: VersionFactsOut | None = Field(description="The version that holds now")
    coming: VersionFactsOut | None = Field(description="The next one to come")
    in_force: bool = Field(description="Within its dates and hours now")
    changes_at: datetime | None = Field(description="When that next changes; null where it does not within a year")
    revision: int | None = Field(
        description="Of the registry, with the zone as it stands; null where a condition has no zone"
    )
    revised_at: datetime | None
    partitions: list[HeldPartitionOut]
    tags: list[CarrierOut] = Field(description="Worn by the owner of a personal zone; of a shared one none is named")
    last_judged_at: datetime | None = Field(
        description="Fix time of the newest position that was judged by the zone as it stands; of a shared zone as"
        " workers note it now and then"
    )
