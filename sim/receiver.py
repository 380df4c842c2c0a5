"""What the tag reports of where it truly is: noise of the accuracy that it states, now and then a cell-tower fix."""

from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from model.enums import Mechanism
from model.times import from_microseconds
from sim.path import TrueState
from sim.plane import moved

STANDARD_DEVIATIONS = 2.45
"""Accuracy over standard deviation: a circle of 2.45 standard deviations holds 95 % of a round normal distribution."""

LBS_SHARE = 0.01
BATTERY_LEAST_PCT = 4.0


@dataclass(frozen=True, slots=True)
class Fix:
    """One report: who, when, which."""

    serial: str
    fix_time_us: int
    sequence: int
    battery_pct: float


def report(rng: Generator, fix: Fix, truth: TrueState) -> dict[str, Any]:
    """The canonical ping of ``truth`` as the tag found it."""
    by_cell_tower = rng.random() < LBS_SHARE
    accuracy_m = round(float(rng.uniform(300, 900) if by_cell_tower else rng.gamma(6.0, 1.6) + 4.0), 1)
    error_m = rng.normal(0, accuracy_m / STANDARD_DEVIATIONS, size=2)
    lon, lat = moved(truth.place, float(error_m[0]), float(error_m[1]))
    return {
        "device_id": fix.serial,
        "fix_time": from_microseconds(fix.fix_time_us).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "lat": round(lat, 6),
        "lon": round(lon, 6),
        "accuracy_m": accuracy_m,
        "mechanism": int(Mechanism.LBS if by_cell_tower else Mechanism.GPS),
        **({} if by_cell_tower else _satellite_detail(rng, accuracy_m, truth)),
        "battery_pct": round(max(fix.battery_pct, BATTERY_LEAST_PCT), 1),
        "sequence": fix.sequence,
    }


def _satellite_detail(rng: Generator, accuracy_m: float, truth: TrueState) -> dict[str, Any]:
    return {
        "speed_mps": round(max(0.0, truth.speed_mps + float(rng.normal(0, 0.2))), 2),
        "heading_deg": round((truth.heading_deg + float(rng.normal(0, 4))) % 360, 1) % 360,
        "satellites": int(rng.integers(6, 14)),
        "hdop": round(0.6 + accuracy_m / 20, 2),
    }
