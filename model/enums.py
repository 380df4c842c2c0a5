"""Closed vocabularies. Their values are stored and sent, so a value never changes its meaning."""

from enum import IntEnum, IntFlag, StrEnum


class Mechanism(IntEnum):
    """How a position was found; the numbers are those that tag suppliers use."""

    GPS = 1
    RF = 4  # at the home beacon
    LBS = 5  # cell tower
    WIFI = 6

    @property
    def word(self) -> str:
        """As documents write it: ``gps``, ``rf``, ``lbs``, ``wifi``."""
        return self.name.lower()


class ZoneKind(StrEnum):
    """What a visit to the zone means."""

    EXCLUSION = "exclusion"  # a visit raises a breach alert
    CRIME_SCENE = "crime_scene"  # a visit is recorded and alerts nobody


class AlertKind(StrEnum):
    EXCLUSION_ZONE_BREACH = "exclusion_zone_breach"


class AlertState(StrEnum):
    OPEN = "open"
    ENDED = "ended"


class AlertChangeKind(StrEnum):
    RAISED = "raised"
    UPDATED = "updated"
    ENDED = "ended"


class RejectionReason(StrEnum):
    """Why a ping could not be accepted. Each is a label of a metric and a heading in docs/operations.md."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_A_PING = "not_a_ping"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    BAD_TIME = "bad_time"
    UNKNOWN_MECHANISM = "unknown_mechanism"
    SWAPPED_COORDINATES = "swapped_coordinates"
    NO_KEY = "no_key"
    KEY_MISMATCH = "key_mismatch"
    UNKNOWN_DEVICE = "unknown_device"


class PositionFlag(IntFlag):
    """What screening noticed. A flagged position is kept; nothing is dropped for a flag."""

    NONE = 0
    FUTURE_CLOCK = 1  # fix time more than a second after its receipt
    IMPLIED_SPEED = 2  # faster from the position before than anything on wheels
    POOR_ACCURACY = 4  # stated accuracy above the limit
    ACCURACY_NOT_STATED = 8  # missing or 0
    DEVICE_ON_NOBODY = 16  # no activation covers the fix time
    LATE = 32  # older than a position of the device that was already judged
    OUTSIDE_REGION = 64  # outside the region this deployment serves

    @property
    def words(self) -> list[str]:
        """As documents write them, such as ``["late", "poor_accuracy"]``."""
        return [str(flag.name).lower() for flag in self]
