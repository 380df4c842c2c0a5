"""What the store keeps of conditions: when a trail may be looked at, who is still watched, and all or nothing."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.condition_files import read_one_condition
from geofence.condition_drafts import ConditionDraft
from ops.errors import UnavailableError
from ops.settings import Settings
from store.condition_decisions import approve, end_condition, refuse
from store.condition_list import current_version, find_condition, trail_monitoring_of
from store.conditions import ConditionConflictError, ConditionsRefusedError, change_draft, draft_conditions
from store.database import Cursor, fetch_one
from store.registry import lock_registry_shared
from tests.support.conditions import condition
from tests.support.database import DatabaseUrls
from tests.support.seed import Wearer, as_owner, seed_wearer

OFFICER, MANAGER = "officer.jones", "manager.patel"
TIMEOUT_MS = 500


@pytest.fixture
def wearer(migrated_database: DatabaseUrls) -> Wearer:
    with as_owner(migrated_database.owner) as cursor:
        return seed_wearer(cursor, "X1", OFFICER)


def given(reference: str = "EZ-9", kind: str = "exclusion", **properties: Any) -> ConditionDraft:
    return read_one_condition(json.dumps(condition(reference, kind, **properties)).encode(), Settings(), "X1")


def tag_of(cursor: Cursor, number: int) -> str:
    found = find_condition(cursor, number)
    assert found is not None
    return current_version(found[1]).tag


def live(cursor: Cursor, draft: ConditionDraft, number: int | None = None) -> int:
    """Drafted, or changed, by the officer and approved by the manager."""
    if number is None:
        (number,) = draft_conditions(cursor, [draft], OFFICER)
    else:
        change_draft(cursor, number, tag_of(cursor, number), draft, OFFICER)
    approve(cursor, number, tag_of(cursor, number), MANAGER, TIMEOUT_MS)
    return number


def day(month: int, of: int = 1) -> datetime:
    return datetime(2027, month, of, tzinfo=UTC)


def trail(starts: datetime, ends: datetime | None = None, **properties: Any) -> ConditionDraft:
    return given("TM-1", "trail_monitoring", starts=starts.isoformat(), ends=ends and ends.isoformat(), **properties)


def intervals(cursor: Cursor, person_id: int) -> list[tuple[int, datetime, datetime | None]]:
    return [(one.version, one.starts_at, one.ends_at) for one in trail_monitoring_of(cursor, person_id)]


def test_a_trail_may_be_looked_at_in_the_times_that_were_approved(
    migrated_database: DatabaseUrls, wearer: Wearer
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        (number,) = draft_conditions(cursor, [trail(day(1), day(6))], OFFICER)
        assert intervals(cursor, wearer.person_id) == [], "a draft allows nothing"
        approve(cursor, number, tag_of(cursor, number), MANAGER, TIMEOUT_MS)
        assert intervals(cursor, wearer.person_id) == [(1, day(1), day(6))]
        live(cursor, trail(day(3), day(9), wording="From March on."), number)
        assert intervals(cursor, wearer.person_id) == [(1, day(1), day(3)), (2, day(3), day(9))]
        assert trail_monitoring_of(cursor, wearer.person_id)[1].wording == "From March on."
        live(cursor, trail(day(2)), number)
        assert intervals(cursor, wearer.person_id) == [(1, day(1), day(2)), (3, day(2), None)], "version 2 never held"
        end_condition(cursor, number, day(4), "varied", MANAGER, TIMEOUT_MS)
        assert intervals(cursor, wearer.person_id) == [(1, day(1), day(2)), (3, day(2), day(4))]
        (other,) = draft_conditions(cursor, [given("TM-2", "trail_monitoring")], OFFICER)
        refuse(cursor, other, tag_of(cursor, other), MANAGER, "not proportionate")
        assert len(intervals(cursor, wearer.person_id)) == 2, "what was refused allows nothing"


def test_an_approval_that_cannot_publish_leaves_a_draft(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    assert wearer
    with as_owner(migrated_database.owner) as cursor:
        (number,) = draft_conditions(cursor, [given()], OFFICER)
        tag = tag_of(cursor, number)
    with as_owner(migrated_database.owner) as batch:
        lock_registry_shared(batch)
        with pytest.raises(UnavailableError), as_owner(migrated_database.owner) as cursor:
            approve(cursor, number, tag, MANAGER, TIMEOUT_MS)
    with as_owner(migrated_database.owner) as cursor:
        assert tag_of(cursor, number) == tag
        cursor.execute("SELECT count(*) FROM zones")
        assert fetch_one(cursor) == (0,)


def test_of_two_who_decide_at_once_one_is_told(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    assert wearer
    with as_owner(migrated_database.owner) as cursor:
        (number,) = draft_conditions(cursor, [given()], OFFICER)
        tag = tag_of(cursor, number)
    outcomes: list[str] = []

    def decide(subject: str) -> None:
        try:
            with as_owner(migrated_database.owner) as cursor:
                approve(cursor, number, tag, subject, TIMEOUT_MS)
            outcomes.append("approved")
        except ConditionConflictError:
            outcomes.append("told")

    deciders = [threading.Thread(target=decide, args=(subject,)) for subject in ("a", "b", "c")]
    for one in deciders:
        one.start()
    for one in deciders:
        one.join()
    assert sorted(outcomes) == ["approved", "told", "told"]
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("SELECT count(*) FROM zone_versions")
        assert fetch_one(cursor) == (1,)


def test_nobody_whose_monitoring_ended_gets_a_condition(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    with as_owner(migrated_database.owner) as cursor:
        (number,) = draft_conditions(cursor, [given()], OFFICER)
        cursor.execute("UPDATE people SET ended_at = service_clock() WHERE person_id = %s", (wearer.person_id,))
        with pytest.raises(ConditionsRefusedError, match="monitoring ends, or ended"):
            approve(cursor, number, tag_of(cursor, number), MANAGER, TIMEOUT_MS)
        with pytest.raises(ConditionsRefusedError, match="monitoring ends, or ended"):
            draft_conditions(cursor, [given("EZ-8")], OFFICER)


def test_hours_that_are_over_by_the_approval_are_refused_then(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    assert wearer
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    schedule = {
        "time_zone": "Europe/London",
        "match_days": [{"date": tomorrow, "from": "12:00", "to": "18:00"}],
    }
    with as_owner(migrated_database.owner) as cursor:
        (number,) = draft_conditions(cursor, [given(schedule=schedule)], OFFICER)
        cursor.execute(
            "CREATE OR REPLACE FUNCTION service_clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            " AS $$ SELECT clock_timestamp() + interval '3 days' $$"
        )
        with pytest.raises(ConditionsRefusedError, match="never applies"):
            approve(cursor, number, tag_of(cursor, number), MANAGER, TIMEOUT_MS)
