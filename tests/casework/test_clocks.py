"""When the three clocks are due, in SQL, against a plain account of it; and which alerts are overdue."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from alerts.casework_rules import default_rules, response_times
from model.casework import CaseClocks
from model.enums import Severity, Urgency
from store.alerts import AlertFilter, CaseFilter, count_waiting, find_alert, list_alerts
from store.database import Cursor
from tests.support.cases import CaseWorld, seed_case_world
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner

RULES = default_rules()
LONDON = ZoneInfo("Europe/London")
WORKED = "acknowledged_at = raised_at, first_action_at = raised_at"


@pytest.fixture
def cursor(migrated_database: DatabaseUrls) -> Iterator[Cursor]:
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # cases as they may have become
        yield cursor


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> CaseWorld:
    return seed_case_world(migrated_database)


def due(cursor: Cursor, alert_id: UUID) -> CaseClocks:
    found = find_alert(cursor, alert_id, RULES, MORNING)
    assert found is not None
    return found[0].clocks


def first_morning(moment: datetime) -> datetime:
    """07:00 by the wall clock in London, on the day itself where that is still to come."""
    wall = moment.astimezone(LONDON)
    day = wall.date() if wall.time() <= RULES.morning_starts else wall.date() + timedelta(days=1)
    return datetime.combine(day, RULES.morning_starts, LONDON).astimezone(UTC)


def expected(severity: Severity, urgency: Urgency, moment: datetime) -> CaseClocks:
    start = moment if urgency is Urgency.IMMEDIATE else first_morning(moment)
    times = response_times(RULES, severity, urgency)
    seconds = (times.acknowledge_s, times.first_action_s, times.outcome_s)
    return CaseClocks(*(start + timedelta(seconds=one) for one in seconds))


@pytest.mark.parametrize(
    "raised",
    [
        "2026-03-02T09:00:00+00:00",
        "2026-03-02T07:00:00+00:00",
        "2026-03-02T07:00:00.000001+00:00",
        "2026-03-28T23:30:00+00:00",  # the night in which an hour is skipped
        "2026-03-29T00:30:00+00:00",
        "2026-10-24T22:30:00+00:00",  # the night in which an hour comes twice
        "2026-07-01T05:59:59+00:00",
        "2026-07-01T06:30:00+00:00",
    ],
)
def test_each_clock_is_due_by_severity_and_urgency(world: CaseWorld, cursor: Cursor, raised: str) -> None:
    moment = datetime.fromisoformat(raised)
    cursor.execute("UPDATE alert_cases SET clocks_from = %s", (moment,))
    for severity in Severity:
        for urgency in Urgency:
            cursor.execute("UPDATE alerts SET severity = %s, urgency = %s", (severity.value, urgency.value))
            assert due(cursor, world.alert_id) == expected(severity, urgency, moment), (severity, urgency)


def test_of_a_contested_alert_the_outcome_is_due_when_somebody_else_is_to_decide(
    world: CaseWorld, cursor: Cursor
) -> None:
    by = MORNING + timedelta(days=9)
    cursor.execute("UPDATE alert_cases SET review_due_at = %s", (by,))
    assert due(cursor, world.alert_id).outcome_due_at == by


@pytest.mark.parametrize(
    ("change", "after_s", "is_overdue"),
    [
        ("status = 'raised'", 300, False),
        ("status = 'raised'", 301, True),
        ("status = 'acknowledged', acknowledged_at = raised_at", 900, False),
        ("status = 'acknowledged', acknowledged_at = raised_at", 901, True),
        (f"status = 'under_review', {WORKED}", 86_400, False),
        (f"status = 'under_review', {WORKED}", 86_401, True),
        (f"status = 'contested', {WORKED}, review_due_at = raised_at + interval '2 days'", 172_800, False),
        (f"status = 'contested', {WORKED}, review_due_at = raised_at + interval '2 days'", 172_801, True),
        ("status = 'retracted'", 10**9, False),
        ("status = 'reopened', clocks_from = raised_at + interval '1 day'", 86_700, False),
        ("status = 'reopened', clocks_from = raised_at + interval '1 day'", 86_701, True),
    ],
)
@pytest.mark.usefixtures("world")
def test_what_is_overdue(cursor: Cursor, change: str, after_s: float, is_overdue: bool) -> None:
    cursor.execute(f"UPDATE alert_cases SET {change}")
    now = MORNING + timedelta(seconds=after_s)
    for wanted, found in ((True, is_overdue), (False, not is_overdue)):
        assert bool(list_alerts(cursor, AlertFilter(), CaseFilter(is_overdue=wanted), 9, RULES, now)) is found
    assert count_waiting(cursor, RULES, now).overdue == int(is_overdue)
