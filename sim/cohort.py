"""The cohort: wearers for whom everything is known, and what their tags sent. Detection is measured against it.

Wearers come one by one, so memory stays small, and any one of them alone, so the work can be split over processes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.random import Generator

from geofence.columns import Fixes, Floats, Integers
from model.times import DAY_US, SECOND_US
from sim.calls import Call, with_calls
from sim.cohort_zones import CohortZone, draw_zones
from sim.errors import Observed, draw_tag, observe
from sim.names import crn_of, serial_of
from sim.phenomena import Phenomenon
from sim.places import draw_places
from sim.plane import LonLat
from sim.power import Battery, draw_battery
from sim.realism import AS_IN_LIFE, Delivery, Realism, Receiver
from sim.straying import Errand
from sim.surroundings import PLANE, surroundings_of
from sim.true_path import Seconds, TrueOuting, TruePath, TrueStay, true_outings, true_stays
from sim.uploads import Upload, absurd_times_us, offline_spells, resent, spells, upload, within
from sim.week import Calendar, Life, Week, draw_habits

WEARER_STREAM = 2
INTAKE_STREAM = 3
"""Random streams of one seed; 1 is that of the surroundings."""

Interval = tuple[int, int]
"""From and until, in microseconds since 1970 UTC."""


@dataclass(frozen=True, slots=True, eq=False)
class CohortWearer:
    """One wearer. ``fixes``, ``true_time_us`` and ``phenomena`` are in the order of arrival, shape (n,)."""

    index: int
    crn: str
    serial: str
    home: LonLat
    zones: tuple[CohortZone, ...]
    calendar: Calendar
    path: TruePath
    errands: tuple[Errand, ...]  # strayings, in seconds since the path's start
    fixes: Fixes  # message_offset counts this wearer's fixes as they arrived
    true_time_us: Integers  # when each fix was made, whatever the tag's clock said
    phenomena: Integers  # sim.phenomena.Phenomenon bits
    silences: tuple[Interval, ...]  # flat or dead: no fix was made, and none comes later
    charging: tuple[Interval, ...]
    intake_outages: tuple[Interval, ...]  # when our own intake was deaf, to all wearers at once
    has_beacon: bool
    error_correlation_s: float

    @property
    def exclusion_zones(self) -> tuple[CohortZone, ...]:
        return tuple(zone for zone in self.zones if zone.is_exclusion)

    @property
    def curfew(self) -> CohortZone | None:
        return next((zone for zone in self.zones if not zone.is_exclusion), None)

    @property
    def monitored(self) -> Interval:
        """From the first London midnight to the last."""
        return self.path.start_us, self.path.moment_us(self.path.end_s)

    @property
    def wearer_days(self) -> float:
        """Days on the tag, less the time in which it was silent."""
        start_us, end_us = self.monitored
        return (end_us - start_us - sum(until - since for since, until in self.silences)) / DAY_US

    def true_visits(self, zone: CohortZone) -> list[TrueStay]:
        """Every true stay in the zone, in the order of time, at true UTC times."""
        return true_stays(self.path, zone.geometry)

    def true_outings(self, zone: CohortZone) -> list[TrueOuting]:
        """Every true absence from a curfew's zone during its hours. Raises ValueError for a zone without hours."""
        if zone.hours is None:
            raise ValueError(f"zone {zone.reference} has no hours: ask true_visits about an exclusion zone")
        return true_outings(self.path, zone.geometry, self.calendar.hours_of(zone.hours))


def no_calls(_path: TruePath) -> Sequence[Call]:
    return ()


