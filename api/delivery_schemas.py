"""The shapes of webhooks, deliveries and messages."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.fields import PRINTABLE, Moment
from api.schemas import Answer
from api.security import LARGEST_BIGINT
from model.enums import AlertChangeKind, Severity
from model.notices import NoticeChannel

LONGEST_OVERLAP_H = 168


class WebhookIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="https; its host has public addresses only", max_length=2000)
    description: Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
    changes: list[AlertChangeKind] = Field(
        default=[], max_length=len(AlertChangeKind), description="Only these changes of alerts; none given: all"
    )
    severities: list[Severity] = Field(
        default=[],
        max_length=len(Severity),
        description="Only alerts that are, or were just before, of these; none given: all",
    )


class WebhookOut(Answer):
    webhook_id: int
    url: str
    description: str
    changes: list[str]
    severities: list[str]
    created_by: str
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None
    failures: int = Field(description="Attempts that failed since it last took something")
    paused_until: datetime | None = Field(description="Nothing is sent before; null while all is well")
    last_delivered_at: datetime | None


class WebhookMade(Answer):
    webhook: WebhookOut
    secret: str = Field(description="What posts are signed with (Standard Webhooks); shown this once")


class WebhooksList(Answer):
    webhooks: list[WebhookOut]


class Rotation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    overlap_h: Annotated[float, Field(ge=0, le=LONGEST_OVERLAP_H)] = Field(
        default=24, description="Hours for which the secret before signs too"
    )


class Replay(BaseModel):
    """One event, or all that happened in a time, sent before or not; with neither, all that was given up."""

    model_config = ConfigDict(extra="forbid")

    event_id: Annotated[int, Field(ge=1, le=LARGEST_BIGINT)] | None = None
    begins_at: Moment | None = Field(default=None, alias="from")
    ends_at: Moment | None = Field(default=None, alias="to", description="Not included")


class Replayed(Answer):
    queued: int


class DeliveryOut(Answer):
    event_id: int
    channel: str
    state: str = Field(description="waiting, delivered or dead")
    change: str
    happened_at: datetime
    queued_at: datetime
    attempts: int
    last_error: str | None
    delivered_at: datetime | None
    dead_at: datetime | None


class DeliveriesPage(Answer):
    deliveries: list[DeliveryOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class AttemptOut(Answer):
    attempt_id: int
    event_id: int | None
    attempted_at: datetime
    took_ms: int
    status: int | None = Field(description="What the receiver answered; null where it did not")
    error: str | None = Field(description="Null where it was taken")


class AttemptsPage(Answer):
    attempts: list[AttemptOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class MessageOut(Answer):
    message_id: int
    channel: NoticeChannel
    subject: str
    body: str
    created_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    received_at: datetime | None
    dead_at: datetime | None


class MessagesPage(Answer):
    messages: list[MessageOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class MessageCount(Answer):
    channel: str
    state: str = Field(description="waiting, sending, refused, accepted, delivered, received or dead")
    amount: int


class MessageCounts(Answer):
    since: datetime
    counts: list[MessageCount]


class ReceiptOut(Answer):
    message_id: int
    received: bool
