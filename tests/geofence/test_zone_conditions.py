"""Zone files: hours, policy, whether the wearer knows of the zone, and what each kind needs."""

from typing import Any

import pytest

from geofence.drafts import ZoneDraft
from geofence.geojson import read_zones
from geofence.problems import Defect
from geofence.schedule_documents import read_schedule
from model.enums import ZoneKind
from model.policies import CURFEW, RECORD, STEADY, policy_of
from tests.geofence.zone_files import OUTER, area, collection, feature, only_problem, problems_of

NIGHTS = {"time_zone": "Europe/London", "weekly": [{"days": ["fri", "sat"], "from": "19:00", "to": "07:00"}]}


def draft_of(**properties: Any) -> ZoneDraft:
    read = read_zones(feature(area(OUTER), **properties))
    assert read.problems == ()
    return read.drafts[0]


def test_a_curfew_with_everything() -> None:
    policy = {"preset": "curfew", "grace_s": 900}
    draft = draft_of(kind="curfew", crn="X1", schedule=NIGHTS, policy=policy, disclosed=True)
    assert (draft.kind, draft.is_disclosed, draft.preset) == (ZoneKind.CURFEW, True, "curfew")
    assert draft.schedule == read_schedule(NIGHTS)[0] is not None
    assert draft.policy == policy_of("curfew", {"confirm_dwell_s": 900.0})


@pytest.mark.parametrize(
    ("kind", "preset", "policy"),
    [
        ("exclusion", "steady", STEADY),
        ("inclusion", "curfew", CURFEW),
        ("curfew", "curfew", CURFEW),
        ("crime_scene", "record", RECORD),
    ],
)
def test_a_zone_that_says_nothing_gets_what_its_kind_needs(kind: str, preset: str, policy: object) -> None:
    for nothing in ({}, {"schedule": None, "policy": None, "disclosed": None}):
        draft = draft_of(kind=kind, crn="X1", **nothing)
        assert (draft.preset, draft.policy, draft.schedule, draft.is_disclosed) == (preset, policy, None, False)


@pytest.mark.parametrize(
    ("properties", "field", "defect"),
    [
        ({"disclosed": "yes"}, "properties.disclosed", Defect.WRONG_TYPE),
        ({"disclosed": 1}, "properties.disclosed", Defect.WRONG_TYPE),
        ({"is_disclosed": True}, "properties.is_disclosed", Defect.MISSPELT),
        ({"polcy": "fast"}, "properties.polcy", Defect.MISSPELT),
        ({"schedules": NIGHTS}, "properties.schedules", Defect.MISSPELT),
        ({"buffer_m": 100}, "properties.buffer_m", Defect.MISPLACED),
        ({"grace_s": 100}, "properties.grace_s", Defect.MISPLACED),
        ({"preset": "fast"}, "properties.preset", Defect.MISPLACED),
        ({"policy": "quick"}, "properties.policy", Defect.UNKNOWN_CHOICE),
        ({"policy": {"buffer_m": -1}}, "properties.policy.buffer_m", Defect.OUT_OF_RANGE),
        ({"policy": {"\ud800": 1}}, "properties.policy.'\\ud800'", Defect.UNKNOWN_KEY),
        ({"schedule": "at night"}, "properties.schedule", Defect.NOT_AN_OBJECT),
        ({"kind": "curfew"}, "properties.crn", Defect.NEEDS_AN_OWNER),
        ({"kind": "inclusion"}, "properties.crn", Defect.NEEDS_AN_OWNER),
    ],
)
def test_what_is_wrong_is_refused_by_name(properties: dict[str, Any], field: str, defect: Defect) -> None:
    problem = only_problem(feature(area(OUTER), **properties))
    assert (problem.field, problem.defect) == (field, defect)
    assert problem.remedy


def test_the_problems_of_schedule_and_policy_come_with_all_the_others() -> None:
    late = {"time_zone": "Europe/Londn", "weekly": [{"days": ["fri"], "from": "25:00", "to": "07:00"}]}
    policy = {"preset": "fast", "confirm_count": 0, "buffer_m": "wide"}
    document = feature(area(OUTER), kind="inclusion", schedule=late, policy=policy, disclosed=0)
    problems = problems_of(collection(document))
    assert {problem.field for problem in problems} == {
        "properties.schedule.time_zone",
        "properties.schedule.weekly[0].from",
        "properties.policy.preset",
        "properties.policy.confirm_count",
        "properties.policy.buffer_m",
        "properties.disclosed",
        "properties.crn",
    }
    assert all((problem.feature, problem.reference) == (1, "Z-1") for problem in problems)
