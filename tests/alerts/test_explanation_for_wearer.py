"""What a wearer may be handed: no distance, no buffer, no approach, of any zone."""

import json
import re
from dataclasses import asdict, replace

import pytest

from alerts.explanation import Explanation, explain, for_wearer
from model.enums import AlertKind
from model.zones import ZoneVersion
from tests.support.explained import Ping, alert_changes, case_of, zone
from tests.support.policies import BUFFERED

INTO_IT = [Ping(0, 290), Ping(60, 250), Ping(120, 90), Ping(180, 80), Ping(240, 70)]
DISTANCE = re.compile(r"\d ?k?m\b(?!\w)")


def explained(kind: AlertKind, stood: ZoneVersion) -> Explanation:
    told = [one.alert for one in alert_changes(INTO_IT, stood) if one.alert.kind is kind]
    return explain(case_of(told[-1], stood, "steady"))


@pytest.fixture
def stood() -> ZoneVersion:
    return replace(zone(BUFFERED), is_disclosed=True)


def test_it_holds_no_distance_and_no_position(stood: ZoneVersion) -> None:
    staff = explained(AlertKind.EXCLUSION_ZONE_BREACH, stood)
    document = for_wearer(staff)
    assert document is not None
    words = [paragraph for section in document.sections for paragraph in section.paragraphs]
    size = staff.zone.size if staff.zone else ""
    assert not [one for one in words if DISTANCE.search(one.replace(size, ""))], words
    assert DISTANCE.search(" ".join(paragraph for one in staff.sections for paragraph in one.paragraphs))
    shown = json.dumps(asdict(document), default=str)
    for hidden in ("buffer", "depth", "probability", "approach", "p_inside"):
        assert hidden not in shown, hidden
    assert (document.positions, document.nearest) == ((), None)


def test_it_still_says_what_happened_and_when(stood: ZoneVersion) -> None:
    staff = explained(AlertKind.EXCLUSION_ZONE_BREACH, stood)
    document = for_wearer(staff)
    assert document is not None
    assert document.headline == staff.headline
    assert document.sections[0] == staff.sections[0]


def test_of_an_approach_there_is_none(stood: ZoneVersion) -> None:
    assert for_wearer(explained(AlertKind.APPROACH_WARNING, stood)) is None


def test_of_a_zone_that_the_wearer_does_not_know_there_is_none() -> None:
    assert for_wearer(explained(AlertKind.EXCLUSION_ZONE_BREACH, zone(BUFFERED))) is None
