"""Police forces that a person names on the command line."""

from crimes.files.forces import force_of
from crimes.files.row_errors import Fault
from ops.errors import InputError


def force_named(text: str) -> str:
    """The force's identifier, as files and tokens have it. Raises InputError where there is no such force."""
    force = force_of(text)
    if isinstance(force, Fault):
        raise InputError(f"{text}: {force.problem}; {force.remedy}")
    return force.identifier
