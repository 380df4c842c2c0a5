"""Device events that tests make up, in minutes from the beginning of the wearing."""

from alerts.device_episodes import BatteryLimits
from model.device_events import DeviceEvent, DeviceEventKind
from model.times import SECOND_US
from model.watching import Heard, Wearing
from tests.support.pings import START_US

MINUTE_US = 60 * SECOND_US
BATTERY = BatteryLimits(low_pct=20, critical_pct=5, uncharged_s=7200)
WEARING = Wearing(activation_id=1, person_id=2, device_id=3, start_us=START_US, end_us=None)


def at(minute: float) -> int:
    return START_US + int(minute * MINUTE_US)


def minutes(time_us: int) -> float:
    return (time_us - START_US) / MINUTE_US


def event(kind: str, minute: float, battery_pct: float | None = None) -> DeviceEvent:
    return DeviceEvent(DeviceEventKind(kind), at(minute), at(minute) + SECOND_US, battery_pct)


def heard(
    received: float | None = None,
    fix: float | None = None,
    battery: float | None = None,
    battery_at: float | None = None,
) -> Heard:
    return Heard(
        last_received_us=None if received is None else at(received),
        last_fix_us=None if fix is None else at(fix),
        battery_pct=battery,
        battery_us=None if battery_at is None else at(battery_at),
    )
