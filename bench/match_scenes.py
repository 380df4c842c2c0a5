"""Crimes for the workload `matching`: timed incidents of London where they are at hand, else places on the way."""

import csv
from datetime import datetime

import numpy as np

from bench.match_world import CHARING_CROSS, HOMES_M, METRES_EAST, METRES_NORTH, MINUTE_US, SEED, START_US, World
from crimes.scenes import Scene
from model.crimes import Window
from model.times import to_microseconds
from tests.servers.common import ROOT

INCIDENTS = ROOT.parent / "shared/data/incidents/2019-01-metropolitan-timed-incidents.csv"
LASTS_MINUTES = (0, 10, 60)
MARGIN_US = 60 * MINUTE_US  # so that the positions reach beyond each padded window


def make_scenes(count: int, world: World) -> list[Scene]:
    """In the order of their times, within the time of the world's positions."""
    random = np.random.default_rng(SEED)
    ends_us = START_US + world.positions * MINUTE_US - 2 * MARGIN_US
    known = [one for one in _incidents() if START_US + MARGIN_US <= one[0] <= ends_us]
    if len(known) >= count:
        chosen = [known[at] for at in random.permutation(len(known))[:count].tolist()]
    else:
        chosen = [_anywhere(random, ends_us) for _ in range(count)]
    lasts = random.choice(LASTS_MINUTES, count).tolist()
    return [
        Scene(number, lat, lon, 0.0, (Window(from_us, from_us + minutes * MINUTE_US),))
        for number, ((from_us, lat, lon), minutes) in enumerate(zip(sorted(chosen), lasts, strict=True), start=1)
    ]


def _incidents() -> list[tuple[int, float, float]]:
    """(time, latitude, longitude)"""
    if not INCIDENTS.exists():
        return []
    with INCIDENTS.open(encoding="utf-8", newline="") as file:
        return [
            (to_microseconds(datetime.fromisoformat(row["Date"])), float(row["Latitude"]), float(row["Longitude"]))
            for row in csv.DictReader(file)
            if row["Latitude"]
        ]


def _anywhere(random: np.random.Generator, ends_us: int) -> tuple[int, float, float]:
    east, north = random.normal(0, HOMES_M, 2).tolist()
    at_us = int(random.integers(START_US + MARGIN_US, ends_us))
    return at_us, CHARING_CROSS[0] + north * METRES_NORTH, CHARING_CROSS[1] + east * METRES_EAST
