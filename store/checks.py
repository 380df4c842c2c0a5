"""Checks of what people type before it reaches the database."""

import re

from ops.errors import InputError

SUBJECT = re.compile(r"[!-~]{1,200}")
SUBJECT_REMEDY = "give 1 to 200 letters, digits and signs of ASCII without blanks, such as officer.jones"
"""A letter of another alphabet can look like one of these: one officer would be two, and approve their own draft."""


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


def checked_subject(value: str) -> str:
    """The subject of a token or of staff, without blanks around it. Raises InputError on any other character."""
    value = value.strip()
    if SUBJECT.fullmatch(value) is None:
        raise InputError(f"{value!r} is no subject: {SUBJECT_REMEDY}")
    return value
