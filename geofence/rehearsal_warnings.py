"""What a draft zone should be looked at for before it is published, as data. A warning never refuses anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from geofence.columns import Floats
from geofence.confidence import DEFAULT_ACCURACY_M, SIGMAS_OF_CIRCLE, effective_accuracy_m
from geofence.habitual_places import Habit, HabitualPlace, habitual_places
from geofence.plane_areas import area_of, depth_in_m, narrowest_part
from geofence.projection import Projection
from geofence.track import Track
from model.enums import Mechanism, ZoneKind
from model.times import DAY_US
from model.zones import ZoneVersion

LEAST_DAYS = 7
LEAST_POSITIONS = 200
LONDON = "Europe/London"
"""The wall clock of a wearer's nights where the zone's schedule names no other."""


class WarningCode(StrEnum):
    TOO_FEW_POSITIONS = "too_few_positions"
    HOME_INSIDE = "home_inside"
    HOME_NEAR = "home_near"
    HOME_OUTSIDE_CURFEW = "home_outside_curfew"
    DAY_PLACE_INSIDE = "day_place_inside"
    DAY_PLACE_NEAR = "day_place_near"
    MAIN_ROAD = "main_road"
    RAILWAY = "railway"
    FAST_PASSAGES = "fast_passages"
    NARROW = "narrow"
    NEVER_APPLIES = "never_applies"
    HARDLY_APPLIES = "hardly_applies"
    DATES_PAST = "dates_past"
    CONTRADICTS = "contradicts"
    DUPLICATES = "duplicates"


Figure = float | int | str


@dataclass(frozen=True, slots=True)
class RehearsalWarning:
    code: WarningCode
    words: str
    remedy: str
    place: tuple[float, float] | None = None  # longitude, latitude
    figures: Mapping[str, Figure] = field(default_factory=dict)


def place_of(projection: Projection, x: float, y: float) -> tuple[float, float]:
    lon, lat = projection.inverse(np.array([x]), np.array([y]))
    return round(float(lon[0]), 6), round(float(lat[0]), 6)


def too_few_positions(tracks: Sequence[Track]) -> list[RehearsalWarning]:
    days, positions = days_with_positions(tracks), sum(map(len, tracks))
    if days >= LEAST_DAYS and positions >= LEAST_POSITIONS:
        return []
    return [
        RehearsalWarning(
            WarningCode.TOO_FEW_POSITIONS,
            f"{positions} positions on {days} different days say little about a usual week",
            f"rehearse again once there are {LEAST_DAYS} days of them, or over more weeks",
            figures={"positions": positions, "days": days},
        )
    ]


def days_with_positions(tracks: Sequence[Track]) -> int:
    """Different days, by UTC."""
    return len({day for track in tracks for day in np.unique(track.rows.fixes.fix_time_us // DAY_US).tolist()})


def usual_accuracies_m(tracks: Sequence[Track]) -> Floats:
    """Those of the GPS positions, shape (n,); the default of GPS where there are none."""
    stated = [
        effective_accuracy_m(fixes.accuracy_m[by_gps], fixes.mechanism[by_gps])
        for fixes in (track.rows.fixes for track in tracks)
        for by_gps in [fixes.mechanism == Mechanism.GPS]
    ]
    found = np.concatenate([np.empty(0), *stated])
    return found if len(found) else np.array([DEFAULT_ACCURACY_M[Mechanism.GPS]])


def narrower_than_accuracy(draft: ZoneVersion, projection: Projection, accuracy_m: Floats) -> list[RehearsalWarning]:
    """Where even a position in the very middle of the zone's narrowest part is not within it with 95 %.

    A circle of radius r about a round normal holds ``1 - exp(-(r/sigma)²/2)`` of it; sigma as in ``confidence``.
    """
    circle = narrowest_part(draft.geometry, projection)
    usual_m, poor_m = (float(one) for one in np.percentile(accuracy_m, (50, 95)))
    if circle.radius_m >= usual_m:
        return []
    surest = 1 - np.exp(-((circle.radius_m * SIGMAS_OF_CIRCLE / usual_m) ** 2) / 2)
    outcome = (
        "a usual position cannot confirm it at all"
        if surest < draft.policy.for_probability
        else "only positions near its middle count"
    )
    return [
        RehearsalWarning(
            WarningCode.NARROW,
            f"its narrowest part is {2 * circle.radius_m:.0f} m wide, and positions are usually accurate to"
            f" {usual_m:.0f} m (one in twenty to worse than {poor_m:.0f} m): {outcome}",
            f"make it at least {2 * usual_m:.0f} m wide, better {2 * poor_m:.0f} m, where its wording allows",
            place_of(projection, circle.x, circle.y),
            {
                "width_m": round(2 * circle.radius_m, 1),
                "median_accuracy_m": round(usual_m, 1),
                "accuracy_95_m": round(poor_m, 1),
                "highest_probability_inside": round(float(surest), 3),
            },
        )
    ]


def habits_against(
    draft: ZoneVersion, tracks: Sequence[Track], projection: Projection, accuracy_m: Floats
) -> list[RehearsalWarning]:
    """Home or the place of working days inside an exclusion zone or beside it; home outside a curfew's zone."""
    if draft.kind not in {ZoneKind.EXCLUSION, ZoneKind.CURFEW}:
        return []
    area = area_of(draft.geometry, projection)
    near_m = max(draft.policy.buffer_m, float(np.median(accuracy_m)))
    time_zone = draft.schedule.time_zone if draft.schedule else LONDON
    found = []
    for place in habitual_places(tracks, time_zone):
        depth_m = depth_in_m(area, place.x, place.y)
        if draft.kind is ZoneKind.EXCLUSION and depth_m >= -near_m:
            found.append(_excluded_from(place, depth_m, place_of(projection, place.x, place.y)))
        if draft.kind is ZoneKind.CURFEW and place.habit is Habit.NIGHT and depth_m < 0:
            found.append(_home_outside(place, depth_m, place_of(projection, place.x, place.y)))
    return found


