"""Alerts of devices and of our own intake, and evidence of any other shape: every fact and limit in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.explanation.wording import distance_words, duration_words, moment_words

NAMED = ("rule", "rule_version", "facts", "limits")
UNITS = {"s": duration_words, "m": distance_words, "pct": "{:g} %".format}


def facts_of(evidence: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts, whether they stand in an object of their own or beside the rule's name."""
    return {**{name: value for name, value in evidence.items() if name not in NAMED}, **evidence.get("facts", {})}


def limits_of(evidence: Mapping[str, Any]) -> Mapping[str, Any]:
    limits: Mapping[str, Any] = evidence.get("limits", {})
    return limits


def in_words(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Such as `Battery: 12 %` for `battery_pct`: a name without its unit, and the value with it."""
    return tuple(_line(name, value) for name, value in values.items())


def _line(name: str, value: Any) -> str:
    stem, _, unit = name.rpartition("_")
    if isinstance(value, int | float) and not isinstance(value, bool) and unit in UNITS and stem:
        return f"{_sentence(stem)}: {UNITS[unit](value)}."
    if unit == "at" and stem:
        return f"{_sentence(stem)}: {_shown(value)}."
    return f"{_sentence(name)}: {_shown(value)}."


def _sentence(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _shown(value: Any) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case str():
            return _moment(value) or value.replace("_", " ")
        case dict():
            return "; ".join(f"{name.replace('_', ' ')} {_shown(inner)}" for name, inner in value.items()) or "none"
        case list():
            return ", ".join(map(_shown, value)) or "none"
        case _:
            return str(value)


def _moment(value: str) -> str | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment_words(moment)
