"""The shapes of exports about a person, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Moment
from api.schemas import LONGEST_TEXT, Answer
from api.security import LARGEST_BIGINT


class ExportIn(BaseModel):
    """A subject's is of everything; a court's has a window."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["subject", "court"]
    person_id: Annotated[int, Field(ge=1, le=LARGEST_BIGINT)]
    reason: str = Field(
        description="What it is for, such as the request's number; at most 500 characters", max_length=LONGEST_TEXT
    )
    from_time: Moment | None = Field(default=None, description="Of a court's: the window's beginning")
    to_time: Moment | None = Field(default=None, description="Of a court's: the window's end")


class ReviewIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    decision: Literal["released", "refused"]
    sha256: str = Field(description="Of the archive that was looked at", pattern="^[0-9a-f]{64}$")
    note: str = Field(description="What was checked, or why it does not go out", max_length=LONGEST_TEXT)


class RedactionOut(Answer):
    what: str
    words: str = Field(description="As the archive says it, whether there was any or not")
    count: int = Field(description="How often; it is not in the archive")


class ExportOut(Answer):
    export_id: int
    kind: Literal["subject", "court"]
    person_id: int
    from_time: datetime | None
    to_time: datetime | None
    reason: str
    requested_by: str
    requested_at: datetime
    due_at: datetime | None = Field(description="A subject's is answered within one month; null of a court's")
    state: Literal["requested", "prepared", "released", "refused"]
    redactions: list[RedactionOut] | None = Field(
        description="What was left out or replaced; null until it is prepared"
    )
    byte_count: int | None
    sha256: str | None = Field(description="Of the archive")
    manifest_sha256: str | None = Field(description="Of manifest.json in the archive")
    key_fingerprint: str | None = Field(description="Of the key that signed the manifest; null where there is none")
    prepared_at: datetime | None
    expires_at: datetime | None = Field(description="From then on the archive is not given out, and is deleted")
    decided_by: str | None
    decided_at: datetime | None
    note: str | None


class ExportsPage(Answer):
    exports: list[ExportOut]
    next: str | None = Field(description="Address of the next page; null on the last")
