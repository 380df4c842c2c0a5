"""What officers say of an operation, judged whole: every reason at once."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from model.operations import (
    LIMITS,
    Authority,
    AuthorityRequest,
    ExtensionRequest,
    OperationState,
    Power,
    PowerLimits,
    Rank,
    at_least,
)
from model.times import EARLIEST, LATEST
from store.checks import FieldProblem, checked_field
from store.database import Cursor
from store.zone_decisions import LONGEST_REFERENCE

LONGEST_OFFICER = 200
LONGEST_REASON = 500
MOST_WARDS = 1000


def checked_opening(
    wanted: AuthorityRequest, now: datetime, known_wards: Collection[str], *, is_taken: bool
) -> tuple[AuthorityRequest, list[FieldProblem]]:
    """The request without blanks around its texts, and all that is wrong with it.

    ``known_wards``: those of its wards that were imported; ``is_taken``: whether a zone or condition has its reference.
    """
    problems: list[FieldProblem] = []
    checked = replace(
        wanted,
        reference=checked_field("reference", wanted.reference, LONGEST_REFERENCE, problems),
        officer=checked_field("officer", wanted.officer, LONGEST_OFFICER, problems),
        reason=checked_field("reason", wanted.reason, LONGEST_REASON, problems),
        wards=tuple(dict.fromkeys(wanted.wards)),
    )
    if is_taken:
        found = f"there is a zone or a condition {wanted.reference} already"
        problems.append(FieldProblem("reference", found, "give a reference of its own"))
    problems += _ward_problems(checked.wards, known_wards)
    limits = _limits(wanted.power, problems)
    if limits is not None:
        problems += _rank_problems(wanted.rank, limits.opened_from, "to authorise it")
        problems += _period_problems(wanted.begins_at, wanted.ends_at, limits.longest, limits.words)
    if wanted.ends_at <= now:
        found, remedy = f"{wanted.ends_at.isoformat()} is past", "an authority that is over cannot be opened"
        problems.append(FieldProblem("to", found, remedy))
    return checked, problems


def checked_extension(
    found: Authority, wanted: ExtensionRequest, now: datetime
) -> tuple[ExtensionRequest, list[FieldProblem]]:
    """The same for an extension of the authority ``found``."""
    problems: list[FieldProblem] = []
    checked = replace(
        wanted,
        officer=checked_field("officer", wanted.officer, LONGEST_OFFICER, problems),
        reason=checked_field("reason", wanted.reason, LONGEST_REASON, problems),
    )
    state = found.state(now)
    if state in {OperationState.CLOSED, OperationState.OVER}:
        remedy = "one that has ended is not extended: open another"
        problems.append(FieldProblem("reference", f"the authority {found.reference} is {state}", remedy))
    if len(found.records) > 1:
        until = f"the authority {found.reference} was extended to {found.ends_at.isoformat()} already"
        problems.append(FieldProblem("reference", until, "it is extended once: open another"))
        return checked, problems
    limits = LIMITS[Power(found.power)]
    problems += _rank_problems(wanted.rank, limits.extended_from, "to extend it")
    problems += _period_problems(found.ends_at, wanted.ends_at, limits.longest, limits.words)
    if wanted.ends_at - found.begins_at > limits.longest_in_all:
        remedy = f"{limits.words} lasts at most {_hours(limits.longest_in_all)} in all"
        problems.append(FieldProblem("to", _hours(wanted.ends_at - found.begins_at), remedy))
    return checked, problems


def shared_zone_problems(cursor: Cursor, reference: str) -> list[FieldProblem]:
    """Why match days cannot be put on a zone; nothing for a shared one. The caller sees the zone."""
    cursor.execute("SELECT FROM zones WHERE reference = %s AND person_id IS NULL", (reference,))
    if cursor.fetchone() is not None:
        return []
    return [FieldProblem("zone", f"{reference} is one person's zone", "match days belong to a shared zone")]


def _ward_problems(wards: Sequence[str], known: Collection[str]) -> list[FieldProblem]:
    if not wards:
        return [FieldProblem("wards", "no ward", "give at least one ward's code")]
    if len(wards) > MOST_WARDS:
        return [FieldProblem("wards", f"{len(wards)} wards", f"give at most {MOST_WARDS}")]
    remedy = "`cordon wards list` and GET /v1/wards show them; `cordon wards import` adds some"
    return [FieldProblem("wards", f"there is no ward {code!r:.40}", remedy) for code in wards if code not in known]


def _limits(power: str, problems: list[FieldProblem]) -> PowerLimits | None:
    if power in set(Power):
        return LIMITS[Power(power)]
    problems.append(FieldProblem("power", f"{power!r:.40} is not known", f"give one of: {', '.join(Power)}"))
    return None


def _rank_problems(rank: str, least: Rank, what_for: str) -> list[FieldProblem]:
    enough = at_least(least)
    if rank in enough:
        return []
    found = f"the rank {rank} is not enough {what_for}" if rank in set(Rank) else f"{rank!r:.40} is no rank"
    return [FieldProblem("rank", found, f"give one of: {', '.join(enough)}")]


def _period_problems(begins_at: datetime, ends_at: datetime, longest: timedelta, words: str) -> list[FieldProblem]:
    problems = [
        FieldProblem(field, moment.isoformat(), "give a time between 1970 and 2200")
        for field, moment in (("from", begins_at), ("to", ends_at))
        if not EARLIEST <= moment < LATEST
    ]
    if ends_at <= begins_at:
        problems.append(FieldProblem("to", ends_at.isoformat(), f"give a time after {begins_at.isoformat()}"))
    elif ends_at - begins_at > longest:
        remedy = f"{words} is authorised for at most {_hours(longest)} at a time: extend it by a further record"
        problems.append(FieldProblem("to", _hours(ends_at - begins_at), remedy))
    return problems


def _hours(period: timedelta) -> str:
    return f"{period / timedelta(hours=1):g} hours"
