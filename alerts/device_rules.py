"""The rules of device alerts (pure): what each kind means to staff, and the changes that bring alerts up to date.

Silence is a state of its own: it raises ``no_communication`` and says nothing about zones, neither breach nor
compliance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alerts.device_episodes import BatteryLimits, Episode
from model.alerts import Alert, AlertChange, device_alert_identifier
from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency
from model.times import SECOND_US, from_microseconds, text_or_none
from model.watching import IntakeState, Wearing, Worn

RULES = "device-1"


@dataclass(frozen=True, slots=True)
class Meaning:
    severity: Severity
    urgency: Urgency


MEANINGS: Mapping[AlertKind, Meaning] = {
    # a cut strap breaks a condition, and a strap may be faulty: a person has to find out which
    AlertKind.STRAP_TAMPER: Meaning(Severity.WARNING, Urgency.IMMEDIATE),
    AlertKind.POWER_OFF: Meaning(Severity.WARNING, Urgency.IMMEDIATE),
    AlertKind.BATTERY_CRITICAL: Meaning(Severity.WARNING, Urgency.IMMEDIATE),
    AlertKind.BATTERY_LOW: Meaning(Severity.INFORMATION, Urgency.MORNING),
    AlertKind.NO_COMMUNICATION: Meaning(Severity.WARNING, Urgency.IMMEDIATE),
    AlertKind.NO_FIX: Meaning(Severity.WARNING, Urgency.IMMEDIATE),
}
OF_EVENTS = (AlertKind.STRAP_TAMPER, AlertKind.POWER_OFF, AlertKind.BATTERY_LOW, AlertKind.BATTERY_CRITICAL)
OF_SILENCE = (AlertKind.NO_COMMUNICATION, AlertKind.NO_FIX)


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    no_communication_s: float
    no_fix_s: float
    heard_every_s: float  # what is written of a device may be older than what was heard by this much

    @property
    def no_communication_us(self) -> int:
        return int((self.no_communication_s + self.heard_every_s) * SECOND_US)

    @property
    def no_fix_us(self) -> int:
        return int((self.no_fix_s + self.heard_every_s) * SECOND_US)


def judge_silence(worn: Worn, intake: IntakeState, now_us: int, limits: SilenceLimits) -> list[AlertChange]:
    """What the silence of one worn device changes. Nothing at all while the intake is not proved alive."""
    if not intake.is_alive or intake.alive_since_us is None or intake.alive_through_us is None:
        return []
    alive_since_us, through_us = intake.alive_since_us, intake.alive_through_us
    return [
        *_no_communication(worn, alive_since_us, through_us, now_us, limits),
        *_no_fix(worn, alive_since_us, now_us, limits),
    ]


def asks_for_fix(worn: Worn, intake: IntakeState, limits: SilenceLimits) -> bool:
    """Whether the tag is to look for a fix: at half the time after which staff are told that it has none."""
    return intake.is_alive and _without_fix_us(worn, intake.alive_since_us or 0) >= limits.no_fix_us // 2


def _no_communication(
    worn: Worn, alive_since_us: int, through_us: int, now_us: int, limits: SilenceLimits
) -> list[AlertChange]:
    last_us = worn.heard.last_received_us
    began_us = max(worn.start_us, last_us or worn.start_us)
    alert = worn.open_alerts.get(AlertKind.NO_COMMUNICATION)
    if alert is not None:
        return [ended(alert, began_us)] if began_us > alert.began_us else []
    if through_us < max(began_us, alive_since_us) + limits.no_communication_us:
        return []
    facts = _silence_facts(worn, alive_since_us, {"no_communication_s": limits.no_communication_s})
    return [AlertChange(AlertChangeKind.RAISED, _new_alert(worn, AlertKind.NO_COMMUNICATION, began_us, now_us, facts))]


def _no_fix(worn: Worn, alive_since_us: int, now_us: int, limits: SilenceLimits) -> list[AlertChange]:
    """A device that talks for the whole of the time and has no fix; one that is silent is silent, not without a fix."""
    began_us = worn.fix_base_us
    alert = worn.open_alerts.get(AlertKind.NO_FIX)
    if alert is not None:
        return [ended(alert, began_us)] if began_us > alert.began_us else []
    if _without_fix_us(worn, alive_since_us) < limits.no_fix_us:
        return []
    facts = _silence_facts(worn, alive_since_us, {"no_fix_s": limits.no_fix_s})
    return [AlertChange(AlertChangeKind.RAISED, _new_alert(worn, AlertKind.NO_FIX, began_us, now_us, facts))]


def _without_fix_us(worn: Worn, alive_since_us: int) -> int:
    """For how long it has been heard without a fix."""
    if worn.at_beacon or worn.heard.last_received_us is None:
        return 0
    return worn.heard.last_received_us - max(worn.fix_base_us, alive_since_us)


def is_due(episode: Episode, intake: IntakeState, limits: BatteryLimits) -> bool:
    """Whether staff are told of it: of a low battery only where the wearer left it uncharged for the set time."""
    if episode.kind is not AlertKind.BATTERY_LOW:
        return True
    if episode.ended_us is not None:
        return episode.ended_us - episode.began_us >= limits.uncharged_us
    through_us = intake.alive_through_us
    return intake.is_alive and through_us is not None and through_us >= due_us(episode, intake, limits)


def due_us(episode: Episode, intake: IntakeState, limits: BatteryLimits) -> int:
    """When a low battery that is not charged reaches staff: the wait begins anew where we were deaf meanwhile."""
    return max(episode.began_us, intake.alive_since_us or episode.began_us) + limits.uncharged_us


def reconcile(
    wearing: Wearing,
    due: Sequence[Episode],
    pending: Sequence[Episode],
    alerts: Sequence[Alert],
    facts: Mapping[str, Any],
) -> list[AlertChange]:
    """The changes that turn ``alerts`` of an activation into those that its episodes call for.

    An episode keeps the alert that overlaps it, whatever late events did to its ends; an alert that none is left for
    is retracted. A ``pending`` episode raises nothing and keeps an alert that is there: staff were told, and it lasts.
    """
    changes: list[AlertChange] = []
    left = {alert.alert_id: alert for alert in alerts}
    for episode in due:
        alert = _pick(wearing, episode, left)
        changes += _raise(wearing, episode, facts) if alert is None else _correct(alert, episode)
    for episode in pending:
        alert = _pick(wearing, episode, left)
        if alert is not None and alert.state is AlertState.OPEN:
            changes += _correct(alert, episode)
        elif alert is not None:
            left[alert.alert_id] = alert
    changes += [
        AlertChange(AlertChangeKind.RETRACTED, replace(alert, state=AlertState.RETRACTED))
        for alert in left.values()
        if alert.state is not AlertState.RETRACTED
    ]
    return changes


def ended(alert: Alert, ended_us: int, by: str | None = None) -> AlertChange:
    evidence = {**alert.evidence, **({} if by is None else {"ended_by": by})}
    return AlertChange(
        AlertChangeKind.ENDED, replace(alert, state=AlertState.ENDED, ended_us=ended_us, evidence=evidence)
    )


def _pick(wearing: Wearing, episode: Episode, left: dict[Any, Alert]) -> Alert | None:
    """The episode's own alert, or else the first that overlaps it; taken out of ``left``."""
    own = left.pop(device_alert_identifier(wearing.activation_id, episode.kind, episode.began_us), None)
    if own is not None:
        return own
    overlapping = [
        alert
        for alert in left.values()
        if alert.kind is episode.kind
        and alert.state is not AlertState.RETRACTED
        and (episode.ended_us is None or alert.began_us <= episode.ended_us)
        and (alert.ended_us is None or alert.ended_us >= episode.began_us)
    ]
    if not overlapping:
        return None
    first = min(overlapping, key=lambda alert: (alert.began_us, str(alert.alert_id)))
    return left.pop(first.alert_id)


