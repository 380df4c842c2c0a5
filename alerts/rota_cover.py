"""Where a rota has nobody (pure)."""

from collections.abc import Sequence
from datetime import datetime

Stretch = tuple[datetime, datetime]


def gaps_of_any(areas: Sequence[Sequence[Stretch]], since: datetime, until: datetime) -> list[Stretch]:
    """The stretches in which one of the areas at least has nobody, in order."""
    missing = sorted(stretch for covered in areas for stretch in gaps(covered, since, until))
    merged: list[Stretch] = []
    for starts_at, ends_at in missing:
        if merged and starts_at <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends_at))
        else:
            merged.append((starts_at, ends_at))
    return merged


def gaps(covered: Sequence[Stretch], since: datetime, until: datetime) -> list[Stretch]:
    """The stretches of ``[since, until)`` that none of ``covered`` holds, in order. Those may overlap in any order."""
    found: list[Stretch] = []
    reached = since
    for starts_at, ends_at in sorted(covered):
        if starts_at >= until:
            break
        if starts_at > reached:
            found.append((reached, starts_at))
        reached = max(reached, ends_at)
    if reached < until:
        found.append((reached, until))
    return found
