"""The shapes of evidence: requests, bundles and notices, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import LONGEST_TEXT, Answer


class EvidenceIn(BaseModel):
    """What the bundle states of its request and of who produces the exhibit."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(description="What the evidence is for; at most 500 characters", max_length=LONGEST_TEXT)
    basis: str = Field(description="The basis in law or policy; at most 500 characters", max_length=LONGEST_TEXT)
    maker: str = Field(
        description="Who produces the exhibit, as the statement says; at most 200 characters", max_length=LONGEST_TEXT
    )
    exhibit: str = Field(
        description="The exhibit's number, such as AS/12; at most 100 characters", max_length=LONGEST_TEXT
    )


class NoticeOut(Answer):
    notice_id: int
    evidence_id: int
    cause: Literal["result_changed", "crime_changed", "qualification_changed"]
    changes: list[str] = Field(description="What changed, in words")
    recipient: str
    noticed_at: datetime
    told_at: datetime | None = Field(description="When the recipient first read it; null until then")


class EvidenceOut(Answer):
    evidence_id: int
    result_id: int
    force: str
    state: Literal["requested", "issued", "refused"]
    problem: str | None = Field(description="Why it was refused, and what to do; null otherwise")
    requested_by: str
    requested_at: datetime
    purpose: str
    basis: str
    maker: str
    exhibit: str
    issued_at: datetime | None
    manifest_sha256: str | None = Field(description="Of the bundle's manifest.json; null until it is issued")
    key_fingerprint: str | None = Field(description="Of the key that signed it; null until it is issued")


class EvidenceDetail(EvidenceOut):
    notices: list[NoticeOut] = Field(description="What changed since the bundle was issued, for each who has it")


class NoticesPage(Answer):
    notices: list[NoticeOut]
    next: str | None = Field(description="Address of the next page; null on the last")
