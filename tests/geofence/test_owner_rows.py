"""The lists of rows by person, against a plain dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geofence.owner_rows import COMPACT_ABOVE, OwnerRows

CHANGES = st.lists(st.tuples(st.integers(1, 6), st.none() | st.lists(st.integers(0, 9), max_size=70)), max_size=30)


@given(CHANGES)
def test_holds_what_a_dictionary_holds(changes: list[tuple[int, list[int] | None]]) -> None:
    owners, held = OwnerRows(), dict[int, list[int]]()
    for person_id, rows in changes:
        if rows is None:
            owners.forget(person_id)
            held.pop(person_id, None)
        else:
            owners.replace(person_id, rows)
            held[person_id] = rows
    people = [5, 0, 1, 2, 3, 4, 6, 1]
    position, row = owners.pairs(np.array(people))
    assert list(zip(position.tolist(), row.tolist(), strict=True)) == [
        (at, one) for at, person_id in enumerate(people) for one in held.get(person_id, [])
    ]


def test_a_thousand_edits_of_one_person_do_not_pile_up() -> None:
    owners = OwnerRows()
    for one in range(1, 1001):
        owners.replace(one, [one])
    for edit in range(20 * COMPACT_ABOVE):
        owners.replace(1, [edit, edit + 1])
    assert owners.rows(1) == [edit, edit + 1]
    assert owners.rows(1000) == [1000]
    assert len(owners._members) < 10 * COMPACT_ABOVE
