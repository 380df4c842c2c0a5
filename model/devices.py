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
    """The newest stored position of a device."""

    fix_time_us: int
    fix_key: int
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    serial: str
    device_id: int
    activations: tuple[Activation, ...]
    last_fix: LastFix | None
