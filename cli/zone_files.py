"""Zone files that a person names on the command line, and what is wrong with them."""

from collections.abc import Iterable
from pathlib import Path

from cli.tables import print_table
from geofence.problems import ZoneProblem
from ops.errors import InputError


def content_of_file(file: Path) -> bytes:
    """Raises InputError where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None


def print_problems(problems: Iterable[ZoneProblem]) -> None:
    rows = []
    for problem in problems:
        place = problem.geometry
        where = place.where() if place else problem.field
        rows.append(
            (
                "file" if problem.feature is None else str(problem.feature),
                problem.reference or "",
                where,
                problem.value,
                problem.remedy,
            )
        )
    print_table(("FEATURE", "REFERENCE", "WHERE", "FOUND", "REMEDY"), rows)
