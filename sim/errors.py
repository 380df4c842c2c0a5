"""What a tag's receivers make of where it truly is.

The parts are those of the literature on GNSS error budgets (Kaplan and Hegarty, Understanding GPS/GNSS, chapters 9 and
10; Groves, Principles of GNSS, chapters 9 and 10): slow errors as a first-order Gauss-Markov process, multipath and
reflected-only reception between buildings as a bias that lasts for minutes, a poor first solution after a cold start.
How often and how large is set in ``sim.realism``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from geofence.columns import NOT_GIVEN, Booleans, Floats, Integers
from model.enums import Mechanism
from sim.chance import directions, log_uniform, log_uniforms
from sim.correlated import chosen, gauss_markov
from sim.phenomena import Phenomenon
from sim.realism import Receiver
from sim.routine import MINUTE_S
from sim.surroundings import Surroundings
from sim.true_path import Setting, TruePath

STANDARD_DEVIATIONS = 2.4477
"""The radius that holds 95 % of a round normal distribution, in standard deviations: ``sqrt(-2 ln 0.05)``."""
FOUND_BY = np.array([Mechanism.GPS, Mechanism.WIFI, Mechanism.LBS], np.int64)
NETWORK_CORRELATION_S = 20 * MINUTE_S
"""Of WIFI and LBS errors: they belong to the place, which one leaves slowly."""
ACCURACY_CORRELATION_S = 15 * MINUTE_S
HEADING_FROM_MPS = 1.0
SPEED_NOISE_MPS = 0.3
HEADING_NOISE_DEG = 6.0
METRES_PER_KM = 1_000.0


@dataclass(frozen=True, slots=True)
class Tag:
    """What does not change about one tag and the home in which it spends its nights."""

    correlation_s: float  # the time constant of its errors
    home: Floats  # (2,) metres on the map
    home_gps_share: float
    has_beacon: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """``n`` fixes in the order in which they were made; every array has the shape (n,) or, for places, (n, 2)."""

    times_s: Floats  # true, since the start
    places: Floats  # metres on the map, as found
    accuracy_m: Floats  # NaN: not stated
    mechanism: Integers
    speed_mps: Floats
    heading_deg: Floats
    satellites: Integers
    hdop: Floats
    phenomena: Integers

    def __len__(self) -> int:
        return len(self.times_s)


def draw_tag(rng: Generator, home: Floats, receiver: Receiver, *, curfew: bool) -> Tag:
    """Of time constants every order of magnitude is as likely; a beacon is likelier where there is a curfew."""
    return Tag(
        correlation_s=log_uniform(rng, receiver.correlation_s),
        home=home,
        home_gps_share=float(rng.uniform(*receiver.home_gps)),
        has_beacon=bool(rng.random() < receiver.beacon_share[curfew]),
    )


def observe(
    rng: Generator,
    times_s: Floats,
    path: TruePath,
    tag: Tag,
    surroundings: Surroundings,
    receiver: Receiver,
) -> Observed:
    """The fixes of the attempts at ``times_s``, rising; an attempt that finds nothing leaves no fix."""
    setting = path.settings[path.stretches(times_s)]
    mechanism = _mechanisms(rng, times_s, setting, tag, receiver)
    found = mechanism != NOT_GIVEN
    times_s, setting, mechanism = times_s[found], setting[found], mechanism[found]
    gps, beacon = mechanism == Mechanism.GPS, mechanism == Mechanism.RF
    honest_m = _accuracies(rng, times_s, setting, mechanism, receiver)
    truth = path.places(times_s)
    error_m = _drift(rng, times_s, gps, tag.correlation_s) * (honest_m / STANDARD_DEVIATIONS)[:, np.newaxis]
    multipath_m = _multipath(rng, times_s, receiver) * (gps & surroundings.canyons(truth))[:, np.newaxis]
    cold_m = _cold(rng, times_s, gps, receiver)
    bias_m = np.hypot(*(multipath_m + cold_m).T)
    outlier = gps & (rng.random(len(times_s)) < receiver.outliers)
    unstated = rng.random(len(times_s)) < receiver.not_stated_share
    places = truth + error_m + multipath_m + cold_m
    places[outlier] += _far_away(rng, int(outlier.sum()), receiver)
    places[beacon] = tag.home
    understated = np.where(bias_m > 0, rng.uniform(*receiver.understated, size=len(times_s)), 1.0)
    stated_m = (honest_m + bias_m) / understated
    indoors = (setting == Setting.HOME) | (setting == Setting.INDOORS)
    phenomena = (
        indoors * int(Phenomenon.INDOORS)
        | multipath_m.any(axis=1) * int(Phenomenon.MULTIPATH)
        | cold_m.any(axis=1) * int(Phenomenon.COLD_START)
        | outlier * int(Phenomenon.OUTLIER)
        | unstated * int(Phenomenon.NOT_STATED)
    )
    speed_mps, heading_deg = _motion(rng, path, times_s, gps)
    return Observed(
        times_s=times_s,
        places=places,
        accuracy_m=np.where(unstated, np.nan, np.round(stated_m, 1)),
        mechanism=mechanism,
        speed_mps=speed_mps,
        heading_deg=heading_deg,
        satellites=np.where(gps, _satellites(rng, honest_m, bias_m > 0), NOT_GIVEN),
        hdop=np.where(gps, np.round(0.6 + stated_m / 20 + rng.uniform(0, 0.4, size=len(times_s)), 1), np.nan),
        phenomena=phenomena.astype(np.int64),
    )


def _mechanisms(rng: Generator, times_s: Floats, setting: Integers, tag: Tag, receiver: Receiver) -> Integers:
    """The mechanism of each attempt, NOT_GIVEN where it fails. Poor reception comes in spells."""
    shares = np.zeros((len(Setting), len(FOUND_BY)))
    shares[Setting.HOME] = (tag.home_gps_share, *receiver.home_wifi_lbs)
    shares[Setting.INDOORS] = receiver.indoors
    shares[Setting.OUTDOORS] = receiver.outdoors
    shares[Setting.BUS] = receiver.bus
    shares[Setting.CAR] = receiver.car
    shares[Setting.TRAIN] = receiver.train
    reception = gauss_markov(rng, times_s, receiver.reception_correlation_s)[:, 0]
    choice = chosen(reception, shares[setting])
    mechanism = np.append(FOUND_BY, NOT_GIVEN)[choice]
    return np.where((setting == Setting.HOME) & tag.has_beacon, int(Mechanism.RF), mechanism)


def _accuracies(rng: Generator, times_s: Floats, setting: Integers, mechanism: Integers, receiver: Receiver) -> Floats:
    """The honest 95 % radius of each fix, before multipath and cold starts."""
    median_m = np.zeros(len(Setting))
    for name, one in receiver.accuracy_m.items():
        median_m[Setting[name.upper()]] = one
    median_m[Setting.HOME] = median_m[Setting.INDOORS]
    quality = gauss_markov(rng, times_s, ACCURACY_CORRELATION_S)[:, 0]
    gps_m = np.clip(median_m[setting] * np.exp(receiver.accuracy_spread * quality), *receiver.gps_accuracy_m)
    evenly = (np.clip(quality, -2, 2) + 2) / 4
    wifi_m = receiver.wifi_accuracy_m[0] + evenly * np.ptp(receiver.wifi_accuracy_m)
    lbs_m = receiver.lbs_accuracy_m[0] + evenly * np.ptp(receiver.lbs_accuracy_m)
    by_mechanism = [mechanism == one for one in (Mechanism.GPS, Mechanism.WIFI, Mechanism.LBS)]
    return np.select(by_mechanism, [gps_m, wifi_m, lbs_m], default=receiver.beacon_accuracy_m)


def _drift(rng: Generator, times_s: Floats, gps: Booleans, correlation_s: float) -> Floats:
    """Errors in standard deviations, (n, 2); satellites and networks err each for themselves."""
    satellites = gauss_markov(rng, times_s, correlation_s, axes=2)
    networks = gauss_markov(rng, times_s, NETWORK_CORRELATION_S, axes=2)
    return np.where(gps[:, np.newaxis], satellites, networks)


def _multipath(rng: Generator, times_s: Floats, receiver: Receiver) -> Floats:
    """The bias that a canyon has on the wearer at each moment, (n, 2) metres; (0, 0) between episodes."""
    if len(times_s) == 0:
        return np.zeros((0, 2))
    mean_s = receiver.multipath_min * MINUTE_S
    count = 10 + int(1.5 * (times_s[-1] - times_s[0]) / mean_s)
    begins_s = times_s[0] + np.cumsum(rng.exponential(mean_s, size=count))
    episode = np.minimum(np.searchsorted(begins_s, times_s), count - 1)
    least_m, greatest_m = receiver.multipath_bias_m
    size_m = np.minimum(least_m + rng.exponential((greatest_m - least_m) / 4, size=count), greatest_m)
    size_m *= rng.random(count) < receiver.multipath_share
    return np.asarray((size_m[:, np.newaxis] * directions(rng, count))[episode])


def _cold(rng: Generator, times_s: Floats, gps: Booleans, receiver: Receiver) -> Floats:
    """The bias of the first GPS fixes after a long gap, (n, 2) metres: it fades as the receiver hears more satellites.

    (0, 0) for all others.
    """
    bias_m = np.zeros((len(times_s), 2))
    at = np.flatnonzero(gps)
    woken = np.diff(times_s[at], prepend=-np.inf) > receiver.cold_after_min * MINUTE_S
    if not woken.any():
        return bias_m
    start = np.cumsum(woken) - 1
    age_s = times_s[at] - times_s[at][woken][start]
    first_m = rng.normal(0, receiver.cold_error_m, size=(int(woken.sum()), 2))[start]
    fading = np.where(age_s <= receiver.cold_for_s, np.exp(-age_s / receiver.cold_fades_s), 0)
    bias_m[at] = first_m * fading[:, np.newaxis]
    return bias_m


def _far_away(rng: Generator, count: int, receiver: Receiver) -> Floats:
    distance_m = log_uniforms(rng, receiver.outlier_km, count) * METRES_PER_KM
    return np.asarray(distance_m[:, np.newaxis] * directions(rng, count))


def _motion(rng: Generator, path: TruePath, times_s: Floats, gps: Booleans) -> tuple[Floats, Floats]:
    """Speed and heading as GPS measures them; NaN by other means, and no heading at a standstill."""
    east, north = path.velocities()[path.stretches(times_s)].T
    speed = np.abs(np.hypot(east, north) + rng.normal(0, SPEED_NOISE_MPS, size=len(times_s)))
    heading = np.degrees(np.arctan2(east, north)) + rng.normal(0, HEADING_NOISE_DEG, size=len(times_s))
    moving = gps & (np.hypot(east, north) >= HEADING_FROM_MPS)
    return np.where(gps, np.round(speed, 2), np.nan), np.where(moving, np.round(heading % 360, 1) % 360, np.nan)


def _satellites(rng: Generator, honest_m: Floats, troubled: Booleans) -> Integers:
    """Fewer where reception is poor: about 11 under open sky, 5 deep indoors, fewer between buildings."""
    mean = 13 - 2.6 * np.log(honest_m / 4) - 2.0 * troubled
    return np.clip(np.rint(mean + rng.normal(0, 1.3, size=len(honest_m))), 4, 16).astype(np.int64)
