"""The shapes of answers, as the OpenAPI document shows them. Times are UTC; ids are ours."""

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from access.roles import Permission, Role
from api.casework_schemas import CaseOut, EntryOut, PlanAtAlert, WaitingOut
from api.fields import Moment
from geofence import policy_documents, schedule_documents
from geofence.schedule_words import words
from model.casework import CaseAction
from model.enums import (
    AlertKind,
    AlertState,
    Aspect,
    EndReason,
    Regime,
    Severity,
    Urgency,
    VisitState,
    ZoneKind,
)
from model.policies import policy_of
from store.alerts import StoredAlert
from store.zone_decisions import Outcome
from store.zone_list import StoredVersion

LONGEST_TEXT = 1000  # what is too long is named with its place by whoever knows the true limit


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Me(Answer):
    subject: str
    role: Role
    permissions: list[Permission]
    expires_at: datetime
    force: str | None = Field(description="The police force that the token works for; null for who is no police")
    csrf_token: str | None = Field(
        description="For the header X-CSRF-Token of a session's requests; null for who asks with a bearer token"
    )


class PersonOut(Answer):
    person_id: int
    crn: str
    name: str


class PeoplePage(Answer):
    people: list[PersonOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class ZoneAtAlert(Answer):
    reference: str
    name: str
    version: int = Field(description="The version that the visit was judged by")


class AlertOut(Answer):
    alert_id: uuid.UUID
    kind: AlertKind
    severity: Severity
    urgency: Urgency = Field(description="How whoever is told is told of it, and of every change")
    state: AlertState
    person: PersonOut | None = Field(description="Null for an alert about the service itself")
    zone: ZoneAtAlert | None = Field(description="Null for an alert about a device")
    visit_id: uuid.UUID | None
    began_at: datetime = Field(description="Time of the position or event that it begins with; of a silence, the last")
    last_evidence_at: datetime = Field(description="Time of the latest position or event that speaks for it")
    ended_at: datetime | None
    received_at: datetime = Field(description="Receipt of what raised it")
    raised_at: datetime
    updated_at: datetime
    last_heard_at: datetime | None = Field(description="Of an open alert: when its device was last heard, to a minute")
    silent_since: datetime | None = Field(
        description="Of an open alert whose device is silent: since when. What it last said stands until it is heard"
    )
    case: CaseOut = Field(description="How far it was worked")

    @classmethod
    def of(cls, alert: StoredAlert, now: datetime) -> Self:
        return cls(**_alert_fields(alert, now))


class AlertWithEvidence(AlertOut):
    evidence: dict[str, Any] = Field(description="What the alert stands on: positions, zone version, rule version")

    plan: PlanAtAlert | None = Field(description="What to do about it, as it stood when it was raised; what is done")
    history: list[EntryOut] = Field(description="Who did what when, in order")
    possible_actions: list[CaseAction] = Field(description="What the caller may do to it now")

    @classmethod
    def whole(cls, alert: StoredAlert, now: datetime, **further: Any) -> Self:
        return cls(**_alert_fields(alert, now), **further)


class AlertsPage(Answer):
    alerts: list[AlertOut]
    waiting: WaitingOut
    next: str | None = Field(description="Address of the next page; null on the last")


class VisitOut(Answer):
    visit_id: uuid.UUID
    zone_reference: str
    zone_name: str
    zone_kind: ZoneKind
    zone_version: int
    aspect: Aspect = Field(description="`buffer`: near the zone, not in it")
    regime: Regime = Field(description="`authorised`: the zone was lifted for this person then")
    state: VisitState = Field(
        description="`possible`: not confirmed yet; `lapsed`: never was; `retracted`: later data took it back"
    )
    inferred: bool = Field(description="Concluded from the way between two positions; none lies in the zone")
    entered_at: datetime = Field(
        description="Where absence is watched a visit is an absence, and this is when it began"
    )
    confirmed_at: datetime | None = Field(description="The fix time that made it certain enough; null where none did")
    last_inside_at: datetime = Field(description="The last position that speaks for the stay or absence")
    left_at: datetime | None = Field(
        description="The first position against it, or the moment at which `end_reason` ended it; null while it lasts"
    )
    end_reason: EndReason | None
    positions_inside: int = Field(description="Positions that speak for the stay or absence")
    merged_into: uuid.UUID | None = Field(description="Of a retracted one: the visit that it is a part of")


class VisitsPage(Answer):
    visits: list[VisitOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class ZoneOut(Answer):
    reference: str
    person_id: int | None = Field(description="Its owner; null for a shared zone")
    crn: str | None = Field(description="Null too where the caller may not see the person")
    version: int
    name: str
    kind: ZoneKind
    valid_from: datetime
    valid_to: datetime | None
    active_from: datetime | None
    active_to: datetime | None


class ZonesPage(Answer):
    zones: list[ZoneOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class VersionOut(Answer):
    version: int
    name: str
    kind: ZoneKind
    geometry: dict[str, Any] = Field(
        description="GeoJSON; a circle is shown as a Point with radius_m (a zone file gives radius_m as a property)"
    )
    schedule: dict[str, Any] | None = Field(description="As a zone file gives it; null is every hour")
    schedule_words: str = Field(description="The same in words")
    policy: dict[str, Any] = Field(description="The preset, and the values that differ from it")
    disclosed: bool = Field(description="Whether the wearer has been told of the zone")
    valid_from: datetime = Field(description="Fixes from here on are judged by this version")
    valid_to: datetime | None
    active_from: datetime | None
    active_to: datetime | None
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, version: StoredVersion) -> Self:
        """The row's columns, with the schedule in words too, and the preset within the policy."""
        schedule_words = words(schedule_documents.from_stored(version.schedule))
        policy = policy_documents.to_document(version.preset, policy_of(version.preset, version.policy))
        own = {"schedule_words": schedule_words, "policy": policy, "disclosed": version.is_disclosed}
        return cls.model_validate(asdict(version) | own)


class AuthorisationIn(BaseModel):
    """Who may be in, or away from, the zone, when, and what for."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(description="CRN of a person whom you may see", max_length=LONGEST_TEXT)
    begins_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="to", description="Not included; at most 31 days after from")
    purpose: str = Field(description="What for, as it stands on the record", max_length=LONGEST_TEXT)


class AuthorisationOut(Answer):
    model_config = ConfigDict(frozen=True, from_attributes=True, serialize_by_alias=True, validate_by_name=True)

    authorisation_id: int
    zone_reference: str
    person_id: int
    crn: str
    begins_at: datetime = Field(alias="from")
    ends_at: datetime = Field(alias="to")
    lifts_until: datetime = Field(
        description="What of it holds: until its end, until it was revoked, or not at all where this equals from"
    )
    purpose: str
    granted_by: str
    granted_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None


class AuthorisationsPage(Answer):
    authorisations: list[AuthorisationOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class ZoneWithVersions(ZoneOut):
    versions: list[VersionOut]
    authorisations: list[AuthorisationOut] | None = Field(
        description="Those that hold or will, the newest 100 of the people you may see; null for a role that sees none"
    )


class PublishedOut(Answer):
    reference: str
    version: int
    outcome: Outcome
    valid_from: datetime


class PublishedZones(Answer):
    zones: list[PublishedOut]


class Readiness(Answer):
    status: str
    checks: dict[str, str]


def _alert_fields(alert: StoredAlert, now: datetime) -> dict[str, Any]:
    made = {"person": _person_of(alert), "zone": _zone_of(alert), "case": CaseOut.of(alert.case, alert.clocks, now)}
    return made | {name: getattr(alert, name) for name in AlertOut.model_fields if name not in made}


def _person_of(alert: StoredAlert) -> PersonOut | None:
    if alert.person_id is None or alert.crn is None or alert.person_name is None:
        return None
    return PersonOut(person_id=alert.person_id, crn=alert.crn, name=alert.person_name)


def _zone_of(alert: StoredAlert) -> ZoneAtAlert | None:
    if alert.zone_reference is None or alert.zone_name is None or alert.zone_version is None:
        return None
    return ZoneAtAlert(reference=alert.zone_reference, name=alert.zone_name, version=alert.zone_version)
