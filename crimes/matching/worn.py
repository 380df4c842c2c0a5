"""When a tag spoke for its wearer: while it was on the person, with its strap closed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crimes.matching.held import Held
from crimes.scenes import Worn
from geofence.columns import Booleans
from model.device_events import DeviceEvent, DeviceEventKind

Events = Mapping[int, Sequence[DeviceEvent]]
"""What each device said of itself."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch ``[from_us, until_us)`` of one device."""

    device_id: int
    from_us: int
    until_us: int


def open_straps(worn: Iterable[Worn], events: Events) -> list[Spell]:
    """When a strap was open, by device: from a strap_tamper until strap_restored, or else the end of the activation.

    A tag that lies at home says where the tag is, and nothing of the wearer.
    """
    spells = []
    for stretch in worn:
        opened_us = None
        for event in in_order(events.get(stretch.device_id, ())):
            if not stretch.from_us <= event.event_us < stretch.until_us:
                continue
            if event.kind is DeviceEventKind.STRAP_TAMPER and opened_us is None:
                opened_us = event.event_us
            elif event.kind is DeviceEventKind.STRAP_RESTORED and opened_us is not None:
                spells.append(Spell(stretch.device_id, opened_us, event.event_us))
                opened_us = None
        if opened_us is not None:
            spells.append(Spell(stretch.device_id, opened_us, stretch.until_us))
    return spells


def in_order(events: Iterable[DeviceEvent]) -> list[DeviceEvent]:
    return sorted(events, key=lambda one: (one.event_us, one.received_us))


def of_wearer(held: Held, worn: Mapping[int, tuple[Worn, ...]]) -> Booleans:
    """Which positions were made by a tag while it was on the pair's person; shape (n,)."""
    people, person = np.unique(held.person, return_inverse=True)
    stretches = [worn.get(int(one), ()) for one in people]
    at = person[held.pair]
    device_id, fix_time_us = held.rows.device_id, held.rows.fixes.fix_time_us
    on_person = np.zeros(len(at), np.bool_)
    for number in range(max(map(len, stretches), default=0)):
        some = [one[number] if number < len(one) else NOTHING_WORN for one in stretches]
        device, from_us, until_us = (
            np.array([getattr(one, name) for one in some], np.int64)[at]
            for name in ("device_id", "from_us", "until_us")
        )
        on_person |= (device_id == device) & (fix_time_us >= from_us) & (fix_time_us < until_us)
    return on_person


def with_open_strap(held: Held, worn: Mapping[int, tuple[Worn, ...]], events: Events) -> Booleans:
    """Which positions were made while the strap was open; shape (n,)."""
    device_id, fix_time_us = held.rows.device_id, held.rows.fixes.fix_time_us
    is_open = np.zeros(len(device_id), np.bool_)
    tampered = {
        device for device, said in events.items() if any(one.kind is DeviceEventKind.STRAP_TAMPER for one in said)
    }
    if not tampered:
        return is_open
    for place, person in enumerate(held.person.tolist()):
        stretches = [one for one in worn.get(person, ()) if one.device_id in tampered]
        rows = slice(int(held.start[place]), int(held.start[place + 1]))
        for spell in open_straps(stretches, events):
            is_open[rows] |= (
                (device_id[rows] == spell.device_id)
                & (fix_time_us[rows] >= spell.from_us)
                & (fix_time_us[rows] < spell.until_us)
            )
    return is_open


NOTHING_WORN = Worn(activation_id=0, device_id=0, from_us=0, until_us=0)
