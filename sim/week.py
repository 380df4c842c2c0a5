"""Weeks of a life: nights at home, work or training, supervision, shops, friends, and now and then a breach."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator

from geofence.columns import Floats
from model.times import SECOND_US, from_microseconds, to_microseconds
from sim.cohort_zones import CohortZone, CurfewHours
from sim.diary import Diary
from sim.places import Haunt, Places
from sim.realism import Routine
from sim.routine import HOUR_S, MINUTE_S, Travel
from sim.straying import Errand, Straying, rates, reach, stray
from sim.surroundings import PLANE
from sim.true_path import Seconds, Setting, TruePath

LONDON = ZoneInfo("Europe/London")
WEEKDAYS = 5
TRAINING_DAYS = (0, 2, 4)
OUTING_SHARE = 0.6
"""Of days without work, on which one goes shopping, to a park or to a friend."""
EVENING_SHARE = 0.3
SHOPS_ON_THE_WAY_SHARE = 0.25
LUNCH_OUT_SHARE = 0.3
COMMUTES = (Travel.CYCLE, Travel.BUS, Travel.BUS, Travel.CAR, Travel.TRAIN)


class Occupation(Enum):
    WORK = "five days a week"
    TRAINING = "three days a week"
    NONE = "none"


@dataclass(frozen=True)
class Calendar:
    """London days from the one that holds ``start_us``; the simulation begins at its midnight."""

    first: datetime
    days: int

    @classmethod
    def holding(cls, start_us: int, days: int) -> "Calendar":
        """``days`` London days, the first being that of ``start_us``, microseconds since 1970 UTC."""
        local = from_microseconds(start_us).astimezone(LONDON)
        return cls(local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0), days)

    @cached_property
    def start_us(self) -> int:
        return to_microseconds(self.first.astimezone(UTC))

    @cached_property
    def end_s(self) -> float:
        """Seconds from the start to the midnight after the last day."""
        return self.at(self.days, 0)

    def at(self, day: int, hour: float) -> float:
        """Seconds from the start to an hour of the London clock, which may lie beyond the day's 24."""
        whole_days, hour_of_day = divmod(hour, 24)
        midnight = self.first.replace(tzinfo=None) + timedelta(days=day + whole_days)
        local = (midnight + timedelta(hours=hour_of_day)).replace(tzinfo=LONDON)
        return (to_microseconds(local.astimezone(UTC)) - self.start_us) / SECOND_US

    def weekday(self, day: int) -> int:
        """0 is Monday."""
        return (self.first.weekday() + day) % 7

    def hours_of(self, hours: CurfewHours) -> list[Seconds]:
        """When the hours run, cut at the ends of the simulation; those of the night before the first day too."""
        from_h, until_h = hours[0] / 60, hours[1] / 60
        beyond_h = until_h + (24 if until_h <= from_h else 0)
        spells = [(self.at(day, from_h), self.at(day, beyond_h)) for day in range(-1, self.days)]
        cut = [(max(begin_s, 0.0), min(end_s, self.end_s)) for begin_s, end_s in spells]
        return [(begin_s, end_s) for begin_s, end_s in cut if begin_s < end_s]


@dataclass(frozen=True, slots=True)
class Habits:
    """What of a wearer's life does not change from week to week."""

    occupation: Occupation
    commute: Travel
    supervision_day: int
    strays: bool
    leaves_h: float
    returns_h: float
    workplace: Setting


