"""Episodes: alerts of one person and one cause that lie close to each other. Times are microseconds since 1970 UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from model.casework import CaseStatus
from model.enums import AlertKind, AlertState, Severity


class CauseFamily(StrEnum):
    """What alerts of several kinds come from."""

    ZONE_ENTERED = "zone_entered"  # one zone: breaches, crossings, approaches, authorised entries, authority areas
    ABSENT = "absent"  # from one zone: absences from it, authorised ones too
    NOT_CHARGING = "not_charging"
    STRAP = "strap"
    SILENT = "silent"
    NO_POSITION = "no_position"  # it talks, and has no fix
    SERVICE_DEAF = "service_deaf"  # ours, no wearer's


FAMILIES: Mapping[AlertKind, CauseFamily] = {
    AlertKind.EXCLUSION_ZONE_BREACH: CauseFamily.ZONE_ENTERED,
    AlertKind.INFERRED_CROSSING: CauseFamily.ZONE_ENTERED,
    AlertKind.APPROACH_WARNING: CauseFamily.ZONE_ENTERED,
    AlertKind.AUTHORISED_ENTRY: CauseFamily.ZONE_ENTERED,
    AlertKind.AUTHORITY_AREA_ENTRY: CauseFamily.ZONE_ENTERED,
    AlertKind.INCLUSION_ZONE_ABSENCE: CauseFamily.ABSENT,
    AlertKind.CURFEW_ABSENCE: CauseFamily.ABSENT,
    AlertKind.AUTHORISED_ABSENCE: CauseFamily.ABSENT,
    AlertKind.LEFT_HOME_AREA: CauseFamily.ABSENT,
    AlertKind.BATTERY_LOW: CauseFamily.NOT_CHARGING,
    AlertKind.BATTERY_CRITICAL: CauseFamily.NOT_CHARGING,
    AlertKind.POWER_OFF: CauseFamily.NOT_CHARGING,
    AlertKind.STRAP_TAMPER: CauseFamily.STRAP,
    AlertKind.NO_COMMUNICATION: CauseFamily.SILENT,
    AlertKind.NO_FIX: CauseFamily.NO_POSITION,
    AlertKind.INTAKE_DEAF: CauseFamily.SERVICE_DEAF,
}
"""Late data may turn a kind into another of the same family, so the cause of an alert never changes."""

SEVERITIES = (Severity.BREACH, Severity.WARNING, Severity.INFORMATION)
"""The most serious first."""


@dataclass(frozen=True, slots=True)
class Cause:
    """``person_id`` is None for the service's own alerts, ``zone_id`` for those of a device."""

    person_id: int | None
    family: CauseFamily
    zone_id: int | None


@dataclass(frozen=True, slots=True)
class EpisodeAlert:
    """What an episode is made of; ``ended_us`` is None while it lasts."""

    alert_id: UUID
    kind: AlertKind
    severity: Severity
    state: AlertState
    status: CaseStatus
    assigned_to: str | None
    person_id: int | None
    zone_id: int | None
    began_us: int
    ended_us: int | None

    @property
    def cause(self) -> Cause:
        return Cause(self.person_id, FAMILIES[self.kind], self.zone_id)


@dataclass(frozen=True, slots=True)
class Episode:
    """``alerts`` in the order of their beginnings, at least one."""

    cause: Cause
    alerts: tuple[EpisodeAlert, ...]

    @property
    def episode_id(self) -> UUID:
        """That of its earliest alert: the same for everybody, as long as that alert stands."""
        return self.alerts[0].alert_id

    @property
    def began_us(self) -> int:
        return self.alerts[0].began_us

    @property
    def ended_us(self) -> int | None:
        """None while one of its alerts lasts."""
        ends_us = [alert.ended_us for alert in self.alerts if alert.ended_us is not None]
        return max(ends_us) if len(ends_us) == len(self.alerts) else None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to work one of its alerts."""
        return any(alert.status.is_open for alert in self.alerts)

    @property
    def severity(self) -> Severity:
        """The worst of the alerts that are still to be worked; of one that is closed, of all."""
        counted = [alert for alert in self.alerts if alert.status.is_open] or self.alerts
        return min((alert.severity for alert in counted), key=SEVERITIES.index)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of one cause's alerts those that lie in some of this time, ends included; ``until_us`` None is without end."""

    cause: Cause
    from_us: int
    until_us: int | None

    def holds(self, other: "Stretch") -> bool:
        """Whether ``other``, of the same cause, is all within."""
        is_long_enough = self.until_us is None or (other.until_us is not None and other.until_us <= self.until_us)
        return self.from_us <= other.from_us and is_long_enough
