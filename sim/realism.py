"""How hard the simulated world is: every rate, share and size that the cohort is drawn with, in one place.

A range is the least and the greatest; a triple belongs to the alternatives that its line names. Rates are per wearer
and day. What a published source says is named; the rest are judgements, made so that each trouble occurs often enough
to be measured, and they are there to be changed.
"""

from dataclasses import dataclass, field

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Routine:
    """How wearers live and when they stray."""

    works_share: float = 0.6
    outdoor_work_share: float = 0.3  # of those who work or train: on building sites, gardens and vans
    trains_share: float = 0.2  # on three days a week; the others have no fixed place to be
    curfew_share: float = 0.4
    curfew_breaks: float = 0.04  # late home, or out in the night
    nights_away: float = 0.03  # without a curfew
    straying_share: float = 0.5  # of wearers; the rates that follow are theirs
    deep_visits: float = 0.05  # to a place deep inside
    deep_visit_min: Range = (3.0, 60.0)
    deep_visit_indoors_share: float = 0.5  # after some minutes before the door
    shallow_visits: float = 0.025  # loitering just inside
    shallow_depth_m: Range = (3.0, 40.0)
    loitering: float = 0.05  # just outside
    loitering_distance_m: Range = (5.0, 40.0)
    loitering_min: Range = (3.0, 40.0)
    clips: float = 0.04  # over a corner of the zone on foot
    clip_depth_m: Range = (2.0, 15.0)
    walks_through: float = 0.025
    walks_along: float = 0.05  # outside
    drives_through: float = 0.03  # on a main road
    drive_mps: Range = (11.0, 20.0)


@dataclass(frozen=True, slots=True)
class ZoneShares:
    """Where zones lie. ``near_m`` is from the boundary to the nearest place where the wearer lives, works or passes."""

    one_two_three: tuple[float, float, float] = (0.6, 0.3, 0.1)  # exclusion zones of a wearer
    town_centre_share: float = 0.2
    circle_share: float = 0.5  # of victims' homes; the others are polygons
    near_home_work_way: tuple[float, float, float] = (0.2, 0.1, 0.3)  # the others are far away
    near_m: Range = (30.0, 150.0)
    far_m: Range = (200.0, 2_500.0)
    victim_home_radius_m: Range = (100.0, 300.0)
    town_centre_across_m: Range = (500.0, 1_500.0)
    curfew_radius_m: Range = (60.0, 100.0)


@dataclass(frozen=True, slots=True)
class Receiver:
    """What the tag's receivers make of the true place.

    Shares of GPS, WIFI and LBS are of the attempts in a setting; the rest finds nothing. The horizontal 95 % radius
    under open sky follows the 8 m that the GPS SPS Performance Standard (2020) promises for the signal alone; the
    others are judgements.
    """

    interval_s: tuple[int, int, int] = (60, 30, 120)
    interval_shares: tuple[float, float, float] = (0.85, 0.1, 0.05)
    jitter_s: float = 2.0  # either way
    correlation_s: Range = (60.0, 600.0)  # of the error: first-order Gauss-Markov, one time constant a tag
    reception_correlation_s: float = 480.0  # of how well signals arrive
    outdoors: tuple[float, float, float] = (0.985, 0.004, 0.006)
    indoors: tuple[float, float, float] = (0.3, 0.45, 0.06)
    home_gps: Range = (0.1, 0.6)  # one share a home
    home_wifi_lbs: tuple[float, float] = (0.25, 0.04)
    bus: tuple[float, float, float] = (0.95, 0.01, 0.02)
    car: tuple[float, float, float] = (0.97, 0.005, 0.01)
    train: tuple[float, float, float] = (0.6, 0.05, 0.2)
    accuracy_m: dict[str, float] = field(
        default_factory=lambda: {"outdoors": 8.0, "indoors": 22.0, "bus": 11.0, "car": 9.0, "train": 16.0}
    )  # medians of the 95 % radius of GPS
    accuracy_spread: float = 0.35  # of its logarithm
    gps_accuracy_m: Range = (3.0, 120.0)
    wifi_accuracy_m: Range = (20.0, 100.0)
    lbs_accuracy_m: Range = (300.0, 1_500.0)
    beacon_share: Range = (0.15, 0.7)  # of homes without and with a curfew
    beacon_accuracy_m: float = 30.0
    canyon_share: float = 0.08  # of the map, always the same places
    canyon_grain_m: float = 220.0
    multipath_share: float = 0.3  # of the time in a canyon
    multipath_min: float = 3.0  # the mean length of an episode
    multipath_bias_m: Range = (20.0, 100.0)  # many small ones, few great ones
    cold_after_min: float = 45.0  # without a GPS fix
    cold_for_s: float = 150.0
    cold_fades_s: float = 90.0
    cold_error_m: float = 30.0  # of the first fix, standard deviation on each axis
    understated: Range = (2.0, 3.0)  # the true 95 % radius over the stated one, in multipath and after a cold start
    outliers: float = 1 / 20_000  # of GPS fixes, each alone
    outlier_km: Range = (1.5, 40.0)
    not_stated_share: float = 0.01  # of fixes


@dataclass(frozen=True, slots=True)
class Delivery:
    """What happens between the tag and the broker."""

    latency_s: float = 4.0  # the mean
    offline: float = 0.1  # out of coverage: kept on the tag and uploaded later
    offline_min: Range = (3.0, 780.0)  # as many of 3 to 49 minutes as longer ones
    newest_first_share: float = 0.4  # of such uploads
    uploads_per_s: Range = (3.0, 20.0)
    train_offline_share: float = 0.4  # of rides
    intake_outages: float = 0.1  # a day, of all wearers at once
    intake_outage_min: Range = (5.0, 60.0)
    dead_spells: float = 0.02  # the tag does nothing, and nothing comes later
    dead_min: Range = (5.0, 180.0)
    duplicates: float = 0.001  # of fixes
    clock_faults: float = 0.01
    clock_fault_min: Range = (2.0, 45.0)  # wrong by, either way
    clock_fault_h: Range = (0.5, 6.0)  # for
    clock_ahead_share: float = 0.05  # of tags, always a second ahead or so
    clock_ahead_s: Range = (0.5, 1.6)
    absurd_times: float = 1 / 40_000  # of fixes
    battery_h: Range = (36.0, 60.0)  # from full to flat
    charge_h: Range = (1.2, 2.2)  # from flat to full
    forgets_to_charge: float = 0.08  # of evenings at home


@dataclass(frozen=True, slots=True)
class Realism:
    """Everything that the cohort is drawn with."""

    routine: Routine = field(default_factory=Routine)
    zones: ZoneShares = field(default_factory=ZoneShares)
    receiver: Receiver = field(default_factory=Receiver)
    delivery: Delivery = field(default_factory=Delivery)


AS_IN_LIFE = Realism()
