"""What is known of devices and of our own intake when silence is judged. Times are microseconds since 1970 UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from model.alerts import Alert
from model.enums import AlertKind


class DeafReason(StrEnum):
    NO_HEARTBEAT = "no_heartbeat"  # our own message does not come through broker, worker and database
    NOTHING_HEARD = "nothing_heard"  # ours comes through and no tag's does


@dataclass(frozen=True, slots=True)
class IntakeState:
    """What is kept of the intake: times in microseconds, None while it is not alive, or not deaf."""

    alive_since_us: int | None = None
    alive_through_us: int | None = None  # the last proof
    deaf_since_us: int | None = None
    deaf_reason: DeafReason | None = None

    @property
    def is_alive(self) -> bool:
        """Whether timers of silence may run."""
        return self.alive_since_us is not None and self.deaf_since_us is None


@dataclass(frozen=True, slots=True)
class Beacon:
    """Whether the device stands at its home beacon, and the time of the event that says so."""

    is_at: bool
    seen_us: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What pings say of a device. Times are None for what was never heard."""

    last_received_us: int | None
    last_fix_us: int | None
    battery_pct: float | None
    battery_us: int | None


@dataclass(frozen=True, slots=True)
class Wearing:
    """Who wore which device under which activation; ``end_us`` is None while it is on."""

    activation_id: int
    person_id: int
    device_id: int
    start_us: int
    end_us: int | None


@dataclass(frozen=True, slots=True)
class Worn:
    """A device on a person, what was heard of it, and its open alerts of silence."""

    activation_id: int
    person_id: int
    device_id: int
    start_us: int
    heard: Heard
    at_beacon: bool
    beacon_seen_us: int | None
    open_alerts: Mapping[AlertKind, Alert]

    @property
    def fix_base_us(self) -> int:
        """From when on it could have had a fix and had none: at the beacon it needs none."""
        return max(self.start_us, self.heard.last_fix_us or self.start_us, self.beacon_seen_us or self.start_us)
