"""Match days: dates on which a shared zone is in force, added and removed as new versions of its schedule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from geofence import schedule_documents
from geofence.drafts import ZoneDraft
from geofence.geojson import from_stored
from geofence.schedules import LAST_US, windows
from model.enums import ZoneKind
from model.operations import MatchDay
from model.policies import policy_of
from model.schedules import DailyWindow, DatedWindow, Schedule
from model.times import DAY_US, from_microseconds, to_microseconds
from ops.errors import InputError
from store.checks import FieldProblem, FieldsRefusedError, checked_text
from store.clock import service_now
from store.database import Cursor
from store.operations_checks import shared_zone_problems
from store.registry import lock_registry_for_edit
from store.rows import insert_rows
from store.zone_list import CurrentZone, current_zones
from store.zones import PublishedZone, publish_zones

LONGEST_EVENT = 200
MOST_MATCH_DAYS = 500
REACH_US = 3 * DAY_US


@dataclass(frozen=True, slots=True)
class ComingMatchDay:
    """``begins_at`` and ``ends_at`` are its instants by the zone's clock."""

    reference: str
    match_day: MatchDay
    begins_at: datetime
    ends_at: datetime


def add_match_days(
    cursor: Cursor, reference: str, days: Sequence[MatchDay], added_by: str, lock_timeout_ms: int
) -> PublishedZone | None:
    """All of them, or none and every reason (FieldsRefusedError). None where there is no such zone to see."""
    lock_registry_for_edit(cursor, lock_timeout_ms)
    now, found = service_now(cursor), current_zones(cursor, [reference]).get(reference)
    if found is None:
        return None
    schedule = _schedule(cursor, reference, found)
    problems = [] if 0 < len(days) <= MOST_MATCH_DAYS else [_count_problem(days)]
    for at, day in enumerate(days):
        problems += _day_problems(f"match_days[{at}]", schedule, day, now)
        if _window(day) in schedule.match_days:
            problems.append(FieldProblem(f"match_days[{at}]", f"{_named(day)} is one already", "leave it out"))
        if day in days[:at]:
            problems.append(FieldProblem(f"match_days[{at}]", f"{_named(day)} is given twice", "give it once"))
    if problems:
        raise FieldsRefusedError(problems)
    added = tuple(sorted((*schedule.match_days, *map(_window, days)), key=lambda one: (one.date, one.window.starts)))
    published = _publish(cursor, reference, found, replace(schedule, match_days=added), added_by, now, lock_timeout_ms)
    _forget_events(cursor, found.zone_id, days)  # of dates that an edit of the zone had taken away
    insert_rows(
        cursor,
        "INSERT INTO match_days (zone_id, on_date, starts, ends, event, added_by) VALUES %s",
        ((found.zone_id, one.date, one.starts, one.ends, (one.event or "").strip(), added_by) for one in days),
    )
    return published


def remove_match_days(
    cursor: Cursor, reference: str, days: Sequence[MatchDay], removed_by: str, lock_timeout_ms: int
) -> PublishedZone | None:
    """The same for dates that are off; one that goes on now ends now. Their events need not be given."""
    lock_registry_for_edit(cursor, lock_timeout_ms)
    now, found = service_now(cursor), current_zones(cursor, [reference]).get(reference)
    if found is None:
        return None
    schedule = _schedule(cursor, reference, found)
    problems = [] if 0 < len(days) <= MOST_MATCH_DAYS else [_count_problem(days)]
    for at, day in enumerate(days):
        if _window(day) not in schedule.match_days:
            remedy = "`cordon operations match-day list` shows those to come"
            problems.append(FieldProblem(f"match_days[{at}]", f"{_named(day)} is none", remedy))
        elif _is_over(schedule, day, now):
            remedy = "what was judged by it stays"
            problems.append(FieldProblem(f"match_days[{at}]", f"{_named(day)} is past", remedy))
    left = replace(schedule, match_days=tuple(one for one in schedule.match_days if one not in set(map(_window, days))))
    if not problems and schedule_documents.read_schedule(schedule_documents.to_document(left))[0] is None:
        remedy = "end the zone instead, or add another match day first"
        problems.append(FieldProblem("match_days", "without them it would never be in force", remedy))
    if problems:
        raise FieldsRefusedError(problems)
    published = _publish(cursor, reference, found, left, removed_by, now, lock_timeout_ms)
    _forget_events(cursor, found.zone_id, days)
    return published


