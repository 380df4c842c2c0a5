"""Warnings about a draft's hours and dates, and about the wearer's other conditions."""

from collections.abc import Iterable, Sequence

from geofence.plane_areas import Area, area_of
from geofence.projection import Projection
from geofence.rehearsal_warnings import Figure, RehearsalWarning, WarningCode, place_of
from geofence.schedule_words import words
from geofence.schedules import LAST_US, Interval, windows
from model.times import DAY_US, SECOND_US, from_microseconds
from model.zones import ZoneVersion

AHEAD_US = 366 * DAY_US
"""How far hours are looked at where a condition has no end."""

LEAST_US_A_WEEK = 600 * SECOND_US
WEEK_US = 7 * DAY_US
LEAST_SHARED_M2 = 1.0


def hours_and_dates(draft: ZoneVersion, now_us: int) -> list[RehearsalWarning]:
    """A condition that is over, one that is never in force between its dates, or for minutes a week only."""
    from_us, until_us = _ahead(draft, now_us)
    if draft.active_to_us is not None and draft.active_to_us <= now_us:
        return [
            RehearsalWarning(
                WarningCode.DATES_PAST,
                f"its dates ended on {from_microseconds(draft.active_to_us).date().isoformat()}",
                "give an active_to that is still to come, or leave it out",
            )
        ]
    applies_us = sum(end - start for start, end in windows(draft.schedule, from_us, until_us))
    shown = {
        "hours_in_force": round(applies_us / SECOND_US / 3600, 2),
        "days_looked_at": (until_us - from_us) // DAY_US,
    }
    if applies_us == 0:
        return [
            RehearsalWarning(
                WarningCode.NEVER_APPLIES,
                f"its schedule ({words(draft.schedule)}) is never in force from"
                f" {from_microseconds(from_us).date().isoformat()} to {from_microseconds(until_us).date().isoformat()}",
                "give it hours within its dates, or correct active_from and active_to",
                figures=shown,
            )
        ]
    if draft.schedule is not None and applies_us * WEEK_US < LEAST_US_A_WEEK * (until_us - from_us):
        return [
            RehearsalWarning(
                WarningCode.HARDLY_APPLIES,
                f"its schedule ({words(draft.schedule)}) is in force for less than 10 minutes a week",
                "check the times: a window of minutes can fall between two positions",
                figures=shown,
            )
        ]
    return []


def other_conditions(
    draft: ZoneVersion, others: Iterable[ZoneVersion], projection: Projection, now_us: int
) -> list[RehearsalWarning]:
    """The wearer's other zones that contradict the draft, or say the same. ``others`` may hold old versions too."""
    area = area_of(draft.geometry, projection)
    found = []
    for other in others:
        over_us = min(one for one in (other.valid_to_us, other.active_to_us, LAST_US) if one is not None)
        if other.zone_id == draft.zone_id or over_us <= now_us or not (draft.kind.binds and other.kind.binds):
            continue
        common_us = _common_us(_in_force(draft, now_us), _in_force(other, now_us))
        if common_us:
            shared = area.intersection(area_of(other.geometry, projection))
            found += _between(draft, other, shared, common_us, projection)
    return found


def _between(
    draft: ZoneVersion, other: ZoneVersion, shared: Area, common_us: int, projection: Projection
) -> list[RehearsalWarning]:
    named = f"the {other.kind} {other.reference} ({other.name})"
    overlaps = shared.area >= LEAST_SHARED_M2
    both_keep = draft.kind.watches_absence and other.kind.watches_absence
    figures: dict[str, Figure] = {
        "reference": other.reference,
        "name": other.name,
        "shared_m2": round(float(shared.area), 1),
        "common_hours": round(common_us / SECOND_US / 3600, 1),
    }
    if both_keep and not overlaps:
        return [
            RehearsalWarning(
                WarningCode.CONTRADICTS,
                f"at common hours the wearer must be in it and in {named}, and they have no place in common",
                "change the hours or the place of one of them",
                figures=figures,
            )
        ]
    if both_keep or not overlaps:
        return []
    middle = shared.representative_point()
    place = place_of(projection, middle.x, middle.y)
    if draft.kind is other.kind:
        return [
            RehearsalWarning(
                WarningCode.DUPLICATES,
                f"it shares {shared.area:.0f} m² with {named} at common hours: one stay there alerts twice",
                "leave the common part to one of them, or publish this as the next version of that zone",
                place,
                figures,
            )
        ]
    return [
        RehearsalWarning(
            WarningCode.CONTRADICTS,
            f"it shares {shared.area:.0f} m² with {named} at common hours: one forbids to be there, the other"
            " to be away",
            "change the shape or the hours of one of them so that the wearer can keep both",
            place,
            figures,
        )
    ]


def _ahead(version: ZoneVersion, now_us: int) -> Interval:
    """From now, or its beginning where that is still to come, to its end, or a year on."""
    begins = (one for one in (now_us, version.valid_from_us, version.active_from_us) if one is not None)
    from_us = min(max(begins), LAST_US)
    ends = (one for one in (version.valid_to_us, version.active_to_us, from_us + AHEAD_US, LAST_US) if one is not None)
    return from_us, max(from_us, min(ends))


def _in_force(version: ZoneVersion, now_us: int) -> list[Interval]:
    return windows(version.schedule, *_ahead(version, now_us))


def _common_us(some: Sequence[Interval], others: Sequence[Interval]) -> int:
    """How long both are in force; each in order and apart."""
    common_us, at, other = 0, 0, 0
    while at < len(some) and other < len(others):
        common_us += max(0, min(some[at][1], others[other][1]) - max(some[at][0], others[other][0]))
        if some[at][1] <= others[other][1]:
            at += 1
        else:
            other += 1
    return common_us
