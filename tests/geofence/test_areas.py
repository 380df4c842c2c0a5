"""Areas that bind nobody: what is said of them is information, and no more."""

from dataclasses import replace
from typing import Any

import pytest

from alerts.commands import commands_of_visits
from alerts.decide import KINDS, alert_of, alerts, decide
from geofence.detection import VisitChange
from geofence.drafts import FeatureReader
from model.enums import AlertKind, Aspect, Regime, Severity, Urgency, VisitState, ZoneKind
from model.policies import AREA, HOME_AREA
from tests.support.engine_walks import index_of
from tests.support.small_walks import at_zone, fix, raised, visits, zone
from tests.support.visits import confirmed_visit

AREAS = [ZoneKind.AUTHORITY_AREA, ZoneKind.HOME_AREA]
HOUR = 60  # minutes


def test_who_enters_an_authority_s_area_is_information() -> None:
    found = visits(zone(AREA, ZoneKind.AUTHORITY_AREA), *(fix(n, 0) for n in range(4)))
    assert raised(found) == [AlertKind.AUTHORITY_AREA_ENTRY]


def test_who_only_passes_through_an_authority_s_area_is_not_told_of() -> None:
    assert at_zone(visits(zone(AREA, ZoneKind.AUTHORITY_AREA), fix(0, -600), fix(0.6, 600))) == []


def test_an_afternoon_away_from_the_home_area_is_nothing_and_half_a_day_is_information() -> None:
    home_area = zone(HOME_AREA, ZoneKind.HOME_AREA)
    afternoon = [*(fix(n, 5000) for n in range(0, 3 * HOUR, 5)), *(fix(n, 0) for n in range(3 * HOUR, 8 * HOUR, 5))]
    assert raised(visits(home_area, *afternoon)) == []
    found = visits(home_area, *(fix(n, 5000) for n in range(0, 12 * HOUR, 5)))
    assert raised(found) == [AlertKind.LEFT_HOME_AREA]
    (visit,) = found
    assert visit.confirmed_us is not None
    assert visit.confirmed_us - visit.entered_us == 4 * 3600 * 1_000_000
    back = visits(home_area, *(fix(n, 5000) for n in range(0, 6 * HOUR, 5)), fix(6 * HOUR, 0), fix(6 * HOUR + 1, 0))
    assert [one.state for one in back] == [VisitState.ENDED]


@pytest.mark.parametrize("kind", AREAS)
@pytest.mark.parametrize("regime", [Regime.IN_FORCE, Regime.AUTHORISED])
@pytest.mark.parametrize("aspect", Aspect)
@pytest.mark.parametrize("inferred", [False, True])
def test_it_is_never_more_than_information_and_never_at_once(
    kind: ZoneKind, regime: Regime, aspect: Aspect, *, inferred: bool
) -> None:
    """Whatever policy an older version of the zone had."""
    visit = replace(confirmed_visit(1), zone_kind=kind, regime=regime, aspect=aspect, inferred=inferred)
    alert = alert_of(visit, Urgency.IMMEDIATE)
    assert (alert.severity, alert.urgency) == (Severity.INFORMATION, Urgency.MORNING)


def test_every_kind_says_what_its_visits_mean() -> None:
    for kind in ZoneKind:
        for regime in (Regime.IN_FORCE, Regime.AUTHORISED):
            visit = replace(confirmed_visit(1), zone_kind=kind, regime=regime)
            assert alerts(visit) is (kind is not ZoneKind.CRIME_SCENE)
    breaches = {kind for (kind, regime), (_, severity) in KINDS.items() if severity is Severity.BREACH}
    assert breaches == {kind for kind in ZoneKind if kind.binds}


@pytest.mark.parametrize("kind", AREAS)
def test_the_tag_itself_is_never_told(kind: ZoneKind) -> None:
    """Not even where somebody marked the zone as disclosed."""
    change = VisitChange(None, replace(confirmed_visit(1), zone_kind=kind))
    assert decide([change]), "who supervises is told"
    zones = index_of([zone(AREA, kind, is_disclosed=True)])
    assert commands_of_visits([change], zones) == []
    exclusion = VisitChange(None, confirmed_visit(1))
    assert commands_of_visits([exclusion], zones), "of an exclusion zone it would have been"


def read(**properties: Any) -> list[str]:
    """Where the problems are of a feature with these properties."""
    reader = FeatureReader(1, None, None)
    point = {"type": "Point", "coordinates": [-0.1, 51.5]}
    given = {"reference": "R", "name": "N", "radius_m": 500} | properties
    reader.read({"type": "Feature", "properties": given, "geometry": point})
    return [problem.field for problem in reader.problems]


def test_a_home_area_may_be_one_person_s_or_everybody_s() -> None:
    assert read(kind="home_area") == []
    assert read(kind="home_area", crn="X1", policy={"grace_s": 7200}) == []
    assert read(kind="home_area", policy="curfew") == ["properties.policy"]
    assert read(kind="inclusion") == ["properties.crn"], "nobody means to keep everybody in one place"


def test_an_authority_s_area_comes_only_with_its_authority() -> None:
    assert read(kind="authority_area") == ["properties.kind"]
