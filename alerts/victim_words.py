"""The words proposed to whoever tells a victim something, and when they may (pure).

They name no place, no distance and nobody; the time is London's.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from model.victims import TellingKind, VictimChoice

LONDON = ZoneInfo("Europe/London")
NIGHT_STARTS, NIGHT_ENDS = time(21), time(8)

_WORDS = {
    TellingKind.BREACH: (
        "On {when} the person entered the area that they must keep out of. Probation staff know of it and act on it."
    ),
    TellingKind.RECALL: (
        "(First make sure with the practitioner that the recall was carried out; if not, record why it was not told.)"
        " The person has been recalled to prison."
    ),
    TellingKind.MONITORING_ENDED: (
        "Since {when} the area is no longer monitored: the tag has come off, or the condition has ended. (First make"
        " sure with the practitioner which of the two, and what comes next.)"
    ),
}
_TAKEN_BACK = {
    TellingKind.BREACH: (
        "We told you that the person entered the area on {when}. We know now that this was not so, and are sorry."
    ),
    TellingKind.RECALL: "We told you that the person was recalled to prison. This is not so, and we are sorry.",
    TellingKind.MONITORING_ENDED: (
        "We told you that the area was no longer monitored since {when}. It is monitored again, or was all along."
    ),
}


def task_words(kind: TellingKind, about: TellingKind, happened_at: datetime) -> str:
    """Of a retraction, ``about`` is what was told."""
    words = _TAKEN_BACK[about] if kind is TellingKind.RETRACTION else _WORDS[kind]
    local = happened_at.astimezone(LONDON)
    return words.format(when=f"{local.day} {local:%B %Y} at {local:%H:%M}")


def when_to_tell(choice: VictimChoice, now: datetime) -> datetime:
    """The first moment from ``now`` on that lies in the hours of the victim's choice, in UTC."""
    today = now.astimezone(LONDON).date()
    over_midnight = timedelta(days=1 if choice.hours_to <= choice.hours_from else 0)
    for days in (-1, 0, 1, 2):
        day = today + timedelta(days=days)
        starts = datetime.combine(day, choice.hours_from, LONDON).astimezone(UTC)
        ends = datetime.combine(day + over_midnight, choice.hours_to, LONDON).astimezone(UTC)
        if now < ends and starts < ends:
            return max(now, starts)
    raise ArithmeticError(f"hours from {choice.hours_from} to {choice.hours_to} never come")


def touches_night(hours_from: time, hours_to: time) -> bool:
    """Whether some of the hours lie in the night."""
    return not NIGHT_ENDS <= hours_from < hours_to <= NIGHT_STARTS
