"""Times travel as microseconds since 1970 UTC in columns, and as aware datetimes at the edges."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = EPOCH
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""A date that a person gives lies between these. Near the years 1 and 9999 an offset leads to one that no datetime
holds: what is stored so can never be read again."""
MICROSECOND = timedelta(microseconds=1)
MILLISECOND_US = 1000
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exact for every datetime. Raises ValueError on a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment.isoformat()} has no zone: give an offset, such as Z for UTC")
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """The aware UTC datetime of ``microseconds`` since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


def microseconds_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_microseconds(moment)


def moment_or_none(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else from_microseconds(microseconds)


def in_words(moment: datetime) -> str:
    """To the minute, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def text_or_none(microseconds: int | None) -> str | None:
    """As a JSON document holds a time."""
    return None if microseconds is None else from_microseconds(microseconds).isoformat()
