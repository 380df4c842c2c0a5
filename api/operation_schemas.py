"""The shapes of operations: what officers send, and what is answered."""

from datetime import date, datetime, time
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.fields import PRINTABLE, Moment
from api.schemas import LONGEST_TEXT, Answer
from model.operations import Authority, MatchDay, OperationState, Power, Rank
from store.operations_match_days import ComingMatchDay

HOURS, MINUTES = 24, 60


def _time_of_day(text: object) -> time:
    """``HH:MM``, and 24:00 as the midnight that closes the day. Raises ValueError on anything else."""
    if isinstance(text, str) and text.isascii():
        hours, colon, minutes = text.partition(":")
        if colon and len(hours) == len(minutes) == len("00") and hours.isdigit() and minutes.isdigit():
            if text == "24:00":
                return time()
            if int(hours) < HOURS and int(minutes) < MINUTES:
                return time(int(hours), int(minutes))
    raise ValueError("give a time of the zone's clock such as 17:30, at most 24:00")


def _date(text: object) -> date:
    """``YYYY-MM-DD``. Raises ValueError on anything else."""
    try:
        found = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise ValueError("give a date such as 2026-11-28")
    return found


ClockTime = Annotated[time, BeforeValidator(_time_of_day, json_schema_input_type=str)]
Day = Annotated[date, BeforeValidator(_date, json_schema_input_type=str)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
WardCode = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=PRINTABLE)]


class AuthorityIn(BaseModel):
    """A stop-and-search authority as police gave it, entered by an officer of the service."""

    model_config = ConfigDict(extra="forbid")

    reference: Text = Field(description="A name of your own, or the force's; the zone has it, too")
    power: Text = Field(description=f"The legal power: {', '.join(Power)}")
    wards: list[WardCode] = Field(description="Codes of wards or boroughs: the area is all of them together")
    begins_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="to", description="Not included; at most 24 hours after from")
    officer: Text = Field(description="Name of the police officer who authorised it")
    rank: Text = Field(description=f"Their rank: {', '.join(Rank)}")
    reason: Text = Field(description="Why, as it stands on the authority")


class ExtensionIn(BaseModel):
    """The further record by which an authority goes on from its end."""

    model_config = ConfigDict(extra="forbid")

    ends_at: Moment = Field(alias="to", description="At most 24 hours after its end, and 48 after its beginning")
    officer: Text = Field(description="Name of the police officer who extended it")
    rank: Text
    reason: Text


class RecordOut(Answer):
    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True, validate_by_name=True)

    begins_at: datetime = Field(alias="from")
    ends_at: datetime = Field(alias="to")
    officer: str
    rank: str
    reason: str
    recorded_by: str = Field(description="The officer of the service who entered it")
    recorded_at: datetime


class AuthorityOut(Answer):
    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True, validate_by_name=True)

    reference: str
    power: str
    wards: list[str]
    begins_at: datetime = Field(alias="from")
    ends_at: datetime = Field(alias="to")
    state: OperationState
    closed_at: datetime | None
    closed_by: str | None
    records: list[RecordOut] = Field(description="The first one and, where it was extended, that one")

    @classmethod
    def of(cls, authority: Authority, now: datetime) -> Self:
        return cls(
            reference=authority.reference,
            power=authority.power,
            wards=list(authority.wards),
            begins_at=authority.begins_at,
            ends_at=authority.ends_at,
            state=authority.state(now),
            closed_at=authority.closed_at,
            closed_by=authority.closed_by,
            records=[RecordOut.model_validate(one) for one in authority.records],
        )


class AuthoritiesPage(Answer):
    authorities: list[AuthorityOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class WardOut(Answer):
    code: str
    name: str


class WardsPage(Answer):
    wards: list[WardOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class MatchDayIn(BaseModel):
    """A date on which the zone is in force, by its clock; a to that is not after its from is of the next day."""

    model_config = ConfigDict(extra="forbid")

    date: Day
    starts: ClockTime = Field(alias="from")
    ends: ClockTime = Field(alias="to")
    event: Text | None = Field(default=None, description="What takes place; needed where it is added")

    def as_match_day(self) -> MatchDay:
        return MatchDay(self.date, self.starts, self.ends, self.event)


class MatchDaysIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    match_days: list[MatchDayIn]


class MatchDayOut(Answer):
    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True)

    date: date
    starts: str = Field(alias="from")
    ends: str = Field(alias="to")
    event: str | None = Field(description="Null where it came with the zone's file")
    begins_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, coming: ComingMatchDay) -> Self:
        day = coming.match_day
        ends = "24:00" if day.ends == time() else f"{day.ends:%H:%M}"
        return cls(
            date=day.date,
            starts=f"{day.starts:%H:%M}",
            ends=ends,
            event=day.event,
            begins_at=coming.begins_at,
            ends_at=coming.ends_at,
        )


class MatchDaysOut(Answer):
    match_days: list[MatchDayOut] = Field(description="Those that are not over, in order")
