"""Times, distances, probabilities and kinds in an officer's words."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from geofence.schedule_words import MONTHS
from model.enums import AlertKind, AlertState
from model.times import from_microseconds

LONDON = ZoneInfo("Europe/London")
ON_THE_BOUNDARY_M = 0.5
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
KILOMETRE_M = 1000
NEARLY_ONE = 0.9995

YARDSTICK = (
    (0.95, "almost certain"),
    (0.80, "highly likely"),
    (0.55, "likely"),
    (0.40, "a realistic possibility"),
    (0.25, "unlikely"),
    (0.10, "highly unlikely"),
    (0.0, "a remote chance"),
)
"""The Probability Yardstick of the Professional Head of Intelligence Assessment, which British courts and police read.
Its ranges leave gaps (75 % to 80 %, say); a figure in a gap takes the weaker word."""

MECHANISMS = {"gps": "GPS", "rf": "home beacon", "lbs": "cell tower", "wifi": "Wi-Fi"}

HAPPENED = {
    AlertKind.EXCLUSION_ZONE_BREACH: "was in the exclusion zone",
    AlertKind.INFERRED_CROSSING: "crossed the exclusion zone",
    AlertKind.APPROACH_WARNING: "came close to the exclusion zone",
    AlertKind.INCLUSION_ZONE_ABSENCE: "was away from the inclusion zone",
    AlertKind.CURFEW_ABSENCE: "was away from the curfew zone",
    AlertKind.AUTHORISED_ENTRY: "was in the exclusion zone, which an authorised entry had lifted:",
    AlertKind.AUTHORISED_ABSENCE: "was away, as an authorised absence allows, from the zone",
    AlertKind.AUTHORITY_AREA_ENTRY: "was in the area of a stop-and-search authority,",
    AlertKind.LEFT_HOME_AREA: "was away from the home area",
    AlertKind.STRAP_TAMPER: "wears a tag that says its strap was tampered with",
    AlertKind.BATTERY_LOW: "wears a tag whose battery is low",
    AlertKind.BATTERY_CRITICAL: "wears a tag whose battery is nearly empty",
    AlertKind.POWER_OFF: "wears a tag that was switched off",
    AlertKind.NO_COMMUNICATION: "wears a tag that has not been heard",
    AlertKind.NO_FIX: "wears a tag that is heard and does not find its position",
}
INTAKE_DEAF = "Our own intake was deaf: no tag could be heard"

STATES = {
    AlertState.OPEN: "The alert is open.",
    AlertState.ENDED: "The alert has ended.",
    AlertState.RETRACTED: "THE ALERT HAS BEEN RETRACTED: later data says otherwise.",
}


def moment_words(moment: datetime) -> str:
    """Such as `2 March 2026 09:58:12 +00:00`: London's wall clock with its offset, whatever the machine's locale is."""
    local = moment.astimezone(LONDON)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year} {local.isoformat(timespec='seconds')[11:]}"


def time_words(time_us: int) -> str:
    return moment_words(from_microseconds(time_us))


def duration_words(seconds: float) -> str:
    """Whole seconds below 2 minutes, whole minutes below 2 hours, then hours or days and the rest."""
    if seconds < 2 * MINUTE_S:
        return f"{seconds:.0f} s"
    minutes = round(seconds / MINUTE_S)
    if minutes < 2 * HOUR_S // MINUTE_S:
        return f"{minutes} min"
    large, small, names = (DAY_S, HOUR_S, ("d", "h")) if seconds >= 2 * DAY_S else (HOUR_S, MINUTE_S, ("h", "min"))
    whole, rest = divmod(round(seconds / small), large // small)
    return f"{whole} {names[0]}" + (f" {rest} {names[1]}" if rest else "")


def distance_words(distance_m: float) -> str:
    if distance_m < KILOMETRE_M:
        return f"{distance_m:.0f} m"
    return f"{distance_m / KILOMETRE_M:.1f} km"


def place_words(depth_m: float) -> str:
    """`34 m inside` or `12 m outside`."""
    if abs(depth_m) < ON_THE_BOUNDARY_M:
        return "on the boundary"
    return f"{distance_words(abs(depth_m))} {'inside' if depth_m > 0 else 'outside'}"


def probability_figure(probability: float) -> str:
    """Three decimals, and neither 0 nor 1: nothing measured is certain."""
    if probability > NEARLY_ONE:
        return "over 0.999"
    return f"{probability:.3f}" if probability >= 1 - NEARLY_ONE else "under 0.001"


def probability_words(probability: float) -> str:
    """The yardstick's words for a probability."""
    return next(words for least, words in YARDSTICK if probability >= least)


def listed(names: Sequence[str]) -> str:
    """One, two and three; nothing for none."""
    *others, last = names or ("",)
    return f"{', '.join(others)} and {last}" if others else last


def counted(count: int, singular: str) -> str:
    return f"{count} {singular}{'' if count == 1 else 's'}"
