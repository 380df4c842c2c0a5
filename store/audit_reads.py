"""The audit as auditors read it, newest first. What the API's role reads here is recorded by the function it asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ops.errors import InputError
from store.database import Cursor
from store.police_matches import refusals

LARGEST_PAGE = 5_000


class AuditKey(NamedTuple):
    """Where a page ends."""

    happened_at: datetime
    audit_id: int


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Every part may be absent; ``to_time`` itself is out, and ``person_id`` may be one of many in a list."""

    from_time: datetime | None = None
    to_time: datetime | None = None
    subject: str | None = None
    role: str | None = None
    action: str | None = None
    outcome: str | None = None
    person_id: int | None = None

    def __post_init__(self) -> None:
        # An empty answer would read as if nothing had happened.
        if self.from_time is not None and self.to_time is not None and self.to_time <= self.from_time:
            raise InputError("the window of the audit ends before it begins: give a to after from")


@dataclass(frozen=True, slots=True)
class AuditRecord:
    audit_id: int
    happened_at: datetime
    subject: str
    role: str
    action: str
    outcome: str
    purpose: str
    request_id: str
    person_id: int | None
    person_ids: list[int]
    window_from: datetime | None
    window_to: datetime | None
    row_count: int | None
    detail: dict[str, Any]  # without text that somebody wrote freely

    @property
    def key(self) -> AuditKey:
        return AuditKey(self.happened_at, self.audit_id)


@dataclass(frozen=True, slots=True)
class Look:
    """Something that was done with a person's data."""

    audit_id: int
    looked_at: datetime
    subject: str
    role: str
    purpose: str
    action: str
    window_from: datetime | None
    window_to: datetime | None
    row_count: int | None
    among_others: bool

    @property
    def key(self) -> AuditKey:
        return AuditKey(self.looked_at, self.audit_id)


def search_audit(
    cursor: Cursor, action: str, wanted: AuditFilter, before: AuditKey | None, limit: int
) -> list[AuditRecord]:
    """For an auditor; recorded as ``action``, which is ``audit.search`` or ``audit.export``."""
    cursor.execute(
        "SELECT * FROM search_audit(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (action, *_given(wanted), *(before or (None, None)), limit),
    )
    return [AuditRecord(*row) for row in cursor.fetchall()]


def read_looks(cursor: Cursor, person_id: int, before: AuditKey | None, limit: int) -> list[Look]:
    """For an auditor, or a manager who may see the person. Raises UnseenError for anybody else."""
    with refusals():
        cursor.execute("SELECT * FROM read_looks(%s, %s, %s, %s)", (person_id, *(before or (None, None)), limit))
    return [Look(*row) for row in cursor.fetchall()]


def audit_pages(cursor: Cursor, wanted: AuditFilter, most: int | None) -> Iterator[list[AuditRecord]]:
    """For the owner: page by page, ``most`` records at the most. Whoever calls it records it."""
    before: AuditKey | None = None
    while most is None or most > 0:
        limit = LARGEST_PAGE if most is None else min(most, LARGEST_PAGE)
        cursor.execute(
            "SELECT * FROM audit_page(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (*_given(wanted), *(before or (None, None)), limit),
        )
        page = [AuditRecord(*row) for row in cursor.fetchall()]
        if page:
            yield page
        if len(page) < limit:
            return
        before, most = page[-1].key, None if most is None else most - len(page)


def _given(wanted: AuditFilter) -> tuple[object, ...]:
    return (
        wanted.from_time,
        wanted.to_time,
        wanted.subject,
        wanted.role,
        wanted.action,
        wanted.outcome,
        wanted.person_id,
    )
