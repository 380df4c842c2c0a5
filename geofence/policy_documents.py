"""The policy of a zone, from its document and back. Every value is judged; what is wrong comes all at once."""

from collections.abc import Mapping
from dataclasses import asdict
from difflib import get_close_matches
from math import isfinite
from typing import Any

from geofence.problems import Defect, PropertyProblem
from geofence.structure import is_number, shown
from model.enums import ZoneKind
from model.policies import PRESETS, PresencePolicy, changes_of, policy_of

PRESETS_OF_KIND = {
    ZoneKind.EXCLUSION: ("steady", "fast"),
    ZoneKind.INCLUSION: ("curfew",),
    ZoneKind.CURFEW: ("curfew",),
    ZoneKind.CRIME_SCENE: ("record", "steady"),
    ZoneKind.AUTHORITY_AREA: ("area",),
    ZoneKind.HOME_AREA: ("home_area",),
}
"""The presets that a kind may take; the first one is its default."""

LIMITS = {
    "for_probability": (0.5, 1.0),
    "against_probability": (0.0, 0.5),
    "alone_probability": (0.5, 2.0),  # above 1: no position confirms alone
    "alone_depth_m": (0.0, 1000.0),
    "confirm_count": (1, 100),
    "confirm_dwell_s": (0.0, 86_400.0),
    "company_s": (60.0, 86_400.0),  # below a tag's usual interval, no two positions keep company and nothing confirms
    "leave_count": (1, 100),
    "leave_dwell_s": (0.0, 86_400.0),
    "leave_alone_m": (0.0, 100_000.0),
    "crossing_gap_s": (0.0, 3600.0),
    "crossing_depth_m": (0.0, 10_000.0),
    "buffer_m": (0.0, 10_000.0),
}
"""What each value of a policy may be, both ends included."""

COUNTS = ("confirm_count", "leave_count")
GRACE = "grace_s"  # what the confirming dwell means where absence is watched
DWELL = "confirm_dwell_s"
Choice = tuple[str, PresencePolicy]


def default_policy(kind: ZoneKind) -> Choice:
    """The preset of a zone whose file names none, with its policy."""
    preset = PRESETS_OF_KIND[kind][0]
    return preset, PRESETS[preset]


def read_policy(document: object, kind: ZoneKind) -> tuple[Choice | None, list[PropertyProblem]]:
    """The preset and the policy, or None and all that is wrong.

    ``document`` is a preset's name, or an object with ``preset`` (left out: the kind's default) and single values of a
    policy; ``grace_s`` is another name of ``confirm_dwell_s`` where absence is watched.
    """
    values: Mapping[str, Any]
    match document:
        case str():
            preset, values = document, {}
        case dict():
            preset = document.get("preset", PRESETS_OF_KIND[kind][0])
            values = {name: value for name, value in document.items() if name != "preset"}
        case _:
            remedy = f"give a preset ({_presets(kind)}), or an object with preset and single values"
            return None, [PropertyProblem("", Defect.WRONG_TYPE, shown(document), remedy)]
    problems = _preset_problems(preset, kind, "preset" if isinstance(document, dict) else "")
    problems += _value_problems(values, kind)
    if problems:
        return None, problems
    policy = policy_of(preset, {_stored_name(name): _number(name, value) for name, value in values.items()})
    problems = _combination_problems(policy, kind)
    return (None, problems) if problems else ((preset, policy), [])


def to_document(preset: str, policy: PresencePolicy) -> dict[str, Any]:
    """As ``read_policy`` takes it: the preset, and what differs from it."""
    return {"preset": preset, **changes_of(preset, policy)}


def in_words(preset: str, policy: PresencePolicy) -> str:
    """The preset, and what differs from it, for a person."""
    changes, usual = changes_of(preset, policy), asdict(PRESETS[preset])
    return ", ".join([preset, *(f"{name} {value:g} (not {usual[name]:g})" for name, value in changes.items())])


def _presets(kind: ZoneKind) -> str:
    return " or ".join(PRESETS_OF_KIND[kind])


def _preset_problems(preset: object, kind: ZoneKind, where: str) -> list[PropertyProblem]:
    if isinstance(preset, str) and preset in PRESETS_OF_KIND[kind]:
        return []
    remedy = f"a zone of the kind {kind} takes the preset {_presets(kind)}"
    return [PropertyProblem(where, Defect.UNKNOWN_CHOICE, shown(preset), remedy)]


def _value_problems(values: Mapping[str, Any], kind: ZoneKind) -> list[PropertyProblem]:
    known = [*LIMITS, GRACE] if kind.watches_absence else list(LIMITS)
    problems = []
    for name, value in values.items():
        if name in known:
            problems += _number_problems(name, value)
        else:
            meant = get_close_matches(name, ["preset", *known], n=1)
            remedy = f"did you mean {meant[0]}?" if meant else f"remove it; known are: preset, {', '.join(known)}"
            defect = Defect.MISSPELT if meant else Defect.UNKNOWN_KEY
            problems.append(PropertyProblem(name, defect, shown(name), remedy))
    if GRACE in values and DWELL in values:
        remedy = f"it is another name of {DWELL}: give one of them"
        problems.append(PropertyProblem(GRACE, Defect.GIVEN_TWICE, shown(values[GRACE]), remedy))
    return problems


def _number_problems(name: str, value: Any) -> list[PropertyProblem]:
    least, most = LIMITS[_stored_name(name)]
    remedy = f"give {'a whole number' if name in COUNTS else 'a number'} from {least:g} to {most:g}"
    if not is_number(value):
        return [PropertyProblem(name, Defect.WRONG_TYPE, shown(value), remedy)]
    if isinstance(value, float) and not isfinite(value):
        return [PropertyProblem(name, Defect.NOT_FINITE, shown(value), remedy)]
    if not least <= value <= most or (name in COUNTS and value != int(value)):
        return [PropertyProblem(name, Defect.OUT_OF_RANGE, shown(value), remedy)]
    return []


def _combination_problems(policy: PresencePolicy, kind: ZoneKind) -> list[PropertyProblem]:
    """Values that are right by themselves and wrong together."""
    wrong = {
        "against_probability": (
            policy.against_probability >= policy.for_probability,
            f"give less than for_probability, which is {policy.for_probability:g}",
        ),
        "alone_probability": (
            policy.alone_probability < policy.for_probability,
            f"give at least for_probability, which is {policy.for_probability:g}",
        ),
        "buffer_m": (
            policy.buffer_m > 0 and kind is not ZoneKind.EXCLUSION,
            "an approach is warned of at an exclusion zone only: leave it out",
        ),
        "crossing_gap_s": (
            policy.crossing_gap_s > 0 and (kind.watches_absence or kind is ZoneKind.AUTHORITY_AREA),
            "where absence is watched, and in an authority's area, no crossing is inferred: leave it out",
        ),
    }
    return [
        PropertyProblem(name, Defect.OUT_OF_RANGE, shown(getattr(policy, name)), remedy)
        for name, (is_wrong, remedy) in wrong.items()
        if is_wrong
    ]


def _stored_name(name: str) -> str:
    return DWELL if name == GRACE else name


def _number(name: str, value: float) -> float:
    return int(value) if name in COUNTS else float(value)
