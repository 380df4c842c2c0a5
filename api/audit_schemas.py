"""The shapes of answers about the audit."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas import Answer


class AuditRecordOut(Answer):
    audit_id: int
    happened_at: datetime
    subject: str
    role: str
    action: str
    outcome: str
    purpose: str
    request_id: str
    person_id: int | None = Field(description="The one person that it was about")
    person_ids: list[int] = Field(description="Whom a list showed")
    window_from: datetime | None = Field(description="Of the data that were asked for")
    window_to: datetime | None
    row_count: int | None
    detail: dict[str, Any] = Field(
        description="Ids, codes and numbers of what it was about; text that somebody wrote freely is withheld"
    )


class AuditPage(Answer):
    records: list[AuditRecordOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class LookOut(Answer):
    audit_id: int
    looked_at: datetime
    subject: str
    role: str
    purpose: str
    action: str
    window_from: datetime | None
    window_to: datetime | None
    row_count: int | None
    among_others: bool = Field(description="Whether it was a list that showed other people too")


class LooksPage(Answer):
    looks: list[LookOut]
    next: str | None = Field(description="Address of the next page; null on the last")
