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
    INCLUSION = "inclusion"  # to be inside in its hours: the stay watched is an absence
    CURFEW = "curfew"  # an inclusion zone about the home, where a beacon may stand
    CRIME_SCENE = "crime_scene"  # a visit is recorded and alerts nobody
    AUTHORITY_AREA = "authority_area"  # of a stop-and-search authority: a visit is information for who supervises
    HOME_AREA = "home_area"  # a borough or a county: to be away from it for long is information, too

    @property
    def watches_absence(self) -> bool:
        return self in {ZoneKind.INCLUSION, ZoneKind.CURFEW, ZoneKind.HOME_AREA}

    @property
    def binds(self) -> bool:
        """Whether it is a condition of the wearer's: only such a zone can be breached, approached or crossed."""
        return self in {ZoneKind.EXCLUSION, ZoneKind.INCLUSION, ZoneKind.CURFEW}


class Aspect(StrEnum):
    """What is watched of a zone."""

    ZONE = "zone"  # its shape: inside or, where absence is watched, outside
    BUFFER = "buffer"  # the shape with its buffer: an approach


class Regime(StrEnum):
    """What held for the wearer in the zone at a position's time. A stay lies in one regime."""

    IN_FORCE = "in_force"
    AUTHORISED = "authorised"  # an authorised entry or absence lifts the condition
    NOT_IN_FORCE = "not_in_force"  # outside its dates or its hours, or no version is valid


class VisitState(StrEnum):
    """The states of presence; clear is the absence of a visit. The table of transitions: geofence/presence.py."""

    POSSIBLE = "possible"
    CONFIRMED = "confirmed"
    ENDING = "ending"
    ENDED = "ended"
    LAPSED = "lapsed"  # was possible and came to nothing
    RETRACTED = "retracted"  # later data says otherwise

    @property
    def is_open(self) -> bool:
        return self in OPEN_STATES


OPEN_STATES = frozenset({VisitState.POSSIBLE, VisitState.CONFIRMED, VisitState.ENDING})


class EndReason(StrEnum):
    LEFT = "left"
    CROSSED = "crossed"  # inferred between two positions: over as soon as it is known
    REGIME_CHANGED = "regime_changed"  # its hours or dates ended, or an authorisation began or ended
    DEVICE_OFF = "device_off"  # the activation ended


class AlertKind(StrEnum):
    EXCLUSION_ZONE_BREACH = "exclusion_zone_breach"
    INFERRED_CROSSING = "inferred_crossing"
    APPROACH_WARNING = "approach_warning"
    INCLUSION_ZONE_ABSENCE = "inclusion_zone_absence"
    CURFEW_ABSENCE = "curfew_absence"
    AUTHORISED_ENTRY = "authorised_entry"
    AUTHORISED_ABSENCE = "authorised_absence"
    AUTHORITY_AREA_ENTRY = "authority_area_entry"
    LEFT_HOME_AREA = "left_home_area"
    STRAP_TAMPER = "strap_tamper"
    BATTERY_LOW = "battery_low"
    BATTERY_CRITICAL = "battery_critical"
    POWER_OFF = "power_off"
    NO_COMMUNICATION = "no_communication"
    NO_FIX = "no_fix"
    INTAKE_DEAF = "intake_deaf"  # ours, not a wearer's: nothing can be heard


class Severity(StrEnum):
    BREACH = "breach"
    WARNING = "warning"
    INFORMATION = "information"


class Urgency(StrEnum):
    """How whoever is told is told; every later change of the alert is told in the same way."""

    IMMEDIATE = "immediate"
    MORNING = "morning"  # on the morning list


class AlertState(StrEnum):
    OPEN = "open"
    ENDED = "ended"
    RETRACTED = "retracted"  # later data says otherwise; it stays visible


class AlertChangeKind(StrEnum):
    RAISED = "raised"
    UPDATED = "updated"
    ENDED = "ended"
    AMENDED = "amended"  # late data moved its beginning or its end
    UPGRADED = "upgraded"  # late data made it more serious or more urgent
    RETRACTED = "retracted"
    REOPENED = "reopened"  # late data says that it goes on, or that it was so after all
    WORKED = "worked"  # staff did something about it; what is so of the wearer is as it was


class RejectionReason(StrEnum):
    """Why a ping could not be accepted. Each is a label of a metric and a heading in docs/operations.md."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_A_PING = "not_a_ping"
    NOT_AN_EVENT = "not_an_event"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    BAD_TIME = "bad_time"
    UNKNOWN_MECHANISM = "unknown_mechanism"
    UNKNOWN_EVENT = "unknown_event"
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
    INFERRED = 128  # no position of a tag: a place on the straight way between two

    @property
    def words(self) -> list[str]:
        """As documents write them, such as ``["late", "poor_accuracy"]``."""
        return [str(flag.name).lower() for flag in self]
