"""Checks of what people type before it reaches the database."""

from ops.errors import InputError


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
