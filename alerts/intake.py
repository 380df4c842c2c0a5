"""Whether our own intake is proved alive, and the one alert while it is not (pure).

Every timer of silence runs on ``IntakeState.alive_through_us``, the broker's time up to which everything received was
judged, and begins anew at ``alive_since_us``: what we did not hear while we were deaf is not the wearer's silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from model.alerts import Alert, AlertChange, intake_alert_identifier
from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency
from model.times import SECOND_US, text_or_none
from model.watching import DeafReason, IntakeState

RULE = "intake-1"


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    deaf_after_s: float
    quiet_s: float  # so long may no tag at all be heard
    min_tags: int  # worn ones; of fewer, all may well be silent at once

    @property
    def deaf_after_us(self) -> int:
        return int(self.deaf_after_s * SECOND_US)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a look at the intake found."""

    now_us: int  # the database's clock
    started_us: int  # of the process that looks, by the same clock
    through_us: int | None  # the least over all partitions; None where one of them has no proof yet
    worn_tags: int
    newest_heard_us: int | None  # the last message of any worn tag


def judge_intake(state: IntakeState, seen: Observation, limits: IntakeLimits) -> IntakeState:
    """The state after the look. One who has just started waits for a proof before it calls the intake deaf."""
    through_us = seen.through_us
    if through_us is None or seen.now_us - through_us > limits.deaf_after_us:
        if state.deaf_since_us is None and seen.now_us - seen.started_us > limits.deaf_after_us:
            since_us = state.alive_through_us or through_us or seen.started_us
            return IntakeState(None, state.alive_through_us, since_us, DeafReason.NO_HEARTBEAT)
        return replace(state, alive_since_us=None)
    unbroken = state.alive_through_us is not None and through_us - state.alive_through_us <= limits.deaf_after_us
    alive_since_us = state.alive_since_us if unbroken and state.alive_since_us is not None else through_us
    quiet_since_us = max(alive_since_us, seen.newest_heard_us or alive_since_us)
    if seen.worn_tags >= limits.min_tags and through_us - quiet_since_us > limits.quiet_s * SECOND_US:
        return IntakeState(alive_since_us, through_us, state.deaf_since_us or quiet_since_us, DeafReason.NOTHING_HEARD)
    if state.deaf_since_us is not None:
        alive_since_us = through_us
    return IntakeState(alive_since_us, through_us)


def intake_changes(
    state: IntakeState, open_alerts: Sequence[Alert], seen: Observation, limits: IntakeLimits
) -> list[AlertChange]:
    """At most one alert is open: it is raised as the intake goes deaf and ended as it hears again."""
    if state.deaf_since_us is not None:
        return [] if open_alerts else [AlertChange(AlertChangeKind.RAISED, _deaf_alert(state, seen, limits))]
    heard_us = state.alive_since_us or seen.now_us
    return [
        AlertChange(
            AlertChangeKind.ENDED, replace(alert, state=AlertState.ENDED, ended_us=max(heard_us, alert.began_us))
        )
        for alert in open_alerts
    ]


def _deaf_alert(state: IntakeState, seen: Observation, limits: IntakeLimits) -> Alert:
    since_us = state.deaf_since_us or seen.now_us
    return Alert(
        alert_id=intake_alert_identifier(since_us),
        kind=AlertKind.INTAKE_DEAF,
        severity=Severity.WARNING,
        urgency=Urgency.IMMEDIATE,
        state=AlertState.OPEN,
        person_id=None,
        activation_id=None,
        zone_id=None,
        zone_version=None,
        visit_id=None,
        began_us=since_us,
        last_evidence_us=seen.now_us,
        ended_us=None,
        received_us=seen.now_us,
        evidence={
            "rule": RULE,
            "reason": state.deaf_reason,
            "processed_through": text_or_none(seen.through_us),
            "worn_tags": seen.worn_tags,
            "newest_heard_at": text_or_none(seen.newest_heard_us),
            "limits": {
                "deaf_after_s": limits.deaf_after_s,
                "quiet_s": limits.quiet_s,
                "min_tags": limits.min_tags,
            },
        },
    )