def _raise(wearing: Wearing, episode: Episode, facts: Mapping[str, Any]) -> list[AlertChange]:
    """One that is over already goes to the morning list, with its end told too."""
    known = {"battery_pct": episode.battery_pct, **facts}
    alert = _new_alert(wearing, episode.kind, episode.began_us, episode.received_us, known)
    if episode.ended_us is None:
        return [AlertChange(AlertChangeKind.RAISED, alert)]
    alert = replace(alert, urgency=Urgency.MORNING)
    return [AlertChange(AlertChangeKind.RAISED, alert), ended(alert, episode.ended_us, episode.ended_by)]


def _correct(alert: Alert, episode: Episode) -> list[AlertChange]:
    state = AlertState.OPEN if episode.ended_us is None else AlertState.ENDED
    if (alert.state, alert.began_us, alert.ended_us) == (state, episode.began_us, episode.ended_us):
        return []
    urgency = alert.urgency
    if alert.state is not AlertState.OPEN and state is AlertState.OPEN:
        change = AlertChangeKind.REOPENED
        urgency = MEANINGS[alert.kind].urgency  # told as live, also where the morning list had it as over
    elif alert.state is AlertState.RETRACTED:
        change = AlertChangeKind.REOPENED
    elif alert.state is AlertState.OPEN and state is AlertState.ENDED:
        change = AlertChangeKind.ENDED
    else:
        change = AlertChangeKind.AMENDED
    evidence = {key: value for key, value in alert.evidence.items() if key != "ended_by"}
    if episode.ended_by is not None:
        evidence["ended_by"] = episode.ended_by
    return [
        AlertChange(
            change,
            replace(
                alert,
                state=state,
                urgency=urgency,
                began_us=episode.began_us,
                ended_us=episode.ended_us,
                evidence=evidence,
            ),
        )
    ]


def _new_alert(
    worn: Wearing | Worn, kind: AlertKind, began_us: int, received_us: int, facts: Mapping[str, Any]
) -> Alert:
    meaning = MEANINGS[kind]
    return Alert(
        alert_id=device_alert_identifier(worn.activation_id, kind, began_us),
        kind=kind,
        severity=meaning.severity,
        urgency=meaning.urgency,
        state=AlertState.OPEN,
        person_id=worn.person_id,
        activation_id=worn.activation_id,
        zone_id=None,
        zone_version=None,
        visit_id=None,
        began_us=began_us,
        last_evidence_us=began_us,
        ended_us=None,
        received_us=received_us,
        evidence={"rule": RULES, **facts},
    )


def _silence_facts(worn: Worn, alive_since_us: int, limits: Mapping[str, float]) -> dict[str, Any]:
    return {
        "last_heard_at": text_or_none(worn.heard.last_received_us),
        "last_fix_at": text_or_none(worn.heard.last_fix_us),
        "battery_pct": worn.heard.battery_pct,
        "intake_alive_since": from_microseconds(alive_since_us).isoformat(),
        "limits": limits,
    }
