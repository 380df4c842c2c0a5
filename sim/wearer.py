"""One simulated wearer: a seeded routine, a tag, and an exclusion zone that the way does or does not cross."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any

import numpy as np
from numpy.random import Generator

from model.times import SECOND_US
from sim.names import crn_of, person_name, serial_of
from sim.path import Path
from sim.receiver import Fix, report
from sim.routine import HOUR_S, MINUTE_S, Routine, draw_routine
from sim.truth import intervals_inside
from sim.zones import Feature, zone_across, zone_beside

PRACTITIONERS = ("practitioner.north", "practitioner.south")
FIRST_BIRTH = date(1975, 3, 2)
BIRTHS_WITHIN_DAYS = 10_000
BIRTHS_APART_DAYS = 977
SOON_S = (6.0, 16.0)
LATER_S = (45.0, 10.0 * MINUTE_S)
SLACK_S = 2.0
"""How far the true entry may stray from the one drawn: a way bends, and a polygon is no circle."""
SHORTEST_STAY_S = 8.0
"""Long enough that a tag reports from inside at least once."""
RESTING_SHARE = 0.5
"""Of those who never enter: how many begin at home or at work instead of under way."""
DRAWS = 200
"""Most attempts at a routine and a zone that keep to the plot; a handful suffice."""


class Plot(Enum):
    """When a wearer first enters the own zone, counted from the start."""

    SOON = "within 20 seconds"
    LATER = "in the first ten minutes"
    NEVER = "not at all"


@dataclass(frozen=True, slots=True)
class Wearer:
    """Who wears which tag, and where they go. Times are microseconds since the start of the simulation."""

    name: str
    crn: str
    serial: str
    practitioner: str
    date_of_birth: date
    path: Path
    zone: Feature
    interval_us: int
    first_fix_us: int
    battery_pct: float
    battery_pct_per_hour: float
    noise_seed: tuple[int, int]

    def fixes(self, from_us: int, until_us: int) -> Iterator[tuple[int, int]]:
        """Number and time of each report in ``[from_us, until_us)``."""
        first = max(0, -((self.first_fix_us - from_us) // self.interval_us))
        sequence = first
        while (elapsed_us := self.first_fix_us + sequence * self.interval_us) < until_us:
            yield sequence, elapsed_us
            sequence += 1

    def ping(self, sequence: int, elapsed_us: int, start_us: int) -> dict[str, Any]:
        """The report of that number: the same whenever it is asked for."""
        rng = np.random.default_rng([*self.noise_seed, sequence])
        battery_pct = self.battery_pct - self.battery_pct_per_hour * elapsed_us / SECOND_US / HOUR_S
        fix = Fix(self.serial, start_us + elapsed_us, sequence, battery_pct)
        return report(rng, fix, self.path.at(elapsed_us))


def draw_wearer(seed: int, index: int, plot: Plot) -> Wearer:
    """The wearer of that number in the world of that seed."""
    rng = np.random.default_rng([seed, index])
    path, zone = _draw_life(rng, plot, (f"EZ-{index + 1:04d}", crn_of(index)))
    interval_us = int(rng.integers(2 * SECOND_US, 5 * SECOND_US))
    return Wearer(
        name=person_name(rng),
        crn=crn_of(index),
        serial=serial_of(index),
        practitioner=PRACTITIONERS[index % len(PRACTITIONERS)],
        date_of_birth=FIRST_BIRTH + timedelta(days=(index * BIRTHS_APART_DAYS) % BIRTHS_WITHIN_DAYS),
        path=path,
        zone=zone,
        interval_us=interval_us,
        first_fix_us=int(rng.integers(0, interval_us)),
        battery_pct=float(rng.uniform(55, 100)),
        battery_pct_per_hour=float(rng.uniform(2, 5)),
        noise_seed=(seed, index),
    )


def _draw_life(rng: Generator, plot: Plot, owner: tuple[str, str]) -> tuple[Path, Feature]:
    """Draw until the noiseless path keeps to the plot: bends of a way can bring it into a zone too early."""
    for _ in range(DRAWS):
        routine = draw_routine(rng)
        path = routine.path.shifted(round(_start_s(rng, plot, routine) * SECOND_US))
        if plot is Plot.NEVER:
            zone = zone_beside(rng, routine.home, owner)
        else:
            zone = zone_across(rng, path, rng.uniform(*(SOON_S if plot is Plot.SOON else LATER_S)), owner)
        if keeps_to(plot, path, zone):
            return path, zone
    raise RuntimeError(f"no routine in {DRAWS} draws enters its zone {plot.value}")


def _start_s(rng: Generator, plot: Plot, routine: Routine) -> float:
    """Where in the round to begin: under way to or from work, or anywhere for those who keep clear."""
    if plot is Plot.NEVER and rng.random() < RESTING_SHARE:
        return float(rng.uniform(0, routine.path.period_us / SECOND_US))
    left_s, arrived_s = routine.trips_s[rng.integers(2)]
    return float(rng.uniform(left_s, max(left_s + 1, arrived_s - 3 * MINUTE_S)))


def keeps_to(plot: Plot, path: Path, zone: Feature) -> bool:
    """Whether the first true stay in the zone begins when the plot says, counted from the start."""
    stays = intervals_inside(path, zone, 0, path.period_us)
    if not stays or plot is Plot.NEVER:
        return not stays and plot is Plot.NEVER
    entered_s, left_s = (moment / SECOND_US for moment in stays[0])
    earliest_s, latest_s = SOON_S if plot is Plot.SOON else LATER_S
    return earliest_s - SLACK_S <= entered_s <= latest_s + SLACK_S and left_s - entered_s >= SHORTEST_STAY_S
