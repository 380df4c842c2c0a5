"""Alerts and their changes. Times are microseconds since 1970 UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency
from model.visits import IDENTIFIER_NAMESPACE


def visit_alert_identifier(visit_id: UUID) -> UUID:
    """One alert a visit, whatever kind later data makes of it."""
    return uuid5(IDENTIFIER_NAMESPACE, f"alert:{visit_id}")


def device_alert_identifier(activation_id: int, kind: AlertKind, began_us: int) -> UUID:
    return uuid5(IDENTIFIER_NAMESPACE, f"device-alert:{activation_id}:{kind}:{began_us}")


def intake_alert_identifier(began_us: int) -> UUID:
    return uuid5(IDENTIFIER_NAMESPACE, f"intake-alert:{began_us}")


def more_urgent(one: Urgency, other: Urgency) -> Urgency:
    return Urgency.IMMEDIATE if Urgency.IMMEDIATE in {one, other} else Urgency.MORNING


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that staff are told. What does not apply is None: a device's alert has no zone, our own no person."""

    alert_id: UUID
    kind: AlertKind
    severity: Severity
    urgency: Urgency
    state: AlertState
    person_id: int | None
    activation_id: int | None
    zone_id: int | None
    zone_version: int | None
    visit_id: UUID | None
    began_us: int
    last_evidence_us: int  # fix time of the latest position or event that speaks for it
    ended_us: int | None
    received_us: int  # receipt of what raised it
    evidence: Mapping[str, Any]  # JSON: why it was raised, with what was known (alerts/evidence.py)


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """How an alert stood when staff were last told of it."""

    kind: AlertKind
    severity: Severity
    urgency: Urgency
    state: AlertState
    began_us: int
    last_evidence_us: int
    ended_us: int | None


@dataclass(frozen=True, slots=True)
class AlertChange:
    """``before`` is what staff had been told, where later data says otherwise."""

    kind: AlertChangeKind
    alert: Alert
    before: ToldAlert | None = None
