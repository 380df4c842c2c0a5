"""Conditions out of GeoJSON: drafts or every problem, in the condition's own words, whatever is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence.geojson import read_conditions
from geofence.problems import Defect
from model.conditions import ConditionKind
from model.enums import ZoneKind
from tests.support.conditions import WORDING, condition

NIGHTS = {"time_zone": "Europe/London", "weekly": [{"days": ["mon"], "from": "19:00", "to": "07:00"}]}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ("reference", "name", "kind", "crn", "wording", "starts", "ends", "radius_m", "schedule", "policy", "disclosed")
)


def problems(feature: Any) -> set[tuple[str, Defect]]:
    return {(one.field, one.defect) for one in read_conditions(feature).problems}


@pytest.mark.parametrize(
    ("kind", "zone_kind"),
    [
        ("exclusion", ZoneKind.EXCLUSION),
        ("inclusion", ZoneKind.INCLUSION),
        ("curfew", ZoneKind.CURFEW),
        ("attendance", ZoneKind.INCLUSION),
        ("trail_monitoring", None),
    ],
)
def test_each_kind_has_its_zone(kind: str, zone_kind: ZoneKind | None) -> None:
    schedule = NIGHTS if zone_kind else None
    (draft,) = read_conditions(condition("C", kind, crn="X1", schedule=schedule)).drafts
    assert (draft.kind, draft.zone and draft.zone.kind) == (ConditionKind(kind), zone_kind)
    assert (draft.reference, draft.crn, draft.wording, draft.ends) == ("C", "X1", WORDING, None)
    if draft.zone is not None:
        zone = draft.zone
        assert (zone.reference, zone.crn, zone.active_from, zone.valid_from) == ("C", "X1", draft.starts, None)


def test_the_owner_may_be_known_and_is_then_no_other() -> None:
    (draft,) = read_conditions(condition(), owner="X1").drafts
    assert draft.crn == "X1"
    found = read_conditions(condition(crn="X2"), owner="X1").problems
    assert [(one.field, one.defect) for one in found] == [("properties.crn", Defect.MISPLACED)]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"wording": None}, ("wording", Defect.MISSING)),
        ({"wording": "a\x07b"}, ("wording", Defect.CONTROL_CHARACTER)),
        ({"wording": "x" * 10_001}, ("wording", Defect.OUT_OF_RANGE)),
        ({"crn": None}, ("crn", Defect.MISSING)),
        ({"starts": "2026-01-01T00:00:00"}, ("starts", Defect.NAIVE_TIME)),
        ({"ends": "2025-01-01T00:00:00Z"}, ("ends", Defect.ENDS_BEFORE_IT_STARTS)),
        ({"active_to": "2027-01-01T00:00:00Z"}, ("active_to", Defect.MISPLACED)),
        ({"wordings": "x"}, ("wordings", Defect.MISSPELT)),
        ({"kind": "crime_scene"}, ("kind", Defect.UNKNOWN_KIND)),
        ({"kind": "attendance"}, ("schedule", Defect.MISSING)),
        ({"kind": "trail_monitoring"}, ("geometry", Defect.MISPLACED)),
    ],
)
def test_what_is_wrong_is_named_by_its_own_name(properties: dict[str, Any], expected: tuple[str, Defect]) -> None:
    feature = condition(crn="X1")
    feature["properties"] |= properties
    field, defect = expected
    assert problems(feature) == {(field if field == "geometry" else f"properties.{field}", defect)}


def test_wording_is_kept_as_it_stands() -> None:
    wording = "1.\tNot to enter\r\n\N{NO-BREAK SPACE}the area \N{EN DASH} “Market Square”."
    (draft,) = read_conditions(condition(wording=wording, crn="X1")).drafts
    assert draft.wording == wording


@given(anything)
def test_no_document_is_a_fault_of_ours(document: Any) -> None:
    read = read_conditions(document)
    assert bool(read.drafts) is not bool(read.problems)


@given(st.dictionaries(names, anything, max_size=4), st.sampled_from([kind.value for kind in ConditionKind]), anything)
def test_nor_are_any_values(properties: dict[str, Any], kind: str, geometry: Any) -> None:
    feature = condition(kind=kind, crn="X1")
    feature["properties"] |= properties
    read = read_conditions(feature | {"geometry": geometry})
    assert bool(read.drafts) is not bool(read.problems)
    assert all(one.remedy and one.field for one in read.problems)