def draw_habits(rng: Generator, routine: Routine) -> Habits:
    shares = (routine.works_share, routine.trains_share, 1 - routine.works_share - routine.trains_share)
    return Habits(
        occupation=tuple(Occupation)[int(rng.choice(len(Occupation), p=shares))],
        commute=COMMUTES[int(rng.integers(len(COMMUTES)))],
        supervision_day=int(rng.integers(WEEKDAYS)),
        strays=bool(rng.random() < routine.straying_share),
        leaves_h=float(rng.uniform(7.2, 9.0)),
        returns_h=float(rng.uniform(15.5, 17.3)),
        workplace=Setting.OUTDOORS if rng.random() < routine.outdoor_work_share else Setting.INDOORS,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """All that decides where a wearer goes, but for the dice."""

    places: Places
    habits: Habits
    zones: tuple[CohortZone, ...]
    calendar: Calendar
    routine: Routine

    @property
    def home(self) -> Floats:
        return self.places.at[Haunt.HOME]

    @property
    def curfew(self) -> CurfewHours | None:
        return next((zone.hours for zone in self.zones if zone.hours is not None), None)


class Week:
    """Writes the days of one wearer into a diary. Whatever runs late pushes what follows back.

    ``errands`` are the strayings so far, with seconds since the start.
    """

    def __init__(self, rng: Generator, life: Life) -> None:
        self._rng = rng
        self._life = life
        self._diary = Diary(rng, life.home)
        self.errands: list[Errand] = []

    def path(self) -> TruePath:
        """All days, at home at first and cut at the end."""
        for day in range(self._life.calendar.days):
            self._live(day)
        calendar = self._life.calendar
        self._diary.stay_until(calendar.end_s + HOUR_S, Setting.HOME)
        return self._diary.path(calendar.start_us, PLANE).until(calendar.end_s)

    def _live(self, day: int) -> None:
        if self._works_on(day):
            self._work(day)
        elif self._supervised_on(day):
            self._call(day, Haunt.OFFICE, self._hour(10.5, 0.8), (30, 60), Travel.BUS)
        if not self._works_on(day) and self._rng.random() < OUTING_SHARE:
            haunt = (Haunt.SHOP, Haunt.PARK, Haunt.FRIEND)[int(self._rng.integers(3))]
            travel = Travel.WALK if haunt is not Haunt.FRIEND else Travel.BUS
            self._call(day, haunt, self._hour(13, 1), (20, 150), travel)
        for straying in self._strayings():
            self._stray(day, straying)
        self._evening(day)

    def _work(self, day: int) -> None:
        rng, habits = self._rng, self._life.habits
        self._until(day, habits.leaves_h + rng.normal(0, 0.15), Setting.HOME)
        self._go(Haunt.HOME, Haunt.WORK, habits.commute)
        if self._supervised_on(day):
            self._until(day, self._hour(11, 0.5), habits.workplace)
            self._there_and_back(Haunt.WORK, Haunt.OFFICE, Travel.BUS, (30, 60))
        elif rng.random() < LUNCH_OUT_SHARE:
            self._until(day, self._hour(12.6, 0.3), habits.workplace)
            self._there_and_back(Haunt.WORK, Haunt.SHOP, Travel.BUS, (10, 25))
        self._until(day, habits.returns_h + rng.normal(0, 0.2), habits.workplace)
        if rng.random() < SHOPS_ON_THE_WAY_SHARE:
            self._go(Haunt.WORK, Haunt.SHOP, habits.commute)
            self._diary.stay(rng.uniform(10, 40) * MINUTE_S, Setting.INDOORS)
            self._go(Haunt.SHOP, Haunt.HOME, Travel.WALK)
        else:
            self._go(Haunt.WORK, Haunt.HOME, habits.commute)

    def _stray(self, day: int, straying: Straying) -> None:
        """An errand of its own in the afternoon, and home again."""
        exclusions = [zone for zone in self._life.zones if zone.is_exclusion]
        zone = exclusions[int(self._rng.integers(len(exclusions)))]
        self._until(day, self._hour(14.5, 1.5), Setting.HOME)
        since_s = self._diary.now_s
        stray(self._rng, self._diary, straying, zone.extent(), self._life.routine)
        self.errands.append(Errand(straying, zone.reference, since_s, self._diary.now_s))
        reach(self._rng, self._diary, self._life.home, Travel.CAR if straying is Straying.DRIVE_THROUGH else Travel.BUS)

    def _evening(self, day: int) -> None:
        rng, routine = self._rng, self._life.routine
        curfew = self._life.curfew
        if curfew is not None:
            if rng.random() < routine.curfew_breaks:
                self._break_curfew(day, curfew)
        elif rng.random() < routine.nights_away:
            self._until(day, self._hour(20.5, 0.5), Setting.HOME)
            self._go(Haunt.HOME, Haunt.FRIEND, Travel.BUS)
            self._until(day, 24 + self._hour(6.3, 0.2), Setting.INDOORS)
            self._go(Haunt.FRIEND, Haunt.HOME, Travel.BUS)
        elif rng.random() < EVENING_SHARE:
            self._call(day, Haunt.FRIEND, self._hour(19, 0.5), (40, 150), Travel.BUS)

    def _break_curfew(self, day: int, curfew: CurfewHours) -> None:
        """Back from a friend too late, or out for a while in the night."""
        starts_h = curfew[0] / 60
        if self._rng.random() < 1 / 2:
            self._until(day, starts_h - 1, Setting.HOME)
            self._go(Haunt.HOME, Haunt.FRIEND, Travel.BUS)
            self._until(day, starts_h + self._rng.uniform(0, 2), Setting.INDOORS)
            self._go(Haunt.FRIEND, Haunt.HOME, Travel.BUS)
        else:
            self._call(day, Haunt.SHOP, starts_h + self._rng.uniform(1, 5), (5, 40), Travel.WALK)

    def _call(self, day: int, haunt: Haunt, hour: float, minutes: tuple[float, float], travel: Travel) -> None:
        """From home at that hour, stay there a while, and back."""
        self._until(day, hour, Setting.HOME)
        self._there_and_back(Haunt.HOME, haunt, travel, minutes)

    def _there_and_back(self, base: Haunt, haunt: Haunt, travel: Travel, minutes: tuple[float, float]) -> None:
        self._go(base, haunt, travel)
        seconds = float(self._rng.uniform(*minutes)) * MINUTE_S
        self._diary.stay(seconds, Setting.OUTDOORS if haunt is Haunt.PARK else Setting.INDOORS)
        self._go(haunt, base, travel)

    def _go(self, start: Haunt, end: Haunt, travel: Travel) -> None:
        self._diary.travel(self._life.places.way(start, end), travel)

    def _until(self, day: int, hour: float, setting: Setting) -> None:
        self._diary.stay_until(self._life.calendar.at(day, hour), setting)

    def _hour(self, mean_h: float, spread_h: float) -> float:
        return float(mean_h + np.clip(self._rng.normal(0, spread_h), -2 * spread_h, 2 * spread_h))

    def _strayings(self) -> list[Straying]:
        if not self._life.habits.strays:
            return []
        often = rates(self._life.routine)
        return [straying for straying, rate in often.items() if self._rng.random() < rate]

    def _supervised_on(self, day: int) -> bool:
        return self._life.calendar.weekday(day) == self._life.habits.supervision_day

    def _works_on(self, day: int) -> bool:
        weekday = self._life.calendar.weekday(day)
        match self._life.habits.occupation:
            case Occupation.WORK:
                return weekday < WEEKDAYS
            case Occupation.TRAINING:
                return weekday in TRAINING_DAYS
            case Occupation.NONE:
                return False
