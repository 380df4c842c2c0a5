"""What the explanation of an alert is made from: the alert, the zone as it stood, and what was said of it since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from model.alerts import Alert
from model.enums import AlertChangeKind, AlertKind, Urgency
from model.zones import ZoneVersion


@dataclass(frozen=True, slots=True)
class PersonName:
    crn: str
    name: str


@dataclass(frozen=True, slots=True)
class ZoneAsItStood:
    """A version of the alert's zone, and the name of the preset that its policy was made from."""

    version: ZoneVersion
    preset: str


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One change of the alert with what was told of it then; ``before`` is what was told last, None at the first."""

    change: AlertChangeKind
    urgency: Urgency
    happened_us: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LapsedStay:
    """An earlier stay in the same zone that was possible and came to nothing."""

    entered_us: int
    last_inside_us: int
    positions_inside: int


@dataclass(frozen=True, slots=True)
class DeviceTrouble:
    """Another alert of the same device that is open: it is silent, or has no fix, or its battery is low."""

    alert_id: UUID
    kind: AlertKind
    began_us: int


@dataclass(frozen=True, slots=True)
class GrantedAuthorisation:
    """An authorisation of the alert's person and zone, granted for ``[begins_us, ends_us)``.

    It lifts the zone until ``lifts_until_us``: its end, or an earlier revocation. That is ``begins_us`` where it lifts
    nothing, revoked before it began or withdrawn whole afterwards.
    """

    authorisation_id: int
    begins_us: int
    ends_us: int
    lifts_until_us: int
    purpose: str
    granted_by: str
    granted_us: int
    revoked_us: int | None
    revoked_by: str | None


@dataclass(frozen=True, slots=True)
class AlertCase:
    """Everything that is known of one alert. Times are microseconds since 1970 UTC."""

    alert: Alert
    person: PersonName | None
    raised_us: int
    versions: tuple[ZoneAsItStood, ...]  # of the zone, oldest first; none for an alert without a zone
    changes: tuple[LoggedChange, ...]  # in order, without the updates of a stay that goes on
    updates: int  # how many of those there were
    lapsed: tuple[LapsedStay, ...]  # those shortly before the alert's stay, oldest first
    authorisations: tuple[GrantedAuthorisation, ...]  # of the stay's time and of the day before it, oldest first
    troubles: tuple[DeviceTrouble, ...]
    last_heard_us: int | None  # the last message of the device, whatever was in it; None where it is not known
    merged_into: UUID | None  # of a retracted one: the alert of the stay that later data made it part of
