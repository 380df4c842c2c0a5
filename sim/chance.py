"""Draws that more than one part of the cohort makes."""

import math

import numpy as np
from numpy.random import Generator

from geofence.columns import Floats
from sim.realism import Range


def log_uniform(rng: Generator, within: Range) -> float:
    """Between two positive bounds, every order of magnitude as likely."""
    return math.exp(rng.uniform(math.log(within[0]), math.log(within[1])))


def log_uniforms(rng: Generator, within: Range, count: int) -> Floats:
    """Such draws, shape ``(count,)``."""
    return np.exp(rng.uniform(math.log(within[0]), math.log(within[1]), size=count))


def directions(rng: Generator, count: int) -> Floats:
    """Unit vectors in any direction, shape ``(count, 2)``."""
    angle = rng.uniform(0, 2 * np.pi, size=count)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def direction(rng: Generator) -> Floats:
    """One of them, shape ``(2,)``."""
    return np.asarray(directions(rng, 1)[0])
