"""Which rows belong to which person, ready to be joined with a batch in a few array operations."""

from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np

from geofence.arrays import spans
from geofence.columns import Integers

FIRST_CAPACITY = 64
COMPACT_ABOVE = 1024


class OwnerRows:
    """People to rows as compressed lists: person → slot → a span of ``_members``.

    A changed list is written anew behind the last one, and what that leaves behind is squeezed out once it is
    more than half: a change costs its own size, never that of the table.
    """

    def __init__(self) -> None:
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._start = np.zeros(FIRST_CAPACITY, np.int64)
        self._count = np.zeros(FIRST_CAPACITY, np.int64)
        self._members = np.zeros(FIRST_CAPACITY, np.int64)
        self._end = 0
        self._live = 0

    def rows(self, person_id: int) -> list[int]:
        slot = self._slots.get(person_id)
        if slot is None:
            return []
        start = self._start[slot]
        members: list[int] = self._members[start : start + self._count[slot]].tolist()
        return members

    def replace(self, person_id: int, rows: Sequence[int]) -> None:
        """Make ``rows`` the person's rows."""
        slot = self._slots.get(person_id)
        if slot is None:
            slot = self._slots[person_id] = self._new_slot()
        self._make_room(len(rows))
        self._members[self._end : self._end + len(rows)] = rows
        self._live += len(rows) - int(self._count[slot])
        self._start[slot], self._count[slot] = self._end, len(rows)
        self._end += len(rows)

    def forget(self, person_id: int) -> None:
        slot = self._slots.pop(person_id, None)
        if slot is not None:
            self._live -= int(self._count[slot])
            self._count[slot] = 0
            self._free.append(slot)

    def pairs(self, person_id: Integers) -> tuple[Integers, Integers]:
        """Each position, shape (n,), with each row of its person: ``(position, row)``, by position."""
        slot = np.fromiter(map(self._slots.get, person_id.tolist(), repeat(-1)), np.int64, count=len(person_id))
        counts = np.where(slot >= 0, self._count[slot], 0)
        position, member = spans(self._start[slot], counts)
        return position, self._members[member]

    def _new_slot(self) -> int:
        if self._free:
            return self._free.pop()
        slot = len(self._slots)
        if slot == len(self._start):
            self._start = np.concatenate([self._start, np.zeros_like(self._start)])
            self._count = np.concatenate([self._count, np.zeros_like(self._count)])
        return slot

    def _make_room(self, more: int) -> None:
        if self._end + more <= len(self._members):
            return
        if self._end > 2 * self._live + COMPACT_ABOVE:
            self._compact()
        if self._end + more > len(self._members):
            larger = np.zeros(2 * (self._end + more), np.int64)
            larger[: self._end] = self._members[: self._end]
            self._members = larger

    def _compact(self) -> None:
        _, member = spans(self._start, self._count)
        self._end = len(member)
        self._members[: self._end] = self._members[member]
        self._start = np.cumsum(self._count) - self._count


def grouped_by_owner(owners_and_rows: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for owner, row in owners_and_rows:
        groups.setdefault(owner, []).append(row)
    return groups
