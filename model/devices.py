"""Devices, and who wore them when. Times are microseconds since 1970 UTC."""

from dataclasses import dataclass

NEVER_US = -(2**63)
FOREVER_US = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Activation:
    """The interval ``[start_us, end_us)`` in which a device was on a person; FOREVER_US while it still is."""

    activation_id: int
    person_id: int
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class LastFix:
    """One of the newest stored positions of a device."""

    fix_time_us: int
    fix_key: int
    lat: float
    lon: float
    accuracy_m: float | None
    mechanism: int


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    serial: str
    device_id: int
    activations: tuple[Activation, ...]
    last_fixes: tuple[LastFix, ...]  # the newest first, at most two
    last_usable: LastFix | None = None  # the newest that pins its wearer down (crimes/reach.py)
    erased: tuple[tuple[int, int], ...] = ()  # times [from, until) of which everything was deleted (migration 0048)
