"""What a worker knows of the devices it hears, as columns (pure): a slot a device, until its partition is lost."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from geofence.columns import Booleans, Earlier, Integers
from geofence.projection import Projection
from geofence.zone_index import NOBODY
from model.devices import FOREVER_US, NEVER_US, Activation, DeviceRecord, LastFix


class DeviceTable:
    """Slots of devices. Columns grow by doubling."""

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._records: list[DeviceRecord] = []
        self.partition = np.zeros(0, dtype=np.int64)
        self.device_id = np.zeros(0, dtype=np.int64)
        self.last_fix_key = np.zeros(0, dtype=np.int64)
        self.heard_written_us = np.zeros(0, dtype=np.int64)  # what was last written of when it was heard
        self.last = Earlier.none(0)
        self.last_but_one = Earlier.none(0)
        self.last_usable = Earlier.none(0)
        self._activation_start = np.zeros((0, 1), dtype=np.int64)
        self._activation_end = np.zeros((0, 1), dtype=np.int64)
        self._activation_id = np.zeros((0, 1), dtype=np.int64)
        self._activation_person = np.zeros((0, 1), dtype=np.int64)
        self._erased_until = np.zeros(0, dtype=np.int64)  # no later fix of the device is of an erased time

    def __len__(self) -> int:
        return len(self._records)

    def unknown(self, serials: Iterable[str]) -> set[str]:
        """Those of ``serials`` that have no slot yet."""
        return set(serials) - self._slots.keys()

    def slots(self, serials: Sequence[str]) -> Integers:
        """The slot of each serial, shape ``(n,)``; -1 where the device is not known."""
        find = self._slots.get
        return np.fromiter((find(serial, -1) for serial in serials), dtype=np.int64, count=len(serials))

    def add(self, partition: int, records: Sequence[DeviceRecord], projection: Projection) -> None:
        """Give devices that have no slot one each."""
        first = len(self)
        for record in records:
            self._append(partition, record)
        slots = np.arange(first, len(self))
        self._put_last_fixes(slots, [record.last_fixes for record in records], projection)
        usable = [() if record.last_usable is None else (record.last_usable,) for record in records]
        self.last_usable.put(slots, _as_columns(usable, projection))

    def replace_activations(self, activations: dict[int, tuple[Activation, ...]]) -> None:
        """New activations by device id, for those devices that have a slot."""
        for slot in np.flatnonzero(np.isin(self.device_id[: len(self)], list(activations))):
            self._set_activations(int(slot), activations[int(self.device_id[slot])])

    def replace_last_fixes(self, last_fixes: dict[int, tuple[LastFix, ...]], projection: Projection) -> None:
        """New last fixes by device id, for those devices that have a slot: late ones may have come between them."""
        slots = np.flatnonzero(np.isin(self.device_id[: len(self)], list(last_fixes)))
        self._put_last_fixes(slots, [last_fixes[int(self.device_id[slot])] for slot in slots], projection)

    def replace_erased(
        self,
        erased: dict[int, tuple[tuple[int, int], ...]],
        last_usable: dict[int, LastFix],
        projection: Projection,
    ) -> None:
        """Erased times by device id, of each that has any, and what is left of its newest usable positions."""
        slots = np.flatnonzero(np.isin(self.device_id[: len(self)], list(erased)))
        for slot in slots.tolist():
            self._set_erased(slot, erased[int(self.device_id[slot])])
        left = [last_usable.get(int(self.device_id[slot])) for slot in slots]
        usable = [() if one is None else (one,) for one in left]
        self.last_usable.put(slots, _as_columns(usable, projection))

    def erased(self, slots: Integers, fix_time_us: Integers) -> Booleans:
        """Which fixes are of a time of their device that was erased; slots of -1 have none."""
        found = np.zeros(len(slots), dtype=np.bool_)
        known = np.flatnonzero(slots >= 0)
        for place in known[fix_time_us[known] < self._erased_until[slots[known]]].tolist():
            moment_us = int(fix_time_us[place])
            found[place] = any(start <= moment_us < end for start, end in self._records[slots[place]].erased)
        return found

    def device_ids(self) -> list[int]:
        return [int(device_id) for device_id in self.device_id[: len(self)]]

    def wearers(self, slots: Integers, fix_time_us: Integers) -> tuple[Integers, Integers, Integers]:
        """(activation ids, person ids, starts) at each fix time; NOBODY where no activation covers it."""
        covers = (self._activation_start[slots] <= fix_time_us[:, None]) & (
            fix_time_us[:, None] < self._activation_end[slots]
        )
        place = covers.argmax(axis=1)
        worn = covers.any(axis=1)
        activation = np.where(worn, self._activation_id[slots, place], NOBODY)
        person = np.where(worn, self._activation_person[slots, place], NOBODY)
        return activation, person, self._activation_start[slots, place]

    def remember(self, slots: Integers, fix_key: Integers, last: Earlier, last_but_one: Earlier) -> None:
        """The last two fixes of each slot, and the key of the last; ``slots`` holds each at most once."""
        self.last_fix_key[slots] = fix_key
        self.last.put(slots, last)
        self.last_but_one.put(slots, last_but_one)

    def remember_usable(self, slots: Integers, last_usable: Earlier) -> None:
        """The last usable fix of each slot; ``slots`` holds each at most once."""
        self.last_usable.put(slots, last_usable)

    def has_any_of(self, partitions: Collection[int]) -> bool:
        return bool(np.isin(self.partition[: len(self)], list(partitions)).any())

    def without(self, partitions: Collection[int]) -> Self:
        """A table of the other partitions' devices, for when these are lost."""
        kept = type(self)()
        slots = np.flatnonzero(~np.isin(self.partition[: len(self)], list(partitions)))
        for slot in slots:
            kept._append(  # noqa: SLF001  another of ourselves
                int(self.partition[slot]), self._records[slot]
            )
        kept.remember(
            np.arange(len(slots)), self.last_fix_key[slots], self.last.take(slots), self.last_but_one.take(slots)
        )
        kept.remember_usable(np.arange(len(slots)), self.last_usable.take(slots))
        kept.heard_written_us[: len(slots)] = self.heard_written_us[slots]
        return kept

    def people(self) -> set[int]:
        """Everyone who wears or wore one of the devices."""
        return {activation.person_id for record in self._records for activation in record.activations}

    def activations_of(self, serial: str) -> tuple[Activation, ...]:
        """Of a device that has a slot; none of any other."""
        slot = self._slots.get(serial)
        return () if slot is None else self._records[slot].activations

    def activation_ids(self) -> set[int]:
        return {activation.activation_id for record in self._records for activation in record.activations}

    def _put_last_fixes(
        self, slots: Integers, last_fixes: Sequence[tuple[LastFix, ...]], projection: Projection
    ) -> None:
        self.last_fix_key[slots] = [fixes[0].fix_key if fixes else NEVER_US for fixes in last_fixes]
        self.last.put(slots, _as_columns([fixes[:1] for fixes in last_fixes], projection))
        self.last_but_one.put(slots, _as_columns([fixes[1:2] for fixes in last_fixes], projection))

    def _append(self, partition: int, record: DeviceRecord) -> None:
        slot = len(self._records)
        if slot == len(self.device_id):
            self._grow(max(1024, 2 * slot))
        self._slots[record.serial] = slot
        self._records.append(record)
        self.partition[slot] = partition
        self.device_id[slot] = record.device_id
        self.last_fix_key[slot] = NEVER_US
        self.heard_written_us[slot] = NEVER_US
        self._set_activations(slot, record.activations)
        self._set_erased(slot, record.erased)

    def _set_erased(self, slot: int, erased: tuple[tuple[int, int], ...]) -> None:
        self._records[slot] = replace(self._records[slot], erased=erased)
        self._erased_until[slot] = max((end_us for _, end_us in erased), default=NEVER_US)

    def _set_activations(self, slot: int, activations: tuple[Activation, ...]) -> None:
        record = self._records[slot]
        self._records[slot] = replace(record, activations=activations)
        if len(activations) > self._activation_id.shape[1]:
            self._widen(len(activations))
        self._activation_start[slot] = FOREVER_US
        self._activation_end[slot] = NEVER_US
        for place, activation in enumerate(activations):
            self._activation_start[slot, place] = activation.start_us
            self._activation_end[slot, place] = activation.end_us
            self._activation_id[slot, place] = activation.activation_id
            self._activation_person[slot, place] = activation.person_id

    def _grow(self, size: int) -> None:
        for name in ("partition", "device_id", "last_fix_key", "heard_written_us", "_erased_until"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros(size - len(column), dtype=column.dtype)]))
        self.last, self.last_but_one = _grown(self.last, size), _grown(self.last_but_one, size)
        self.last_usable = _grown(self.last_usable, size)
        for name in ("_activation_start", "_activation_end", "_activation_id", "_activation_person"):
            table = getattr(self, name)
            more = np.zeros((size - len(table), table.shape[1]), dtype=np.int64)
            setattr(self, name, np.concatenate([table, more]))

    def _widen(self, width: int) -> None:
        for name, empty in (
            ("_activation_start", FOREVER_US),
            ("_activation_end", NEVER_US),
            ("_activation_id", 0),
            ("_activation_person", 0),
        ):
            table = getattr(self, name)
            more = np.full((len(table), width - table.shape[1]), empty, dtype=np.int64)
            setattr(self, name, np.concatenate([table, more], axis=1))


def _grown(held: Earlier, size: int) -> Earlier:
    larger = Earlier.none(size)
    larger.put(slice(len(held.fix_time_us)), held)
    return larger


def _as_columns(fixes: Sequence[tuple[LastFix, ...]], projection: Projection) -> Earlier:
    """One fix or none a device."""
    found = Earlier.none(len(fixes))
    there = np.array([place for place, one in enumerate(fixes) if one], np.int64)
    given = [one[0] for one in fixes if one]
    accuracy_m = [np.nan if one.accuracy_m is None else one.accuracy_m for one in given]
    points = projection.points(np.array([one.lon for one in given]), np.array([one.lat for one in given]))
    found.put(
        there,
        Earlier(
            points,
            np.array([one.fix_time_us for one in given], np.int64),
            np.array(accuracy_m, np.float64),
            np.array([one.mechanism for one in given], np.int64),
        ),
    )
    return found
