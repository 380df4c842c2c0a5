"""What became of the alert: its end, or that it goes on, and every later change with the old values beside the new."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.explanation.documents import ExplainedChange
from alerts.explanation.stays import Stay
from alerts.explanation.wording import counted, moment_words, time_words
from model.enums import AlertChangeKind, AlertKind, AlertState, EndReason, Urgency
from model.explanations import AlertCase, DeviceTrouble, LoggedChange
from model.times import from_microseconds

SILENCE = "Silence is neither breach nor compliance."
SILENT = frozenset({AlertKind.NO_COMMUNICATION, AlertKind.NO_FIX, AlertKind.POWER_OFF})
TROUBLES = {
    AlertKind.NO_COMMUNICATION: "The tag has not been heard since {since}",
    AlertKind.NO_FIX: "The tag has not found its position since {since}",
    AlertKind.POWER_OFF: "The tag has been switched off since {since}",
    AlertKind.STRAP_TAMPER: "The tag has reported tampering with its strap since {since}",
    AlertKind.BATTERY_LOW: "The tag's battery has been low since {since}",
    AlertKind.BATTERY_CRITICAL: "The tag's battery has been nearly empty since {since}",
}
TOLD = {
    AlertChangeKind.RAISED: "Raised",
    AlertChangeKind.UPDATED: "Brought up to date",
    AlertChangeKind.ENDED: "Ended",
    AlertChangeKind.AMENDED: "Amended: what became known later changed it",
    AlertChangeKind.UPGRADED: "Upgraded: what became known later made it more serious or more urgent",
    AlertChangeKind.RETRACTED: "Retracted: later data says otherwise",
    AlertChangeKind.REOPENED: "Reopened: later data says that it goes on, or that it was so after all",
}
TOLD_VALUES = {
    "began_at": "its beginning",
    "ended_at": "its end",
    "last_evidence_at": "the last position that speaks for it",
    "kind": "its kind",
    "severity": "its severity",
    "urgency": "its urgency",
    "zone_version": "the zone's version",
}
"""What a change tells, and how an officer calls it."""


def ending_words(case: AlertCase, stay: Stay | None) -> str:
    """One sentence on how it stands, and one for each trouble of the device that bears on it."""
    alert = case.alert
    if alert.state is AlertState.RETRACTED:
        merged = f" It is part of the alert {case.merged_into} now." if case.merged_into else ""
        return f"Retracted: later data says otherwise. What was said of it stays readable here.{merged}"
    if alert.state is AlertState.ENDED:
        ended = "an unknown time" if alert.ended_us is None else time_words(alert.ended_us)
        return f"It ended at {ended}: {_end_reason(alert.evidence.get('end_reason'), stay)}."
    if stay is None:
        return f"It goes on. {_troubles(case)}".strip()
    last = f"The wearer was last seen {stay.being} at {time_words(alert.last_evidence_us)}"
    if case.last_heard_us is not None:
        last += f" (the tag was last heard at {time_words(case.last_heard_us)})"
    if any(one.kind in SILENT for one in case.troubles):
        return f"{last}, and no position has ended it since. {_troubles(case)}"
    return f"It goes on: no position has ended it. {last}. {_troubles(case)}".strip()


def explained_changes(case: AlertCase) -> tuple[ExplainedChange, ...]:
    return tuple(
        ExplainedChange(one.change, one.urgency, from_microseconds(one.happened_us), _change_words(case, one))
        for one in case.changes
    )


def course_paragraphs(case: AlertCase) -> tuple[str, ...]:
    lines = [one.in_words for one in explained_changes(case)]
    if case.updates:
        lines.append(f"Brought up to date {counted(case.updates, 'time')} as it went on.")
    return tuple(lines)


def _end_reason(reason: str | None, stay: Stay | None) -> str:
    if stay is None:
        return "what it was raised for is over"
    match reason:
        case EndReason.CROSSED:
            return "a crossing is over as soon as it is known"
        case EndReason.REGIME_CHANGED:
            return "the zone's hours or dates ended, or an authorisation began or ended"
        case EndReason.DEVICE_OFF:
            return "the tag was taken off the wearer by staff"
        case _:
            return f"the first position that is no longer {stay.being} has that time"


def _troubles(case: AlertCase) -> str:
    told = [_trouble(one) for one in case.troubles if one.kind in TROUBLES]
    if any(one.kind in SILENT for one in case.troubles):
        told.append(SILENCE)
    return " ".join(told)


def _trouble(one: DeviceTrouble) -> str:
    return f"{TROUBLES[one.kind].format(since=time_words(one.began_us))}."


def _change_words(case: AlertCase, one: LoggedChange) -> str:
    words = f"{time_words(one.happened_us)}: {TOLD[one.change]}"
    if one.change is AlertChangeKind.RETRACTED and case.merged_into is not None:
        words += f"; the stay is part of the alert {case.merged_into}"
    moved = _moved({**(one.before or {}), **one.after.get("before", {})}, one.after)
    if moved:
        words += f" ({'; '.join(moved)})"
    return f"{words}. Staff were told {_how(one.urgency)}."


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Each value that differs from what was told last, with the old one beside it."""
    return [
        f"{name} was {_shown(before[key])} and is now {_shown(after[key])}"
        for key, name in TOLD_VALUES.items()
        if key in before and key in after and before[key] != after[key]
    ]


def _shown(value: Any) -> str:
    if value is None:
        return "open"
    if isinstance(value, str) and "T" in value:
        return moment_words(datetime.fromisoformat(value))
    return str(value).replace("_", " ")


def told_words(case: AlertCase) -> str:
    """When staff were first told, and how serious and urgent it is now."""
    severity = f"Its severity is {case.alert.severity.value}"
    return (
        f"Staff were first told at {time_words(case.raised_us)}. {severity}, and it is told {_how(case.alert.urgency)}."
    )


def _how(urgency: Urgency) -> str:
    return "on the morning list" if urgency is Urgency.MORNING else "at once"
