"""How long each kind of data is kept: by its age, and by the end of the person's order (pure)."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files

MOST_DAYS = 36_500


class Kind(StrEnum):
    """What a rule is about; store/retention_tables.py says which tables that is."""

    POSITIONS = "positions"
    DEVICE_EVENTS = "device_events"
    RAW_ARCHIVE = "raw_archive"
    DEAD_LETTERS = "dead_letters"
    VISITS = "visits"
    ALERTS = "alerts"
    MATCHES = "matches"
    EVIDENCE = "evidence"
    AUTHORISATIONS = "authorisations"
    EXPORTS = "exports"
    PEOPLE = "people"
    DELIVERIES = "deliveries"
    MESSAGES = "messages"
    CRIMES = "crimes"
    IMPORT_ERRORS = "import_errors"
    CRIME_FILES = "crime_files"
    TOKENS = "tokens"
    ROTA = "rota"
    VICTIMS = "victims"
    AUDIT = "audit"


BY_END_ALONE = frozenset({Kind.PEOPLE, Kind.VICTIMS})
"""There for as long as the order, or a victim's wish, goes on, however old."""
BY_AGE_ALONE = frozenset(
    {
        Kind.DELIVERIES,
        Kind.MESSAGES,
        Kind.CRIMES,
        Kind.IMPORT_ERRORS,
        Kind.CRIME_FILES,
        Kind.TOKENS,
        Kind.ROTA,
        Kind.AUDIT,
    }
)
"""No person's: no order ends for them. What of them tells of a person goes with what it tells of."""


@dataclass(frozen=True, slots=True)
class Rule:
    """In days; None: this does not let it go."""

    age_days: int | None
    after_end_days: int | None


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What is older than ``age``, or of an order that ended before ``end``, is let go; None: nothing is, by this."""

    age: datetime | None
    end: datetime | None


RetentionRules = Mapping[Kind, Rule]


@cache
def default_document() -> str:
    return files("model").joinpath("retention.toml").read_text(encoding="utf-8")


def parse_rules(document: str) -> RetentionRules:
    """The rules of a TOML document. Raises ValueError that names everything that is wrong."""
    try:
        content = tomllib.loads(document)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is no TOML: {error}") from None
    problems = [f"{name}: there is no such kind" for name in content if name not in set(Kind)]
    problems += [f"{kind}: it has no rule" for kind in Kind if kind not in content]
    for kind in Kind:
        problems += _problems_of(kind, content.get(kind, {}))
    if not problems and not _outlasts(content[Kind.AUDIT], content[Kind.RAW_ARCHIVE]):
        problems.append(
            "audit: it is kept no shorter than raw_archive: who looked at it is known as long as it is there"
        )
    if problems:
        raise ValueError("the rules do not hold:\n" + "\n".join(problems))
    return {
        kind: Rule(age_days=content[kind].get("age_days"), after_end_days=content[kind].get("after_end_days"))
        for kind in Kind
    }


def cutoffs(rules: RetentionRules, now: datetime) -> dict[Kind, Cutoffs]:
    """By kind. With a person goes all that is theirs: nothing is kept longer after the end than the person is."""
    people_days = rules[Kind.PEOPLE].after_end_days
    found = {}
    for kind, rule in rules.items():
        after_end_days = rule.after_end_days
        if kind not in BY_AGE_ALONE | BY_END_ALONE and people_days is not None:
            after_end_days = min(people_days, people_days if after_end_days is None else after_end_days)
        found[kind] = Cutoffs(age=_before(now, rule.age_days), end=_before(now, after_end_days))
    return found


def _before(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)


def _outlasts(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Whether what goes by ``one`` is never younger than what is still there by ``other``."""
    never = MOST_DAYS + 1
    return one.get("age_days", never) >= other.get("age_days", never)


def _problems_of(kind: Kind, given: object) -> Iterable[str]:
    if not isinstance(given, dict):
        yield f"{kind}: it is a table with age_days and after_end_days"
        return
    for name, days in given.items():
        if name not in {"age_days", "after_end_days"}:
            yield f"{kind}: there is no {name}; give age_days or after_end_days"
        elif type(days) is not int or not 1 <= days <= MOST_DAYS:
            yield f"{kind}: {name} is a whole number of days from 1 to {MOST_DAYS}"
    if kind in BY_END_ALONE and "age_days" in given:
        yield f"{kind}: it has no age_days; it goes after the end"
    if kind in BY_AGE_ALONE and "after_end_days" in given:
        yield f"{kind}: it has no after_end_days; it is nobody's order"
