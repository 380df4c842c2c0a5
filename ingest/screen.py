"""Screening: what a fix says that does not add up is flagged, and nothing is dropped for a flag (pure)."""

from dataclasses import dataclass

import numpy as np

from geofence.columns import Booleans, Fixes, Floats, Integers
from model.enums import PositionFlag
from model.times import DAY_US, SECOND_US

CLOCK_TOLERANCE_US = SECOND_US
"""Receipts are cut to milliseconds, and a broker's clock is not the satellites'."""


@dataclass(frozen=True, slots=True)
class ScreenLimits:
    fix_max_age_days: float
    fix_max_future_s: float
    implied_speed_limit_mps: float
    poor_accuracy_m: float
    region: tuple[float, float, float, float]  # south, west, north, east in degrees


def impossible_time(fixes: Fixes, limits: ScreenLimits) -> Booleans:
    """Fix times that no honest clock gives against the receipt: such fixes are quarantined."""
    age_us = fixes.received_us - fixes.fix_time_us
    return (age_us > limits.fix_max_age_days * DAY_US) | (age_us < -limits.fix_max_future_s * SECOND_US)


def flags_of_fixes(fixes: Fixes, limits: ScreenLimits) -> Integers:
    """What each fix shows by itself, as PositionFlag bits, shape ``(n,)``."""
    south, west, north, east = limits.region
    outside = (fixes.lat < south) | (fixes.lat > north) | (fixes.lon < west) | (fixes.lon > east)
    return (
        np.where(fixes.fix_time_us > fixes.received_us + CLOCK_TOLERANCE_US, PositionFlag.FUTURE_CLOCK, 0)
        | np.where(fixes.accuracy_m > limits.poor_accuracy_m, PositionFlag.POOR_ACCURACY, 0)
        | np.where(np.isnan(fixes.accuracy_m), PositionFlag.ACCURACY_NOT_STATED, 0)
        | np.where(outside, PositionFlag.OUTSIDE_REGION, 0)
    ).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Moments:
    """Where and when, in metres of the deployment's plane and microseconds; each array has the shape ``(n,)``."""

    x: Floats
    y: Floats
    fix_time_us: Integers


def implied_speed_exceeds(now: Moments, before: Moments, limit_mps: float) -> Booleans:
    """Whether the straight way from ``before`` to ``now`` was faster than ``limit_mps``, shape ``(n,)``.

    False where there is no position before (NaN). Two places at one instant exceed every limit.
    """
    distance_m = np.hypot(now.x - before.x, now.y - before.y)
    elapsed_us = now.fix_time_us.astype(np.float64) - before.fix_time_us
    return np.asarray(distance_m * SECOND_US > limit_mps * elapsed_us)
