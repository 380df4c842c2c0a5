"""What each action says of itself, checked before anything is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.casework import CaseAction
from model.casework_rules import CaseworkRules, OutcomeGroup
from model.plain_text import misleads
from ops.errors import InputError

LONGEST_TEXT = 4000
LONGEST_NAME = 200
KEPT_CONTROLS = frozenset("\n\t\r")
SIDES = ("wearer", "officer")


class BadDetailError(InputError):
    """Something that an action says of itself is wrong: in ``field``, for ``reason``."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Shape:
    needs: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ("text",)


SHAPES: Mapping[CaseAction, _Shape] = {
    CaseAction.ACKNOWLEDGE: _Shape(),
    CaseAction.START_REVIEW: _Shape(),
    CaseAction.NOTE: _Shape(needs=("text",)),
    CaseAction.CONTACT: _Shape(needs=("text",)),
    CaseAction.ASSIGN: _Shape(needs=("to",)),
    CaseAction.HAND_OVER: _Shape(needs=("to",)),
    CaseAction.COMPLETE_STEP: _Shape(needs=("step",)),
    CaseAction.INVITE_ACCOUNT: _Shape(),
    CaseAction.RECORD_ACCOUNT: _Shape(needs=("text",)),
    CaseAction.CONTEST: _Shape(needs=("by", "text")),
    CaseAction.CLOSE: _Shape(needs=("outcome",)),
    CaseAction.REOPEN: _Shape(needs=("text",)),
}
"""``text`` is a note, ``to`` a subject of staff, ``step`` a step's code, ``by`` one of SIDES, ``outcome`` a
code of the rules. What the timetable does says what it likes."""


def checked_detail(action: CaseAction, detail: Mapping[str, Any], rules: CaseworkRules) -> dict[str, Any]:
    """A copy to be recorded as it is. Raises BadDetailError."""
    shape = SHAPES.get(action)
    if shape is None:
        return dict(detail)
    given = {name: value for name, value in detail.items() if value is not None}
    for name in given.keys() - {*shape.needs, *shape.may_have}:
        raise BadDetailError(name, f"{action} takes {', '.join((*shape.needs, *shape.may_have))}")
    for name in shape.needs:
        if name not in given:
            raise BadDetailError(name, f"{action} needs it")
    for name, value in given.items():
        _check_text(name, value, LONGEST_TEXT if name == "text" else LONGEST_NAME)
    if action is CaseAction.CONTEST and given["by"] not in SIDES:
        raise BadDetailError("by", f"give one of {', '.join(SIDES)}")
    return given | _outcome(given, rules) if action is CaseAction.CLOSE else given


def _check_text(name: str, value: object, longest: int) -> None:
    if not isinstance(value, str) or not value.strip():
        raise BadDetailError(name, "it is empty, or no text")
    if len(value) > longest:
        raise BadDetailError(name, f"it has {len(value)} characters: at most {longest} are kept")
    if misleads(value, kept=KEPT_CONTROLS):
        raise BadDetailError(name, "it holds control characters, or some that turn its direction: give plain text")


def _outcome(given: Mapping[str, Any], rules: CaseworkRules) -> dict[str, Any]:
    """What the record says of the outcome besides, so that it can be read without the rules of its day."""
    found = next((one for one in rules.outcomes if one.code == given["outcome"]), None)
    if found is None:
        raise BadDetailError("outcome", f"give one of {', '.join(one.code for one in rules.outcomes)}")
    if found.group is not OutcomeGroup.NOT_COUNTED and "text" not in given:
        raise BadDetailError("text", f"{found.code} needs a note that says why")
    return {
        "outcome_words": found.words,
        "outcome_group": found.group.value,
        "is_false_alarm": found.is_false_alarm,
        "rules_version": rules.version,
    }
