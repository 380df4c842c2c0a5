"""Noise that remembers: first-order Gauss-Markov processes, all at once."""

from statistics import NormalDist

import numpy as np
from numpy.random import Generator

from geofence.columns import Floats, Integers

FORGOTTEN = 1e-9
"""What is left of an earlier value by then makes no difference."""


def gauss_markov(rng: Generator, times_s: Floats, constant_s: float, axes: int = 1) -> Floats:
    """A stationary process with variance 1 and autocorrelation ``exp(-lag / constant_s)``, at rising times (n,).

    Shape ``(n, axes)``; axes are independent. After Brown and Hwang, Introduction to Random Signals and Applied Kalman
    Filtering: ``x[k] = a x[k-1] + sqrt(1 - a²) w[k]`` with ``a = exp(-elapsed / constant)``. The recursion is unrolled
    by doubling: after each pass a value holds twice as many of the earlier draws.
    """
    keeps = np.exp(-np.diff(times_s) / constant_s)[:, np.newaxis]
    values = rng.normal(size=(len(times_s), axes))
    values[1:] *= np.sqrt(1 - keeps**2)
    keeps = np.concatenate([np.zeros((1, 1)), keeps])
    step = 1
    while step < len(values) and keeps.max() > FORGOTTEN:
        values[step:] += keeps[step:] * values[:-step]
        keeps[step:] *= keeps[:-step]
        step *= 2
    return values


def chosen(values: Floats, shares: Floats) -> Integers:
    """Turn standard normal values (n,) into choices with the given shares, (n, k); what is left is choice ``k``.

    Neighbours in time that are alike choose alike, so that choices come in spells.
    """
    quantile = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])
    distinct, row = np.unique(shares, axis=0, return_inverse=True)
    thresholds = quantile(np.clip(np.cumsum(distinct, axis=1), 1e-9, 1 - 1e-9))
    return np.asarray((values[:, np.newaxis] > thresholds[row.ravel()]).sum(axis=1), np.int64)
