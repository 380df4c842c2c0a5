"""From bytes to columns, or to a named rejection. Pure: nothing here knows a clock, a broker or a database.

Each message is read by itself: joining several into one text would be faster and would let a crafted pair of them
change whose ping is whose. One bad ping in an array keeps the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from geofence.columns import NOT_GIVEN, Fixes, Floats, Integers
from ingest.heartbeat import is_heartbeat
from ingest.ping import (
    BAD_SERIAL,
    MALFORMED,
    MECHANISMS,
    NOTHING,
    READING_ERRORS,
    Ping,
    Refusal,
    ambiguity,
    explain,
    plainly_unambiguous,
    read_one,
    read_one_or_many,
    split_items,
)
from ingest.ranges import UNKNOWN_MECHANISM, is_serial, judge, suspects
from ingest.source import PartitionBatch
from model.enums import RejectionReason
from model.times import EPOCH, MICROSECOND
from model.zones import Region


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    message_max_bytes: int
    region: Region  # tells swapped coordinates
    pings_max: int = 10_000  # pings in one message


@dataclass(frozen=True, slots=True)
class Rejected:
    """A ping that could not be accepted; ``detail`` names fields and remedies and repeats no value."""

    message_index: int  # in the batch
    item: int  # place of the ping in its message, from 0; 0 also when the message as a whole is wrong
    reason: RejectionReason
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """``n`` fixes in the order of messages and of items within them; ``serials`` and ``item`` have length ``n``."""

    fixes: Fixes
    serials: list[str]
    item: list[int]
    rejections: list[Rejected]
    heartbeat_ms: int | None = None  # the broker's time of the last heartbeat among the messages


def decode(batch: PartitionBatch, limits: DecodeLimits) -> Decoded:
    """Read the messages of a partition. Never raises for what the bytes hold.

    A message must carry its device's serial as its key: the topic is partitioned by it, so that each device's
    presence has one writer.
    """
    reader = _Reader(limits, careful=False)
    reader.read_messages(batch.values)
    if not plainly_unambiguous(batch.values, len(reader.pings)):
        reader = _Reader(limits, careful=True)
        reader.read_messages(batch.values)
    keys = [batch.keys[index] for index in reader.message_index]
    expected = [ping.device_id.encode() for ping in reader.pings]
    if keys != expected:
        reader.give_up(_judge_keys(keys, expected))
    return _without_heartbeats(reader.columns(batch.offsets, batch.timestamps_ms), batch)


def _without_heartbeats(found: Decoded, batch: PartitionBatch) -> Decoded:
    """Heartbeats are not JSON, so the common ping pays nothing for them: they are looked for among the rejections."""
    beats = {
        one.message_index
        for one in found.rejections
        if is_heartbeat(batch.keys[one.message_index], batch.values[one.message_index])
    }
    if not beats:
        return found
    return replace(
        found,
        rejections=[one for one in found.rejections if one.message_index not in beats],
        heartbeat_ms=batch.timestamps_ms[max(beats)],
    )


def decode_each(values: Sequence[bytes], received_ms: int, limits: DecodeLimits) -> Decoded:
    """Read ``values``, each the JSON of exactly one ping that has no key yet; offsets are places in ``values``."""
    reader = _Reader(limits, careful=True)
    for index, value in enumerate(values):
        reader.read_item(index, 0, value)
    return reader.columns(range(len(values)), [received_ms] * len(values))


@dataclass(slots=True)
class _Reader:
    """What has been read so far: pings with where they stood, and rejections.

    A careful one looks into each message for fields given twice and for bytes that are not UTF-8.
    """

    limits: DecodeLimits
    careful: bool
    pings: list[Ping] = field(default_factory=list)
    message_index: list[int] = field(default_factory=list)
    item: list[int] = field(default_factory=list)
    rejections: list[Rejected] = field(default_factory=list)

    def read_messages(self, values: Sequence[bytes]) -> None:
        """Written out for the common message of one ping: a call for each would cost a fifth of the speed."""
        most = self.limits.message_max_bytes
        careful = self.careful
        for index, value in enumerate(values):
            if len(value) > most:
                self.reject(index, 0, self._too_large())
                continue
            try:
                found = read_one_or_many(value)
            except READING_ERRORS as error:
                self._read_items(index, value, error)
                continue
            if type(found) is not Ping:
                self._read_array(index, value, found)
            elif careful and (refusal := ambiguity(value, 1)):
                self.reject(index, 0, refusal)
            else:
                self.pings.append(found)
                self.message_index.append(index)
                self.item.append(0)

    def read_item(self, index: int, item: int, value: bytes) -> None:
        """The JSON of one ping, at ``item`` of the message at ``index``."""
        if len(value) > self.limits.message_max_bytes:
            self.reject(index, item, self._too_large())
            return
        try:
            ping = read_one(value)
        except READING_ERRORS as error:
            self.reject(index, item, explain(error, value))
            return
        refusal = ambiguity(value, 1) if self.careful else None
        if refusal is not None:
            self.reject(index, item, refusal)
        else:
            self.pings.append(ping)
            self.message_index.append(index)
            self.item.append(item)

    def _read_array(self, index: int, value: bytes, found: list[Ping]) -> None:
        if not found:
            self.reject(index, 0, NOTHING)
        elif len(found) > self.limits.pings_max:
            self.reject(index, 0, self._too_many())
        elif self.careful and ambiguity(value, len(found)):
            self._read_items(index, value, None)
        else:
            self.pings += found
            self.message_index += [index] * len(found)
            self.item += range(len(found))

    def _read_items(self, index: int, value: bytes, error: Exception | None) -> None:
        """One by one, so that the bad ones do not take the good ones with them."""
        try:
            items = split_items(value)
        except READING_ERRORS as broken:
            self.reject(index, 0, explain(broken, value))
            return
        if not value.lstrip().startswith(b"["):
            self.reject(index, 0, explain(error, value) if error else MALFORMED)
        elif len(items) > self.limits.pings_max:
            self.reject(index, 0, self._too_many())
        else:
            for item, text in enumerate(items):
                self.read_item(index, item, text)

    def reject(self, index: int, item: int, refusal: Refusal) -> None:
        self.rejections.append(Rejected(index, item, refusal.reason, refusal.detail))

    def give_up(self, refusals: dict[int, Refusal]) -> None:
        """Turn the pings at the given places into rejections and keep the others."""
        for place, refusal in refusals.items():
            self.reject(self.message_index[place], self.item[place], refusal)
        kept = [place for place in range(len(self.pings)) if place not in refusals]
        self.pings = [self.pings[place] for place in kept]
        self.message_index = [self.message_index[place] for place in kept]
        self.item = [self.item[place] for place in kept]

    def columns(self, offsets: Sequence[int], timestamps_ms: Sequence[int]) -> Decoded:
        fixes = _to_columns(self.pings, self.message_index, offsets, timestamps_ms)
        serials = [ping.device_id for ping in self.pings]
        bad = suspects(fixes, serials, self.limits.region)
        if bad.any():
            refusals = {int(place): judge(fixes, serials, int(place), self.limits.region) for place in bad.nonzero()[0]}
            self.give_up(refusals)
            fixes = fixes.take(~bad)
            serials = [ping.device_id for ping in self.pings]
        fixes.heading_deg[fixes.heading_deg == 360] = 0  # noqa: PLR2004 - the full circle
        fixes.accuracy_m[fixes.accuracy_m == 0] = np.nan  # 0 is "not stated", never "perfect"
        rejections = sorted(self.rejections, key=lambda rejected: (rejected.message_index, rejected.item))
        return Decoded(fixes, serials, self.item, rejections)

    def _too_large(self) -> Refusal:
        return Refusal(
            RejectionReason.TOO_LARGE,
            f"larger than {self.limits.message_max_bytes} bytes: send fewer pings at once",
        )

    def _too_many(self) -> Refusal:
        return Refusal(
            RejectionReason.TOO_LARGE, f"more than {self.limits.pings_max} pings in one message: send fewer at once"
        )


def _judge_keys(keys: list[bytes | None], expected: list[bytes]) -> dict[int, Refusal]:
    no_key = Refusal(RejectionReason.NO_KEY, "the message has no key: give the ping's device_id as its key")
    mismatch = Refusal(
        RejectionReason.KEY_MISMATCH,
        "the message's key is not the ping's `device_id`: key every message by its device",
    )
    refusals: dict[int, Refusal] = {}
    for place, (key, serial) in enumerate(zip(keys, expected, strict=True)):
        if key != serial:
            # a serial that no device can have is the better thing to tell
            known = is_serial(serial.decode())
            refusals[place] = (no_key if key is None else mismatch) if known else BAD_SERIAL
    return refusals


def _to_columns(
    pings: list[Ping], message_index: list[int], offsets: Sequence[int], timestamps_ms: Sequence[int]
) -> Fixes:
    messages = np.array(message_index, dtype=np.int64)
    return Fixes(
        fix_time_us=_integers([(ping.fix_time - EPOCH) // MICROSECOND for ping in pings]),
        received_us=np.array(timestamps_ms, dtype=np.int64)[messages] * 1000,
        lat=_floats([ping.lat for ping in pings]),
        lon=_floats([ping.lon for ping in pings]),
        accuracy_m=_floats([ping.accuracy_m for ping in pings]),
        mechanism=_integers([MECHANISMS.get(ping.mechanism, UNKNOWN_MECHANISM) for ping in pings]),
        speed_mps=_floats([ping.speed_mps for ping in pings]),
        heading_deg=_floats([ping.heading_deg for ping in pings]),
        satellites=_integers([NOT_GIVEN if ping.satellites is None else ping.satellites for ping in pings]),
        hdop=_floats([ping.hdop for ping in pings]),
        battery_pct=_floats([ping.battery_pct for ping in pings]),
        sequence=_integers([NOT_GIVEN if ping.sequence is None else ping.sequence for ping in pings]),
        message_offset=np.array(offsets, dtype=np.int64)[messages],
    )


def _integers(values: list[int]) -> Integers:
    return np.array(values, dtype=np.int64)


def _floats(values: list[float | None] | list[float]) -> Floats:
    """NaN for None."""
    return np.array(values, dtype=np.float64)