def _excluded_from(place: HabitualPlace, depth_m: float, at: tuple[float, float]) -> RehearsalWarning:
    codes = {
        (Habit.NIGHT, True): WarningCode.HOME_INSIDE,
        (Habit.NIGHT, False): WarningCode.HOME_NEAR,
        (Habit.WORKING_DAY, True): WarningCode.DAY_PLACE_INSIDE,
        (Habit.WORKING_DAY, False): WarningCode.DAY_PLACE_NEAR,
    }
    inside = depth_m >= 0
    where = f"{depth_m:.0f} m inside the zone" if inside else f"{-depth_m:.0f} m from the zone's edge"
    remedy = (
        "draw the zone so that it leaves this place out, or settle with the wearer where they may be"
        if inside
        else "expect alerts from staying there: move the edge away, lessen the buffer, or agree what is to be done"
    )
    return RehearsalWarning(
        codes[place.habit, inside], f"{_described(place)} lies {where}", remedy, at, _figures(place, depth_m)
    )


def _home_outside(place: HabitualPlace, depth_m: float, at: tuple[float, float]) -> RehearsalWarning:
    return RehearsalWarning(
        WarningCode.HOME_OUTSIDE_CURFEW,
        f"{_described(place)} lies {-depth_m:.0f} m outside the curfew's zone",
        "check the address that the zone is drawn about",
        at,
        _figures(place, depth_m),
    )


def _described(place: HabitualPlace) -> str:
    if place.habit is Habit.NIGHT:
        return f"where the wearer spends {place.share:.0%} of the nights' hours, probably a home,"
    return f"where the wearer spends {place.share:.0%} of working days' hours, perhaps work,"


def _figures(place: HabitualPlace, depth_m: float) -> dict[str, Figure]:
    return {
        "depth_m": round(depth_m, 1),
        "hours": round(place.hours, 1),
        "share": round(place.share, 3),
        "occasions": place.occasions,
    }
