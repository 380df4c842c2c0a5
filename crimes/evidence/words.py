"""Values as the reports write them: times in UTC and in London, metres, and words for codes."""

from datetime import timedelta

from crimes.matching.reasons import GAP_WORDS, KILOMETRES_AN_HOUR, LONDON, MILES_AN_HOUR
from model.crimes import GapReason
from model.times import from_microseconds

NOT_STATED = "not stated"
NONE = "none"
VERDICTS = {
    "present": "PRESENT: enough positions lie at the scene in the searched time",
    "possible": "POSSIBLE: something places the wearer at the scene, but not enough to say present",
    "absent": "ABSENT: the track shows that the wearer was elsewhere",
    "cannot_say": "CANNOT SAY: the track has a gap in which the wearer could have been at the scene",
}
MECHANISMS = {"gps": "GPS", "rf": "home beacon (RF)", "lbs": "cell tower (LBS)", "wifi": "Wi-Fi"}


def utc(moment_us: int) -> str:
    """Such as ``2026-03-29 00:59:58.250 UTC``; milliseconds only where there are some."""
    moment = from_microseconds(moment_us)
    return f"{moment:%Y-%m-%d %H:%M:%S}{_fraction(moment_us)} UTC"


def local(moment_us: int) -> str:
    """Europe/London with its offset, such as ``2026-03-29 02:00:00 +01:00``."""
    moment = from_microseconds(moment_us).astimezone(LONDON)
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return f"{moment:%Y-%m-%d %H:%M:%S}{_fraction(moment_us)} {offset}"


def iso(moment_us: int) -> str:
    """RFC 3339 in UTC, for files that programs read."""
    return from_microseconds(moment_us).isoformat().replace("+00:00", "Z")


def iso_local(moment_us: int) -> str:
    return from_microseconds(moment_us).astimezone(LONDON).isoformat()


def metres(value: float | None, digits: int = 1) -> str:
    return NOT_STATED if value is None else f"{value:.{digits}f} m"


def degrees(lat: float, lon: float) -> str:
    return f"{lat:.6f}, {lon:.6f}"


def speed(value_mps: float | None) -> str:
    if value_mps is None:
        return NOT_STATED
    return f"{value_mps:.1f} m/s ({value_mps * KILOMETRES_AN_HOUR:.0f} km/h, {value_mps * MILES_AN_HOUR:.0f} mph)"


def heading(value_deg: float | None) -> str:
    return NOT_STATED if value_deg is None else f"{value_deg:.0f}°"


def accuracy(accuracy_m: float, *, stated: bool) -> str:
    return f"{accuracy_m:.1f} m, {'stated by the tag' if stated else 'default: the tag stated none'}"


def gap_reason(code: str) -> str:
    return GAP_WORDS[GapReason(code)]


def mechanism(word: str) -> str:
    return MECHANISMS.get(word, word)


def phrase(code: str) -> str:
    """A code as words: ``strap_tamper`` becomes ``strap tamper``."""
    return code.replace("_", " ")


def _fraction(moment_us: int) -> str:
    milliseconds = moment_us // 1000 % 1000
    return f".{milliseconds:03d}" if milliseconds else ""
