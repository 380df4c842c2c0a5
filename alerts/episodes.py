"""Episodes (pure): alerts of one person and one cause that lie close to each other are one thing to work, not twenty.

A wearer whose tag is not charged raises an alert again and again; whoever works them needs to see one line, since when,
and how many. The alerts stay as they are: an episode is only a way to look at them, made anew from those that stand.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from model.enums import AlertState
from model.episodes import SEVERITIES, Cause, CauseFamily, Episode, EpisodeAlert, Stretch
from model.times import SECOND_US, from_microseconds

LASTING_US = 2**62
DAYS_OF_A_WEEK = 7


def episodes(alerts: Iterable[EpisodeAlert], gap_s: float) -> list[Episode]:
    """The episodes of ``alerts``, given in any order, each once; whichever order they came in, the same.

    Two of one cause are in one episode where no more than ``gap_s`` lies between the end of all before and the
    beginning of the next. Retracted alerts never were so: they are in none, and join nothing, unless
    somebody still has to work on them.
    """
    standing = sorted(
        (one for one in alerts if one.state is not AlertState.RETRACTED or one.status.is_open), key=_place
    )
    gap_us = int(gap_s * SECOND_US)
    return [
        Episode(cause, tuple(run))
        for cause, group in groupby(standing, key=lambda alert: alert.cause)
        for run in _runs(list(group), gap_us)
    ]


def around(episode: Episode, reach_s: float) -> Stretch:
    """The episode with ``reach_s`` before and after it: with the gap, all that could join it is there."""
    reach_us = int(reach_s * SECOND_US)
    until_us = None if episode.ended_us is None else episode.ended_us + reach_us
    return Stretch(episode.cause, episode.began_us - reach_us, until_us)


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same times of the same causes, in as few stretches as there can be."""
    found: list[Stretch] = []
    for one in sorted(stretches, key=lambda one: (*_order(one.cause), one.from_us)):
        before = found[-1] if found else None
        if before is None or before.cause != one.cause or _until_us(before) < one.from_us:
            found.append(one)
        elif not before.holds(one):
            found[-1] = Stretch(one.cause, before.from_us, one.until_us)
    return found


def by_urgency(found: Iterable[Episode]) -> list[Episode]:
    """What is to be worked first, then the most serious, then what has waited longest."""
    return sorted(found, key=urgency_key)


def urgency_key(episode: Episode) -> tuple[bool, int, int, UUID]:
    """What ``by_urgency`` goes by; no two episodes have the same."""
    return not episode.is_open, SEVERITIES.index(episode.severity), episode.began_us, episode.episode_id


def words(episode: Episode, zone_name: str | None, now: datetime, time_zone: ZoneInfo) -> str:
    """Such as "not charging since Saturday 2:10am, 14 alerts"; times are those of ``time_zone``.

    Of one that has ended it says from when to when. A zone's name is personal data: the words are for who may see it.
    """
    what = _WORDS[episode.cause.family].format(zone=zone_name or "a zone")
    today = now.astimezone(time_zone).date()
    began = from_microseconds(episode.began_us).astimezone(time_zone)
    if episode.ended_us is None:
        when = f"since {_day(began.date(), today)} {_clock(began)}"
    else:
        ended = from_microseconds(episode.ended_us).astimezone(time_zone)
        end_day = "" if ended.date() == began.date() else f"{_day(ended.date(), today)} "
        when = f"{_day(began.date(), today)} {_clock(began)} to {end_day}{_clock(ended)}"
    count = len(episode.alerts)
    return f"{what} {when}, {count} {'alert' if count == 1 else 'alerts'}"


_WORDS: Mapping[CauseFamily, str] = {
    CauseFamily.ZONE_ENTERED: "in or near {zone}",
    CauseFamily.ABSENT: "away from {zone}",
    CauseFamily.NOT_CHARGING: "not charging",
    CauseFamily.STRAP: "strap open",
    CauseFamily.SILENT: "tag silent",
    CauseFamily.NO_POSITION: "tag without a position",
    CauseFamily.SERVICE_DEAF: "no tag can be heard",
}


def _place(alert: EpisodeAlert) -> tuple[int, str, int, int, UUID]:
    return *_order(alert.cause), alert.began_us, alert.alert_id


def _order(cause: Cause) -> tuple[int, str, int]:
    person = -1 if cause.person_id is None else cause.person_id
    zone = -1 if cause.zone_id is None else cause.zone_id
    return person, cause.family.value, zone


def _runs(ordered: Sequence[EpisodeAlert], gap_us: int) -> Iterable[list[EpisodeAlert]]:
    """Alerts of one cause, cut where the gap is too long. A short one within a long one ends nothing."""
    run: list[EpisodeAlert] = []
    until_us = 0
    for alert in ordered:
        if run and alert.began_us - until_us > gap_us:
            yield run
            run, until_us = [], 0
        until_us = max(until_us, _end_us(alert))
        run.append(alert)
    if run:
        yield run


def _end_us(alert: EpisodeAlert) -> int:
    return LASTING_US if alert.ended_us is None else alert.ended_us


def _until_us(stretch: Stretch) -> int:
    return LASTING_US if stretch.until_us is None else stretch.until_us


def _day(day: date, today: date) -> str:
    """The day of the week alone says which day it was for less than a week."""
    if abs((today - day).days) < DAYS_OF_A_WEEK:
        return f"{day:%A}"
    return f"{day:%A} {day.day} {day:%B}" + (f" {day.year}" if day.year != today.year else "")


def _clock(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment.minute:02d}{'am' if moment.hour < 12 else 'pm'}"  # noqa: PLR2004 -- noon
