"""What every reader of track files shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ingest.protocols.interpretation import PingFields, RefusedError, rfc3339
from model.enums import RejectionReason


@dataclass(frozen=True, slots=True)
class TrackOptions:
    """How to read a file whose format leaves things open; the defaults ask the file."""

    columns: Mapping[str, str] = field(default_factory=dict)  # field of a ping → column of a CSV
    where: Mapping[str, str] = field(default_factory=dict)  # column of a CSV → the value wanted
    delimiter: str | None = None
    time_format: str | None = None  # as strptime takes it
    zone: str | None = None  # IANA zone of times without an offset


@dataclass(frozen=True, slots=True)
class TrackFix:
    """``fields`` are those of a canonical ping but ``device_id`` and ``fix_time``."""

    line: int  # from 1; in formats without lines the place of the point, from 1
    fix_time: datetime
    fields: PingFields


@dataclass(frozen=True, slots=True)
class TrackProblem:
    line: int
    reason: RejectionReason
    detail: str


@dataclass(slots=True)
class Track:
    """A file's fixes in the order of the file."""

    fixes: list[TrackFix] = field(default_factory=list)
    problems: list[TrackProblem] = field(default_factory=list)

    def refuse(self, line: int, refused: RefusedError) -> None:
        self.problems.append(TrackProblem(line, refused.refusal.reason, refused.refusal.detail))


def ping_of(fix: TrackFix, device_id: str, fix_time: datetime) -> PingFields:
    """The canonical ping of a fix, at the time given."""
    return {**fix.fields, "device_id": device_id, "fix_time": rfc3339(fix_time)}


def parse_time(text: str, options: TrackOptions) -> datetime:
    """In UTC. RefusedError for what is no time, and for one without an offset where no zone was given.

    In the hour that October repeats a local time names two instants and in the one that March skips none: both are
    refused rather than guessed.
    """
    try:
        moment = datetime.strptime(text, options.time_format) if options.time_format else datetime.fromisoformat(text)  # noqa: DTZ007 - the zone is settled below
    except ValueError:
        raise RefusedError(
            RejectionReason.BAD_TIME, "the time is not ISO 8601: say how it is written with --time-format"
        ) from None
    if moment.tzinfo is None:
        moment = _in_zone(moment, options.zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise RefusedError(RejectionReason.BAD_TIME, "the time lies outside the years 1 to 9999") from None


def _in_zone(moment: datetime, zone: str | None) -> datetime:
    if zone is None:
        raise RefusedError(
            RejectionReason.BAD_TIME, "the time has no offset: say with --zone where it holds, such as --zone UTC"
        )
    earlier = moment.replace(tzinfo=ZoneInfo(zone), fold=0)
    later = earlier.replace(fold=1)
    if earlier.utcoffset() != later.utcoffset():
        raise RefusedError(
            RejectionReason.BAD_TIME, "the local time falls into the hour of a clock change: give times with an offset"
        )
    return earlier
