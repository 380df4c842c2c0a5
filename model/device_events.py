"""What a tag says of itself besides where it is. Times are microseconds since 1970 UTC."""

from dataclasses import dataclass
from enum import StrEnum


class DeviceEventKind(StrEnum):
    STRAP_TAMPER = "strap_tamper"
    STRAP_RESTORED = "strap_restored"
    BATTERY_LOW = "battery_low"
    BATTERY_CRITICAL = "battery_critical"
    BATTERY_RESTORED = "battery_restored"
    CHARGING_STARTED = "charging_started"
    CHARGING_STOPPED = "charging_stopped"
    POWER_OFF = "power_off"
    POWER_ON = "power_on"
    AT_BEACON = "at_beacon"
    LEFT_BEACON = "left_beacon"
    ALIVE = "alive"  # it communicates and has no fix to report


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    kind: DeviceEventKind
    event_us: int  # the device's own time of it: what decisions follow
    received_us: int
    battery_pct: float | None = None
