"""The content key of a fix: a repeated ping has the same one, two differing fixes of one instant do not (pure)."""

import numpy as np
from numpy.typing import NDArray

from geofence.columns import Fixes, Floats, Integers

Words = NDArray[np.uint64]


def fix_keys(fixes: Fixes) -> Integers:
    """A signed 64-bit hash of each fix's content, shape ``(n,)``: all that the tag said except the fix time.

    Each column is mixed in with the finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
    generators", 2014). The key is stored, so neither the order of the columns nor the mixing may ever change.
    """
    key = np.zeros(len(fixes), dtype=np.uint64)
    for column in (fixes.lat, fixes.lon, fixes.accuracy_m, fixes.speed_mps, fixes.heading_deg, fixes.hdop):
        key = _mix(key ^ _float_words(column))
    key = _mix(key ^ _float_words(fixes.battery_pct))
    for numbers in (fixes.mechanism, fixes.satellites, fixes.sequence):
        key = _mix(key ^ numbers.astype(np.int64).view(np.uint64))
    return key.view(np.int64)


def _float_words(column: Floats) -> Words:
    """Bits of each value; every NaN alike, and -0.0 as 0.0."""
    plain = np.where(np.isnan(column), np.nan, column + 0.0)
    return np.ascontiguousarray(plain, dtype=np.float64).view(np.uint64)


def _mix(words: Words) -> Words:
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
