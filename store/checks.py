"""Checks of what people type before it reaches the database."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ops.errors import InputError

SUBJECT = re.compile(r"[!-~]{1,200}")
SUBJECT_REMEDY = "give 1 to 200 letters, digits and signs of ASCII without blanks, such as officer.jones"
"""A letter of another alphabet can look like one of these: one officer would be two, and approve their own draft."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of what somebody asks for, and what to do about it."""

    field: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field}: {self.value}; {self.remedy}"


class FieldsRefusedError(InputError):
    """Nothing was changed; ``problems`` holds every reason."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def checked_text(what: str, value: str, longest: int) -> str:
    """``value`` without blanks around it. Raises InputError where it is empty, too long or not printable text."""
    value = value.strip()
    if not value:
        raise InputError(f"{what} is empty")
    if len(value) > longest:
        raise InputError(f"{what} has {len(value)} characters: at most {longest} are kept")
    if not value.isprintable():
        raise InputError(f"{what} {value!r} holds characters that cannot be printed: give plain text")
    return value


def checked_field(field: str, value: str, longest: int, problems: list[FieldProblem]) -> str:
    """As ``checked_text``, and "" with one more of ``problems`` where it is none."""
    try:
        return checked_text(f"the {field}", value, longest)
    except InputError as error:
        problems.append(FieldProblem(field, str(error), "say it in one line of plain text"))
        return ""


def checked_subject(value: str) -> str:
    """The subject of a token or of staff, without blanks around it. Raises InputError on any other character."""
    value = value.strip()
    if SUBJECT.fullmatch(value) is None:
        raise InputError(f"{value!r} is no subject: {SUBJECT_REMEDY}")
    return value
