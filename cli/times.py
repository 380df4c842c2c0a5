"""Times that a person types."""

from datetime import UTC, date, datetime

from model.times import EARLIEST, LATEST
from ops.errors import InputError


def parse_time(text: str | None) -> datetime:
    """The moment that ``text`` names, now where it is None. Raises InputError unless it is ISO 8601 with an offset."""
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no time: write it like 2026-03-01T09:30:00Z") from None
    if moment.tzinfo is None:
        raise InputError(f"{text!r} has no offset, so it could be one of several moments: end it with Z or +01:00")
    if not EARLIEST <= moment < LATEST:
        raise InputError(f"{text!r} is not between 1970 and 2200: check the year")
    return moment.astimezone(UTC)


def parse_day(text: str | None) -> date | None:
    """The day that ``text`` names. Raises InputError unless it is one such as 2026-03-01."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no day: write it like 2026-03-01") from None
