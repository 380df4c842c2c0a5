"""Who wore which device when, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from crimes.scenes import Worn
from geofence.columns import Booleans, Integers
from model.crimes import Window
from store.copied_out import copy_out
from store.database import Cursor

TYPES = {
    "activation_id": "bigint",
    "device_id": "integer",
    "person_id": "bigint",
    "from_us": "timestamptz",
    "until_us": "timestamptz",
    "last_fix_us": "timestamptz",
}


@dataclass(frozen=True, slots=True)
class Wearings:
    """Activations; arrays of the shape ``(n,)``, in the order of people and times."""

    activation: Integers
    device: Integers
    person: Integers
    from_us: Integers
    until_us: Integers  # FOREVER_US where it goes on
    last_fix_us: Integers  # the device's newest position is no older; NEVER_US where none is known

    def __len__(self) -> int:
        return len(self.activation)

    def take(self, index: Integers | Booleans) -> Self:
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))

    def touch(self, window: Window) -> Booleans:
        return (self.from_us <= window.to_us) & (self.until_us > window.from_us)

    def alone_us(self) -> tuple[Integers, Integers]:
        """From when until when each was the only device on its person; from after until where it never was.

        Two that are worn at once may contradict each other, of which what was noted of either says nothing.
        """
        from_us, until_us = self.from_us.copy(), self.until_us.copy()
        for place in np.flatnonzero(np.diff(self.person) == 0).tolist():
            from_us[place + 1] = max(from_us[place + 1], from_us[place], self.until_us[place])
            until_us[place] = min(until_us[place], self.from_us[place + 1])
        return from_us, until_us

    def joined(self, others: Self) -> Self:
        """With those of ``others``, in the order of people and times."""
        both = type(self)(
            *(np.concatenate([getattr(one, field.name) for one in (self, others)]) for field in fields(self))
        )
        return both.take(np.lexsort((both.activation, both.from_us, both.person)))

    def worn(self) -> list[Worn]:
        columns = (self.activation, self.device, self.from_us, self.until_us)
        return [Worn(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def read_wearings(cursor: Cursor, window: Window, person_ids: Sequence[int] | None = None) -> Wearings:
    """The activations that touch the window, of everybody or of these people."""
    table = copy_out(
        cursor,
        "SELECT activation_id, device_id, person_id, lower(during), coalesce(upper(during), 'infinity'),"
        " coalesce(last_fix_at, '-infinity') FROM device_activations LEFT JOIN device_heard USING (device_id)"
        " WHERE during && tstzrange('epoch'::timestamptz + %(from_us)s * interval '1 microsecond',"
        "  'epoch'::timestamptz + %(to_us)s * interval '1 microsecond', '[]')"
        " AND (%(everybody)s OR person_id = ANY (%(people)s)) ORDER BY person_id, lower(during), activation_id",
        {
            "from_us": window.from_us,
            "to_us": window.to_us,
            "everybody": person_ids is None,
            "people": list(person_ids or ()),
        },
        TYPES,
    )
    return Wearings(*(table.integers(name) for name in TYPES))
