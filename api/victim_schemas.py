"""What liaison officers send and get. An address stands in ``AddressIn`` and ``AddressOut``, and nowhere else."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alerts.victim_words import touches_night
from api.fields import PRINTABLE, Moment, Reference
from api.schemas import Answer
from api.security import LARGEST_BIGINT
from geofence.protected_zones import DEFAULT_MARGIN_M, LEAST_MARGIN_M, MOST_MARGIN_M
from model.victims import BreachMoment, TaskStatus, TellingKind, TellingMethod, WatchReason, ZoneWatch

LONGEST_ADDRESS = 500
LONGEST_NOTE = 500


class AddressKind(StrEnum):
    HOME = "home"
    WORK = "work"
    SCHOOL = "school"
    FAMILY = "family"
    OTHER = "other"


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class VictimOut(Answer):
    victim_id: int
    reference: str = Field(description="Says nothing; it may stand where the victim's name must not")
    liaison: str
    created_at: datetime


class VictimsList(Answer):
    victims: list[VictimOut]


class AddressIn(Sent):
    kind: AddressKind = AddressKind.HOME
    address: Annotated[str, Field(min_length=1, max_length=LONGEST_ADDRESS, pattern=PRINTABLE)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    margin_m: Annotated[
        float,
        Field(
            ge=LEAST_MARGIN_M,
            le=MOST_MARGIN_M,
            allow_inf_nan=False,
            description="How far from its zone's boundary the address lies at least",
        ),
    ] = DEFAULT_MARGIN_M


class AddressSet(Answer):
    address_id: int


class AddressOut(Answer):
    address_id: int
    kind: AddressKind
    address: str
    lat: float
    lon: float
    margin_m: float
    set_by: str
    set_at: datetime


class AddressesList(Answer):
    addresses: list[AddressOut]


class ShapeIn(Sent):
    geometry: dict[str, Any] = Field(description="GeoJSON; a circle is a Point with radius_m")


class ShapeOut(Answer):
    geometry: dict[str, Any] = Field(description="A zone that is linked to the address takes this shape")


class ZoneLinkIn(Sent):
    zone: Reference = Field(description="The reference of one wearer's exclusion zone")
    address_id: Annotated[int, Field(ge=1, le=LARGEST_BIGINT)]


class ReasonOut(Answer):
    code: WatchReason
    since: datetime | None


class VictimZoneOut(Answer):
    zone: str
    address_id: int
    linked_at: datetime
    state: ZoneWatch | None = Field(
        description="null while nobody has looked for two minutes: then it is not known, and must not be relied on"
    )
    reasons: list[ReasonOut]
    since: datetime | None
    looked_at: datetime | None


class VictimZonesList(Answer):
    zones: list[VictimZoneOut]


class ChoiceIn(Sent):
    kinds: set[TellingKind] = Field(description="Empty: nothing at all")
    method: TellingMethod = Field(description="By which a person tells them; Cordon sends a victim nothing")
    breach_when: BreachMoment = BreachMoment.REVIEWED
    hours_from: time = Field(default=time(9), description="By the clock in London")
    hours_to: time = Field(default=time(18))
    at_night: bool = Field(default=False, description="Whether hours between 21:00 and 08:00 were asked for")

    @model_validator(mode="after")
    def _hours_are_chosen(self) -> Self:
        if self.hours_from.tzinfo is not None or self.hours_to.tzinfo is not None:
            raise ValueError("give hours without an offset: they are those of the clock in London")
        if self.hours_from == self.hours_to:
            raise ValueError("hours_to equals hours_from: give hours of some length")
        if not self.at_night and touches_night(self.hours_from, self.hours_to):
            raise ValueError("these hours reach into the night (21:00 to 08:00): set at_night if the victim chose so")
        return self


class ChoiceOut(Answer):
    version: int
    kinds: list[TellingKind]
    method: TellingMethod
    breach_when: BreachMoment
    hours_from: time
    hours_to: time
    at_night: bool
    chosen_at: datetime


class ChoicesList(Answer):
    choices: list[ChoiceOut]


class TaskOut(Answer):
    task_id: int
    victim_id: int
    victim_reference: str
    kind: TellingKind
    status: TaskStatus
    happened_at: datetime
    words: str = Field(description="Proposed; whoever tells says it in their own")
    method: TellingMethod
    choice_version: int
    not_before: datetime
    made_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    told_at: datetime | None
    told_how: TellingMethod | None
    reason: str | None


class TasksPage(Answer):
    tasks: list[TaskOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class ToldIn(Sent):
    told_at: Moment
    told_how: TellingMethod


class NotToldIn(Sent):
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE, pattern=PRINTABLE)]
