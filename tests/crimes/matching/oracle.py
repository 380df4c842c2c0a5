"""The rules of a verdict once more, one position and one gap at a time, shapely for the circles. Slow and plain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, inf, isnan

from shapely import LineString, Point

from model.crimes import MatchingSettings, MatchVerdict
from model.enums import Mechanism
from tests.crimes.matching.examples import At

Windows = Sequence[tuple[float, float]]
UNSTATED_M = {Mechanism.GPS: 30.0, Mechanism.WIFI: 150.0, Mechanism.LBS: 1250.0, Mechanism.RF: 50.0}


@dataclass(frozen=True)
class Plain:
    verdict: MatchVerdict
    counting: int
    rooms: list[tuple[float | None, float | None]]


def accuracy(one: At) -> float:
    unstated = isnan(one.accuracy_m) or one.accuracy_m <= 0
    return max(5.0, UNSTATED_M[one.mechanism] if unstated else one.accuracy_m)


def usable(one: At) -> bool:
    on_time = one.received_s is None or one.time_s - one.received_s <= 30
    return one.mechanism is not Mechanism.LBS and accuracy(one) <= 150 and on_time


def speed(a: At, b: At) -> float:
    way = max(0.0, hypot(b.x - a.x, b.y - a.y) - accuracy(a) - accuracy(b))
    return way / max(b.time_s - a.time_s, 1.0)


def is_outlier(track: Sequence[At], place: int, limit: float) -> bool:
    if not 0 < place < len(track) - 1:
        return False
    before, now, after = track[place - 1 : place + 2]
    return speed(before, now) > limit and speed(now, after) > limit and not speed(before, after) > limit


def to_disc(one: At, disc: float) -> float:
    return max(0.0, hypot(one.x, one.y) - disc - max(accuracy(one), 100.0))


def journey(a: At, b: At, disc: float, window: tuple[float, float], limit: float) -> bool:
    """By way of a scene at the origin: arrive, be there in the window, and go on in time."""
    if a.time_s > window[1] or b.time_s < window[0]:
        return False
    if limit == inf:
        return True
    arrival, departure = a.time_s + to_disc(a, disc) / limit, b.time_s - to_disc(b, disc) / limit
    return max(arrival, window[0]) <= min(departure, window[1])


def overlap(one: At, radius: float) -> float:
    circle = Point(one.x, one.y).buffer(accuracy(one), quad_segs=64)
    return float(circle.intersection(Point(0, 0).buffer(radius, quad_segs=64)).area / circle.area)


def passes(a: At, b: At, disc: float, window: tuple[float, float]) -> bool:
    lasts = b.time_s - a.time_s
    if not 0 < lasts <= 120 or a.time_s > window[1] or b.time_s < window[0]:
        return False
    since, until = (min(max((one - a.time_s) / lasts, 0.0), 1.0) for one in window)
    way = LineString([(a.x + part * (b.x - a.x), a.y + part * (b.y - a.y)) for part in (since, until)])
    return bool(way.distance(Point(0, 0)) <= disc)


def plain_match(track: Sequence[At], windows: Windows, uncertainty: float, settings: MatchingSettings) -> Plain:
    """A wearer who wore one tag throughout, with no events, and a scene at the origin."""
    padding, limit = settings.padding_s, settings.plausible_speed_mps
    padded = [(since - padding, until + padding) for since, until in windows]
    disc = settings.radius_m + uncertainty
    sound = [one for one in sorted(track, key=lambda one: one.time_s) if usable(one)]
    kept = [one for place, one in enumerate(sound) if not is_outlier(sound, place, limit)]
    limits = dict(zip(pairwise(kept), _limits(sound, kept, limit), strict=True)) if kept else {}
    pairs = list(limits.items())
    at_jump = {one for (a, b), _ in pairs if speed(a, b) > limit for one in (a, b)}
    rooms = [
        (a.time_s, b.time_s, most) for (a, b), most in pairs if any(journey(a, b, disc, one, most) for one in padded)
    ]
    near = [
        one
        for one in track
        if any(since <= one.time_s <= until for since, until in padded) and hypot(one.x, one.y) <= disc + accuracy(one)
    ]
    counting = [
        one
        for one in near
        if one in kept and one not in at_jump and overlap(one, settings.radius_m) >= settings.least_overlap
    ]
    most = max(len({one.time_s for one in counting if since <= one.time_s <= until}) for since, until in padded)
    doubtful = (
        any(room_limit == inf for *_, room_limit in rooms)
        or uncertainty > settings.radius_m
        or not any(one.mechanism in {Mechanism.GPS, Mechanism.RF} for one in counting)
    )
    ends: list[tuple[float | None, float | None]] = []
    if not kept or kept[0].time_s > min(since for since, _ in padded):
        ends.append((None, kept[0].time_s if kept else None))
    if kept and kept[-1].time_s < max(until for _, until in padded):
        ends.append((kept[-1].time_s, None))
    hints = any(speed(a, b) <= limit and any(passes(a, b, disc, one) for one in padded) for (a, b), _ in pairs) or any(
        _covers(one, limits, disc, settings, uncertainty) for one in near if one not in sound
    )
    verdict = MatchVerdict.CANNOT_SAY
    if most >= settings.least_positions:
        verdict = MatchVerdict.POSSIBLE if doubtful else MatchVerdict.PRESENT
    elif hints or any(one in kept for one in near):
        verdict = MatchVerdict.POSSIBLE
    elif not rooms and not ends:
        verdict = MatchVerdict.ABSENT
    return Plain(verdict, len(counting), [(since, until) for since, until, _ in rooms] + ends)


def _limits(sound: Sequence[At], kept: Sequence[At], limit: float) -> Iterator[float]:
    for a, b in pairwise(kept):
        first, last = sound.index(a), sound.index(b)
        mild = any(
            max(speed(sound[place - 1], sound[place]), speed(sound[place], sound[place + 1])) <= 90
            for place in range(first + 1, last)
        )
        direct = speed(a, b)
        yield inf if direct > max(limit, 90) else max(limit, 90) if direct > limit or mild else limit


def _covers(
    one: At,
    limits: dict[tuple[At, At], float],
    disc: float,
    settings: MatchingSettings,
    unsure: float,
) -> bool:
    if one.received_s is not None and one.time_s - one.received_s > 30:
        return False
    if hypot(one.x, one.y) > max(accuracy(one), settings.radius_m) + unsure:
        return False
    about = [((a, b), limit) for (a, b), limit in limits.items() if a.time_s <= one.time_s <= b.time_s]
    if not about:
        return True
    (a, b), limit = about[-1]
    return journey(a, b, disc, (one.time_s, one.time_s), limit)
