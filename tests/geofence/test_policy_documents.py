"""The policy of a zone as a document: presets by kind, every value judged, and nothing lost on the way out and in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence.policy_documents import COUNTS, LIMITS, PRESETS_OF_KIND, in_words, read_policy, to_document
from geofence.problems import Defect
from model.enums import ZoneKind
from model.policies import CURFEW, FAST, PRESETS, STEADY, policy_of

EXCLUSION, AT_HOME = ZoneKind.EXCLUSION, ZoneKind.CURFEW


def chosen(document: object, kind: ZoneKind = EXCLUSION) -> Any:
    choice, problems = read_policy(document, kind)
    assert problems == []
    return choice


def problems_of(document: object, kind: ZoneKind = EXCLUSION) -> dict[str, Defect]:
    choice, problems = read_policy(document, kind)
    assert choice is None
    assert all(problem.remedy for problem in problems)
    return {problem.where: problem.defect for problem in problems}


def test_a_preset_by_its_name_or_as_an_object() -> None:
    assert chosen("fast") == chosen({"preset": "fast"}) == ("fast", FAST)
    assert chosen({}) == ("steady", STEADY)
    assert chosen({}, AT_HOME) == ("curfew", CURFEW)


def test_single_values_change_a_preset() -> None:
    preset, policy = chosen({"preset": "fast", "buffer_m": 150, "confirm_count": 3.0})
    assert (preset, policy) == ("fast", policy_of("fast", {"buffer_m": 150.0, "confirm_count": 3}))
    assert isinstance(policy.confirm_count, int)


@pytest.mark.parametrize("kind", [ZoneKind.INCLUSION, ZoneKind.CURFEW])
def test_the_grace_of_an_absence_is_its_confirming_dwell(kind: ZoneKind) -> None:
    assert chosen({"grace_s": 900}, kind) == chosen({"confirm_dwell_s": 900}, kind)
    assert problems_of({"grace_s": 900, "confirm_dwell_s": 900}, kind) == {"grace_s": Defect.GIVEN_TWICE}
    assert problems_of({"grace_s": 900}) == {"grace_s": Defect.UNKNOWN_KEY}, "a visit has no grace"


@pytest.mark.parametrize("kind", ZoneKind)
@pytest.mark.parametrize("preset", PRESETS)
def test_each_kind_takes_its_own_presets(kind: ZoneKind, preset: str) -> None:
    if preset in PRESETS_OF_KIND[kind]:
        assert chosen(preset, kind) == (preset, PRESETS[preset])
    else:
        assert problems_of(preset, kind) == {"": Defect.UNKNOWN_CHOICE}


@pytest.mark.parametrize(
    ("document", "where", "defect"),
    [
        (7, "", Defect.WRONG_TYPE),
        (["fast"], "", Defect.WRONG_TYPE),
        ("quick", "", Defect.UNKNOWN_CHOICE),
        ({"preset": None}, "preset", Defect.UNKNOWN_CHOICE),
        ({"preset": ["fast"]}, "preset", Defect.UNKNOWN_CHOICE),
        ({"for_probability": 0.49}, "for_probability", Defect.OUT_OF_RANGE),
        ({"for_probability": 1.01}, "for_probability", Defect.OUT_OF_RANGE),
        ({"against_probability": -0.01}, "against_probability", Defect.OUT_OF_RANGE),
        ({"against_probability": 0.51}, "against_probability", Defect.OUT_OF_RANGE),
        ({"for_probability": 0.5, "against_probability": 0.5}, "against_probability", Defect.OUT_OF_RANGE),
        ({"for_probability": 0.9, "alone_probability": 0.8}, "alone_probability", Defect.OUT_OF_RANGE),
        ({"confirm_count": 0}, "confirm_count", Defect.OUT_OF_RANGE),
        ({"confirm_count": 1.5}, "confirm_count", Defect.OUT_OF_RANGE),
        ({"leave_count": True}, "leave_count", Defect.WRONG_TYPE),
        ({"leave_dwell_s": -1}, "leave_dwell_s", Defect.OUT_OF_RANGE),
        ({"company_s": 0}, "company_s", Defect.OUT_OF_RANGE),
        ({"buffer_m": float("nan")}, "buffer_m", Defect.NOT_FINITE),
        ({"buffer_m": 10**400}, "buffer_m", Defect.OUT_OF_RANGE),
        ({"buffer_m": "150"}, "buffer_m", Defect.WRONG_TYPE),
        ({"buffer_n": 150}, "buffer_n", Defect.MISSPELT),
        ({"presets": "fast"}, "presets", Defect.MISSPELT),
        ({"x": 1}, "x", Defect.UNKNOWN_KEY),
    ],
)
def test_what_is_wrong_is_refused_by_its_place(document: object, where: str, defect: Defect) -> None:
    assert problems_of(document) == {where: defect}


def test_an_approach_is_warned_of_at_exclusion_zones_only() -> None:
    assert problems_of({"buffer_m": 50}, AT_HOME) == {"buffer_m": Defect.OUT_OF_RANGE}
    assert problems_of({"crossing_gap_s": 60, "buffer_m": 50}, AT_HOME).keys() == {"crossing_gap_s", "buffer_m"}
    assert problems_of({"buffer_m": 50}, ZoneKind.CRIME_SCENE) == {"buffer_m": Defect.OUT_OF_RANGE}


def test_everything_wrong_comes_at_once() -> None:
    document = {"preset": "quick", "buffer_m": -1, "confirm_counts": 2, "company_s": None}
    assert problems_of(document).keys() == {"preset", "buffer_m", "confirm_counts", "company_s"}


def test_a_policy_in_words_names_what_differs() -> None:
    assert in_words(*chosen("steady")) == "steady"
    assert in_words(*chosen({"preset": "fast", "buffer_m": 150})) == "fast, buffer_m 150 (not 0)"


@st.composite
def documents(draw: st.DrawFn) -> tuple[ZoneKind, dict[str, Any]]:
    """Documents whose values are each within their limits."""
    kind = draw(st.sampled_from(ZoneKind))
    names = draw(st.sets(st.sampled_from(sorted(LIMITS))))
    values = {
        name: draw(st.integers(1, 100) if name in COUNTS else st.floats(*LIMITS[name]) | st.sampled_from(LIMITS[name]))
        for name in names
    }
    return kind, {"preset": draw(st.sampled_from(PRESETS_OF_KIND[kind])), **values}


@given(documents())
def test_a_policy_survives_its_way_out_and_in(given_document: tuple[ZoneKind, dict[str, Any]]) -> None:
    kind, document = given_document
    choice, problems = read_policy(document, kind)
    assert (choice is None) == bool(problems)
    if choice is not None:
        stored = json.loads(json.dumps(to_document(*choice)))
        assert read_policy(stored, kind) == (choice, [])
        assert stored.items() <= document.items(), "only what was given differs from the preset"


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(
    JUNK | st.dictionaries(st.sampled_from(["preset", "grace_s", *LIMITS]), JUNK, max_size=4), st.sampled_from(ZoneKind)
)
def test_no_rubbish_raises(document: object, kind: ZoneKind) -> None:
    choice, problems = read_policy(document, kind)
    assert (choice is None) == bool(problems)
