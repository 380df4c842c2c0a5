"""When fixes arrive and what clock they carry: live, from the tag's store after an outage, twice, or from 1980."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from geofence.columns import Booleans, Floats, Integers
from model.times import DAY_US, SECOND_US
from sim.chance import log_uniforms
from sim.phenomena import Phenomenon
from sim.realism import Delivery, Range
from sim.routine import HOUR_S, MINUTE_S
from sim.true_path import Seconds, Setting, TruePath

DAY_S = 24 * HOUR_S
TAIL_SHARE = 0.02
"""Of live uploads that take a minute or so."""
TAIL_S = 40.0
RESEND_S = (1.0, 120.0)
BACKLOG_S = (1.0, 90.0)
"""After the intake is back, until a tag has sent what waited."""
GPS_EPOCH_US = 315_964_800 * SECOND_US
"""1980-01-06, where the count of a receiver that knows no date begins."""
ROLLOVER_US = 1024 * 7 * DAY_US
"""After so many weeks the GPS week number begins again; a receiver that misses it is 19.6 years behind."""
AHEAD_US = 730 * DAY_US


@dataclass(frozen=True, slots=True)
class Upload:
    """Every array has the shape (n,), in the order in which the fixes were made."""

    received_s: Floats  # since the start
    clock_error_us: Integers
    phenomena: Integers


def upload(rng: Generator, times_s: Floats, offline: list[Seconds], outages: list[Seconds], way: Delivery) -> Upload:
    """When the fixes made at ``times_s``, rising, arrive. ``offline`` is the tag's, ``outages`` our intake's."""
    tail_s = np.where(rng.random(len(times_s)) < TAIL_SHARE, rng.exponential(TAIL_S, size=len(times_s)), 0)
    received_s = times_s + rng.gamma(2, way.latency_s / 2, size=len(times_s)) + tail_s
    phenomena = np.zeros(len(times_s), np.int64)
    for from_s, until_s in offline:
        first, last = np.searchsorted(times_s, (from_s, until_s))
        order = np.arange(last - first)
        newest_first = rng.random() < way.newest_first_share
        rank = order[::-1] if newest_first else order
        uploaded_s = until_s + 2 + rank / rng.uniform(*way.uploads_per_s)
        received_s[first:last] = np.maximum(received_s[first:last], uploaded_s)
        phenomena[first:last] |= Phenomenon.OFFLINE | (Phenomenon.NEWEST_FIRST if newest_first else 0)
    for from_s, until_s in outages:
        waiting = (received_s >= from_s) & (received_s < until_s)
        received_s[waiting] = until_s + rng.uniform(*BACKLOG_S) * (received_s[waiting] - from_s) / (until_s - from_s)
        phenomena[waiting] |= Phenomenon.INTAKE_OUTAGE
    clock_error_us, wrong = _clock(rng, times_s, way)
    return Upload(received_s, clock_error_us, phenomena | wrong)


def offline_spells(rng: Generator, path: TruePath, way: Delivery) -> list[Seconds]:
    """When the tag has no coverage: by chance, and on some rides by train; in the order of their beginnings."""
    underway = np.isin(path.settings, (Setting.TRAIN, Setting.TUNNEL)).astype(np.int8)
    edges = np.diff(underway, prepend=0, append=0)
    rides = zip(path.times_s[edges == 1].tolist(), path.times_s[edges == -1].tolist(), strict=True)
    underground = [ride for ride in rides if rng.random() < way.train_offline_share]
    return sorted([*spells(rng, path.end_s, way.offline, way.offline_min), *underground])


def spells(rng: Generator, end_s: float, per_day: float, minutes: Range) -> list[Seconds]:
    """Spells by chance, of lengths whose every order of magnitude is as likely; cut at the end."""
    begins_s = np.sort(rng.uniform(0, end_s, size=rng.poisson(per_day * end_s / DAY_S)))
    lengths_s = log_uniforms(rng, minutes, len(begins_s)) * MINUTE_S
    return list(zip(begins_s.tolist(), np.minimum(begins_s + lengths_s, end_s).tolist(), strict=True))


def within(times_s: Floats, of: list[Seconds]) -> Booleans:
    """Whether each moment lies in one of the spells."""
    inside = np.zeros(len(times_s), np.bool_)
    for from_s, until_s in of:
        inside |= (times_s >= from_s) & (times_s < until_s)
    return inside


def resent(rng: Generator, count: int, way: Delivery) -> tuple[Integers, Floats]:
    """Which fixes are sent twice, and how many seconds later the second arrives."""
    twice = np.flatnonzero(rng.random(count) < way.duplicates)
    return twice, rng.uniform(*RESEND_S, size=len(twice))


def _clock(rng: Generator, times_s: Floats, way: Delivery) -> tuple[Integers, Integers]:
    """What the tag's clock is ahead by, in microseconds, and why."""
    error_us = np.zeros(len(times_s), np.int64)
    wrong = np.zeros(len(times_s), np.int64)
    if rng.random() < way.clock_ahead_share:
        error_us += round(rng.uniform(*way.clock_ahead_s) * SECOND_US)
        wrong |= Phenomenon.CLOCK_AHEAD
    hours_as_minutes = (way.clock_fault_h[0] * 60, way.clock_fault_h[1] * 60)
    for from_s, until_s in spells(rng, float(times_s[-1]) if len(times_s) else 1.0, way.clock_faults, hours_as_minutes):
        at = within(times_s, [(from_s, until_s)])
        error_us[at] += round(rng.choice((-1, 1)) * rng.uniform(*way.clock_fault_min) * MINUTE_S * SECOND_US)
        wrong[at] |= Phenomenon.CLOCK_WRONG
    return error_us, wrong | np.where(rng.random(len(times_s)) < way.absurd_times, int(Phenomenon.ABSURD_TIME), 0)


def absurd_times_us(rng: Generator, true_us: Integers) -> Integers:
    """Times that no honest clock gives: the GPS epoch, one roll-over behind, or two years ahead."""
    alternatives = np.stack([np.full_like(true_us, GPS_EPOCH_US), true_us - ROLLOVER_US, true_us + AHEAD_US])
    return np.asarray(alternatives[rng.integers(3, size=len(true_us)), np.arange(len(true_us))])
