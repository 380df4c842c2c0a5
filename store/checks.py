"""Checks of what people type before it reaches the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.errors import InputError


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