def draw(
    seed: int,
    index: int,
    days: int,
    start_us: int,
    realism: Realism = AS_IN_LIFE,
    calls: Callable[[TruePath], Sequence[Call]] = no_calls,
) -> CohortWearer:
    """The wearer of that number, from 0, in the cohort of that seed; it does not depend on the other wearers.

    ``calls`` says, of the path of the usual life, what calls are made besides.
    """
    rng = np.random.default_rng([seed, index, WEARER_STREAM])
    calendar = Calendar.holding(start_us, days)
    places = draw_places(rng)
    zones = draw_zones(rng, index, places, realism)
    life = Life(places, draw_habits(rng, realism.routine), zones, calendar, realism.routine)
    week = Week(rng, life)
    usual = week.path()
    path = with_calls(usual, calls(usual))
    battery = draw_battery(rng, path, calendar, realism.delivery)
    dead = spells(rng, path.end_s, realism.delivery.dead_spells, realism.delivery.dead_min)
    silent = _united([*battery.flat, *dead])
    attempts_s = _attempts(rng, path.end_s, realism.receiver)
    tag = draw_tag(rng, life.home, realism.receiver, curfew=life.curfew is not None)
    surroundings = surroundings_of(seed, realism.receiver.canyon_grain_m, realism.receiver.canyon_share)
    awake_s = attempts_s[~within(attempts_s, silent)]
    observed = observe(rng, awake_s, path, tag, surroundings, realism.receiver)
    offline = offline_spells(rng, path, realism.delivery)
    outages = _intake_outages(seed, calendar, realism.delivery)
    sent = upload(rng, observed.times_s, offline, outages, realism.delivery)
    fixes, made, phenomena = _arrived(rng, observed, sent, battery, path.start_us, realism.delivery)
    lon, lat = PLANE.degrees(life.home[np.newaxis])[0].tolist()
    return CohortWearer(
        index=index,
        crn=crn_of(index),
        serial=serial_of(index),
        home=(lon, lat),
        zones=zones,
        calendar=calendar,
        path=path,
        errands=tuple(week.errands),
        fixes=fixes,
        true_time_us=made,
        phenomena=phenomena,
        silences=tuple(_in_us(path.start_us, spell) for spell in silent),
        intake_outages=tuple(_in_us(path.start_us, spell) for spell in outages),
        charging=tuple(_in_us(path.start_us, spell) for spell in battery.charging),
        has_beacon=tag.has_beacon,
        error_correlation_s=tag.correlation_s,
    )


def _arrived(
    rng: Generator, observed: Observed, sent: Upload, battery: Battery, start_us: int, way: Delivery
) -> tuple[Fixes, Integers, Integers]:
    """The fixes in the order of arrival, when each was made, and what befell it."""
    twice, later_s = resent(rng, len(observed), way)
    number = np.concatenate([np.arange(len(observed)), twice])
    received_us = _us(start_us, np.concatenate([sent.received_s, sent.received_s[twice] + later_s]))
    again = np.repeat([0, int(Phenomenon.DUPLICATE)], [len(observed), len(twice)])
    order = np.argsort(received_us, kind="stable")
    number, received_us = number[order], received_us[order]
    phenomena = (observed.phenomena | sent.phenomena)[number] | again[order]
    made_us = _us(start_us, observed.times_s)
    told_us = made_us + sent.clock_error_us
    absurd = (sent.phenomena & Phenomenon.ABSURD_TIME) != 0
    told_us[absurd] = absurd_times_us(rng, made_us[absurd])
    lon, lat = np.round(PLANE.degrees(observed.places), 6).T
    in_order = Fixes(
        fix_time_us=told_us,
        received_us=made_us,
        lat=lat,
        lon=lon,
        accuracy_m=observed.accuracy_m,
        mechanism=observed.mechanism,
        speed_mps=observed.speed_mps,
        heading_deg=observed.heading_deg,
        satellites=observed.satellites,
        hdop=observed.hdop,
        battery_pct=battery.level_pct(observed.times_s),
        sequence=np.arange(len(observed)),
        message_offset=np.arange(len(observed)),
    ).take(number)
    fixes = replace(in_order, received_us=received_us, message_offset=np.arange(len(number)))
    return fixes, made_us[number], phenomena


def _attempts(rng: Generator, end_s: float, receiver: Receiver) -> Floats:
    """When the tag tries to find a fix, rising."""
    interval_s = int(rng.choice(receiver.interval_s, p=receiver.interval_shares))
    count = int((end_s - receiver.jitter_s) / interval_s)
    evenly_s = rng.uniform(receiver.jitter_s, interval_s) + interval_s * np.arange(count)
    attempts_s = evenly_s + rng.uniform(-receiver.jitter_s, receiver.jitter_s, size=count)
    return np.asarray(attempts_s[attempts_s < end_s])


@lru_cache(maxsize=4)
def _intake_outages(seed: int, calendar: Calendar, way: Delivery) -> list[Seconds]:
    rng = np.random.default_rng([seed, 0, INTAKE_STREAM])
    return _united(spells(rng, calendar.end_s, way.intake_outages, way.intake_outage_min))


def _united(some: list[Seconds]) -> list[Seconds]:
    """Spells that overlap become one."""
    united: list[Seconds] = []
    for since, until in sorted(some):
        if united and since <= united[-1][1]:
            united[-1] = (united[-1][0], max(until, united[-1][1]))
        else:
            united.append((since, until))
    return united


def _us(start_us: int, moments_s: Floats) -> Integers:
    """Microseconds since 1970 UTC, to the millisecond as tags and brokers tell it."""
    return np.asarray(start_us + np.rint(moments_s * 1000).astype(np.int64) * (SECOND_US // 1000))


def _in_us(start_us: int, spell: Seconds) -> Interval:
    return start_us + round(spell[0] * SECOND_US), start_us + round(spell[1] * SECOND_US)