def coming_match_days(cursor: Cursor, reference: str) -> list[ComingMatchDay] | None:
    """Those that are not over, in order; None where there is no such zone to see."""
    now, found = service_now(cursor), current_zones(cursor, [reference]).get(reference)
    if found is None:
        return None
    schedule = schedule_documents.from_stored(found.latest.schedule)
    if schedule is None:
        return []
    cursor.execute("SELECT on_date, starts, ends, event FROM match_days WHERE zone_id = %s", (found.zone_id,))
    events = {(on_date, starts, ends): event for on_date, starts, ends, event in cursor.fetchall()}
    coming = []
    for one in schedule.match_days:
        key = one.date, one.window.starts, one.window.ends
        instants = _instants(schedule, one)
        if instants is not None and instants[1] > now:
            coming.append(ComingMatchDay(reference, MatchDay(*key, events.get(key)), *instants))
    return sorted(coming, key=lambda one: one.begins_at)


def _forget_events(cursor: Cursor, zone_id: int, days: Sequence[MatchDay]) -> None:
    for one in days:
        cursor.execute(
            "DELETE FROM match_days WHERE (zone_id, on_date, starts, ends) = (%s, %s, %s, %s)",
            (zone_id, one.date, one.starts, one.ends),
        )


def _schedule(cursor: Cursor, reference: str, found: CurrentZone) -> Schedule:
    problems = shared_zone_problems(cursor, reference)
    schedule = schedule_documents.from_stored(found.latest.schedule)
    if schedule is None:
        remedy = "publish it with a schedule first: a match day adds hours to those that there are"
        problems.append(FieldProblem("zone", f"{reference} is in force at all times", remedy))
    if problems or schedule is None:
        raise FieldsRefusedError(problems)
    return schedule


def _publish(
    cursor: Cursor,
    reference: str,
    found: CurrentZone,
    schedule: Schedule,
    by: str,
    now: datetime,
    lock_timeout_ms: int,
) -> PublishedZone:
    latest = found.latest
    draft = ZoneDraft(
        reference=reference,
        name=latest.name,
        kind=ZoneKind(latest.kind),
        crn=None,
        geometry=from_stored(latest.geometry),
        valid_from=None,
        active_from=latest.active_from,
        active_to=latest.active_to,
        schedule=schedule,
        preset=latest.preset,
        policy=policy_of(latest.preset, latest.policy),
        is_disclosed=latest.is_disclosed,
    )
    return publish_zones(cursor, [draft], by, now, lock_timeout_ms)[0]


def _day_problems(where: str, schedule: Schedule, day: MatchDay, now: datetime) -> list[FieldProblem]:
    problems = []
    try:
        checked_text("the event", day.event or "", LONGEST_EVENT)
    except InputError as error:
        problems.append(FieldProblem(f"{where}.event", str(error), "name it in one line of plain text"))
    if day.starts == day.ends != time():
        problems.append(
            FieldProblem(
                f"{where}.to", f"{day.ends:%H:%M}", "give another than its from; a whole day is 00:00 to 24:00"
            )
        )
    elif _is_over(schedule, day, now):
        problems.append(FieldProblem(f"{where}.date", f"{_named(day)} is past", "give a date to come"))
    return problems


def _is_over(schedule: Schedule, day: MatchDay, now: datetime) -> bool:
    instants = _instants(schedule, _window(day))
    return instants is None or instants[1] <= now


def _instants(schedule: Schedule, day: DatedWindow) -> tuple[datetime, datetime] | None:
    """When it begins and ends; None where its hours are skipped by the clock, or lie outside 1970 to 2199."""
    midnight_us = to_microseconds(datetime(day.date.year, day.date.month, day.date.day, tzinfo=UTC))
    if not REACH_US <= midnight_us <= LAST_US - REACH_US:
        return None
    alone = Schedule(schedule.time_zone, match_days=(day,))
    found = windows(alone, midnight_us - REACH_US, midnight_us + REACH_US)
    return (from_microseconds(found[0][0]), from_microseconds(found[0][1])) if found else None


def _window(day: MatchDay) -> DatedWindow:
    return DatedWindow(day.date, DailyWindow(day.starts, day.ends))


def _named(day: MatchDay) -> str:
    return f"{day.date.isoformat()} {day.starts:%H:%M} to {day.ends:%H:%M}"


def _count_problem(days: Sequence[MatchDay]) -> FieldProblem:
    return FieldProblem("match_days", f"{len(days)} given", f"give 1 to {MOST_MATCH_DAYS}")
