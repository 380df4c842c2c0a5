"""The shapes of people, of decisions on who may be tagged, and of who wears what."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from alerts.eligibility import Answer as Found
from alerts.eligibility import StatedAnswer
from alerts.tagging import EligibilityRequest
from api.fields import PRINTABLE, Moment
from api.police_schemas import Body, WithAliases
from api.schemas import Answer
from store.activations import Activation, Device
from store.corrections import Correction
from store.eligibility import StoredDecision
from store.enrolment import CRN_LENGTH, IDENTIFIER_LENGTH, NAME_LENGTH, SUBJECT_LENGTH, NewPerson, PersonRecord


def parse_day(text: object) -> date:
    """Raises ValueError on anything but a day such as 1999-04-30."""
    if not isinstance(text, str) or len(text) != len("1999-04-30"):
        raise ValueError("give a day such as 1999-04-30")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day; give one such as 1999-04-30") from None


Day = Annotated[date, BeforeValidator(parse_day)]
Crn = Annotated[str, Field(min_length=1, max_length=CRN_LENGTH, pattern=PRINTABLE)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, pattern=PRINTABLE)]
StaffSubject = Annotated[str, Field(min_length=1, max_length=SUBJECT_LENGTH, pattern=PRINTABLE)]
Identifier = Annotated[str, Field(min_length=1, max_length=IDENTIFIER_LENGTH, pattern=PRINTABLE)]
Serial = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Place = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]
Code = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]


class PersonIn(Body):
    crn: Crn
    name: Name
    date_of_birth: Day | None = Field(default=None, description="Nobody is tagged without one")
    nomis_id: Identifier | None = None
    pnc_id: Identifier | None = None
    practitioner: StaffSubject | None = Field(default=None, description="Subject of the token of who supervises")
    team_id: int | None = Field(default=None, ge=1, le=2**63 - 1)

    def person(self) -> NewPerson:
        return NewPerson(**self.model_dump())


class PersonChange(Body):
    """What is left out stays; null takes it away."""

    name: Name = Field(default="", validate_default=False)
    date_of_birth: Day = Field(
        default=date.min,
        validate_default=False,
        description="Where it makes a wearer somebody who was under 18, monitoring stops and that time is shut away",
    )
    nomis_id: Identifier | None = None
    pnc_id: Identifier | None = None
    practitioner: StaffSubject | None = None
    team_id: int | None = Field(default=None, ge=1, le=2**63 - 1)

    def changes(self) -> dict[str, Any]:
        return self.model_dump(include=self.model_fields_set - {"date_of_birth"})

    @property
    def born(self) -> date | None:
        return self.date_of_birth if "date_of_birth" in self.model_fields_set else None


class CorrectionOut(Answer):
    monitoring_stopped: bool = Field(description="The person was under 18 while a tag was on them")
    officers_told: int = Field(description="Data-protection officers; 0: there is nobody, tell them now")

    @classmethod
    def of(cls, correction: Correction) -> Self:
        return cls(monitoring_stopped=correction.stopped, officers_told=correction.told)


class PersonRecordOut(Answer):
    person_id: int
    crn: str
    name: str
    date_of_birth: date | None
    nomis_id: str | None
    pnc_id: str | None
    practitioner: str | None
    team_id: int | None
    team: str | None
    ended_at: datetime | None = Field(description="No tag is on the person from then on")


class PersonChanged(PersonRecordOut):
    correction: CorrectionOut | None = Field(description="What a new date of birth brought about; null without one")

    @classmethod
    def after(cls, person: PersonRecord, correction: Correction | None) -> Self:
        out = PersonRecordOut.model_validate(person).model_dump()
        return cls(**out, correction=None if correction is None else CorrectionOut.of(correction))


class EndIn(Body):
    at: Moment
    take_tags_off: bool = Field(default=False, description="What is still on the person comes off then")


class StatedIn(Body):
    answer: Found
    basis: Text = Field(description="What the answer rests on: a record, a document, a visit")


class EligibilityIn(Body):
    for_day: Day = Field(description="On which the tag is to be put on, in London")
    screening_note: Text = Field(description="Why to be tagged is proportionate for this person")
    prison: Place | None = Field(default=None, description="Released from")
    borough: Place | None = Field(default=None, description="Released to")
    answers: dict[Code, StatedIn] = Field(
        default_factory=dict, max_length=100, description="The criteria that the facts do not answer, by their codes"
    )


class AnsweredOut(Answer):
    code: str
    words: str
    is_required: bool
    answer: Found
    basis: str


class DecisionOut(Answer):
    decision_id: int
    person_id: int
    rules_version: int
    for_day: date
    prison: str | None
    borough: str | None
    screening_note: str
    answers: list[AnsweredOut]
    is_eligible: bool
    reason: str
    how_to_challenge: str
    decided_by: str
    decided_at: datetime
    withdrawn_at: datetime | None = Field(description="It rested on a date of birth that was wrong")


class DecisionsOut(Answer):
    decisions: list[DecisionOut]


class ActivationOut(WithAliases):
    activation_id: int
    person_id: int
    crn: str
    device_serial: str
    began_at: datetime = Field(alias="from")
    ended_at: datetime | None = Field(alias="to", description="Null while it is on")

    @classmethod
    def of(cls, one: Activation) -> Self:
        return cls(
            activation_id=one.activation_id,
            person_id=one.person_id,
            crn=one.crn,
            device_serial=one.serial,
            began_at=one.began_at,
            ended_at=one.ended_at,
        )


class ActivationsOut(Answer):
    activations: list[ActivationOut]


class DeviceOnIn(Body):
    serial: Serial
    begins_at: Moment = Field(alias="from")
    ends_at: Moment | None = Field(default=None, alias="to")
    beside_another: bool = Field(default=False, description="The person wears another tag as well, and that is meant")


class DeviceOffIn(Body):
    serial: Serial
    at: Moment


class DeviceSwapIn(Body):
    off: Serial = Field(description="The tag that comes off")
    on: Serial = Field(description="The tag that goes on")
    at: Moment = Field(description="A position from then on belongs to the new tag's time")


class SwapOut(Answer):
    off: ActivationOut
    on: ActivationOut


class DeviceOut(Answer):
    serial: str
    last: ActivationOut | None = Field(description="The latest activation; null for one never on anybody")

    @classmethod
    def of(cls, device: Device) -> Self:
        return cls(serial=device.serial, last=None if device.last is None else ActivationOut.of(device.last))


class DevicesPage(Answer):
    devices: list[DeviceOut]
    next: str | None = Field(description="Address of the next page; null on the last")


def request_of(given: EligibilityIn) -> EligibilityRequest:
    return EligibilityRequest(
        given.for_day,
        given.screening_note,
        given.prison,
        given.borough,
        {code: StatedAnswer(one.answer, one.basis) for code, one in given.answers.items()},
    )


def decision_out(decision: StoredDecision) -> DecisionOut:
    return DecisionOut.model_validate(decision)
