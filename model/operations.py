"""Police operations, as far as they concern shared zones: authorities to stop and search, and match days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum


class Rank(StrEnum):
    """Of the authorising police officer, from the lowest to the highest that may."""

    INSPECTOR = "inspector"
    CHIEF_INSPECTOR = "chief_inspector"
    SUPERINTENDENT = "superintendent"
    CHIEF_SUPERINTENDENT = "chief_superintendent"
    COMMANDER = "commander"
    ASSISTANT_CHIEF_CONSTABLE = "assistant_chief_constable"
    DEPUTY_ASSISTANT_COMMISSIONER = "deputy_assistant_commissioner"
    ASSISTANT_COMMISSIONER = "assistant_commissioner"
    DEPUTY_CHIEF_CONSTABLE = "deputy_chief_constable"
    DEPUTY_COMMISSIONER = "deputy_commissioner"
    CHIEF_CONSTABLE = "chief_constable"
    COMMISSIONER = "commissioner"


RANKS = tuple(Rank)


def at_least(least: Rank) -> tuple[Rank, ...]:
    """The ranks from this one on."""
    return RANKS[RANKS.index(least) :]


class Power(StrEnum):
    """The legal power under which an area is authorised."""

    SECTION_60 = "section_60"  # of the Criminal Justice and Public Order Act 1994


@dataclass(frozen=True, slots=True)
class PowerLimits:
    """What the law lets an officer authorise. One extension follows the first period without a break."""

    words: str
    longest: timedelta  # of the first period, and of the extension
    longest_in_all: timedelta
    opened_from: Rank
    extended_from: Rank


LIMITS: Mapping[Power, PowerLimits] = {
    Power.SECTION_60: PowerLimits(
        "Section 60", timedelta(hours=24), timedelta(hours=48), Rank.INSPECTOR, Rank.SUPERINTENDENT
    ),
}
"""Section 60(1) and (3) of that Act: 24 hours by an inspector or above, a further 24 by a superintendent or above."""


class OperationState(StrEnum):
    TO_COME = "to_come"
    OPEN = "open"
    CLOSED = "closed"  # before its end
    OVER = "over"


@dataclass(frozen=True, slots=True)
class AuthorityRecord:
    """One period ``[begins_at, ends_at)`` and who authorised it."""

    begins_at: datetime
    ends_at: datetime
    officer: str
    rank: str
    reason: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority as it stands. ``reference`` is its zone's, too; ``wards`` are codes."""

    authority_id: int
    reference: str
    power: str
    wards: tuple[str, ...]
    closed_at: datetime | None
    closed_by: str | None
    records: tuple[AuthorityRecord, ...]

    @property
    def begins_at(self) -> datetime:
        return self.records[0].begins_at

    @property
    def ends_at(self) -> datetime:
        """As it was authorised; it may have been closed before."""
        return self.records[-1].ends_at

    def state(self, now: datetime) -> OperationState:
        if self.closed_at is not None:
            return OperationState.CLOSED
        if now >= self.ends_at:
            return OperationState.OVER
        return OperationState.OPEN if now >= self.begins_at else OperationState.TO_COME


@dataclass(frozen=True, slots=True)
class AuthorityRequest:
    """What an officer wants to open: times are aware."""

    reference: str
    power: str
    wards: tuple[str, ...]
    begins_at: datetime
    ends_at: datetime
    officer: str
    rank: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """It goes on from the end of the first period."""

    ends_at: datetime
    officer: str
    rank: str
    reason: str


@dataclass(frozen=True, slots=True)
class MatchDay:
    """A window of the zone's wall clock that begins on ``date``. ``event`` is None where its name was never given."""

    date: date
    starts: time
    ends: time
    event: str | None


@dataclass(frozen=True, slots=True)
class Ward:
    """``code`` is its GSS code, where it has one."""

    code: str
    name: str
