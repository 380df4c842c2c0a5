"""Nobody finds a victim's address by asking often: not another liaison officer, nor who compares shapes over time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from api import victim_shapes
from geofence.geojson import from_stored
from geofence.plane_areas import Area, area_of
from geofence.projection import Projection
from geofence.protected_zones import LEAST_MARGIN_M, place_at, reveals, room_of
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner
from tests.support.victims import LAT, LON, SEED, LiaisonOffice, liaison_office

PLANE = Projection(51.5, -0.1)


@pytest.fixture
def office(fresh_api: RunningApi) -> LiaisonOffice:
    return liaison_office(fresh_api)


def area(geometry: dict[str, Any]) -> Area:
    return area_of(from_stored(geometry), PLANE)


def degrees(x: float, y: float) -> dict[str, float]:
    lon, lat = PLANE.inverse(np.array([x]), np.array([y]))
    return {"lat": float(lat[0]), "lon": float(lon[0])}


def places_far_off(geometry: dict[str, Any]) -> list[tuple[float, float]]:
    """Places within a shape where an address could lie by it, from the nearest to the true one to the farthest."""
    room = room_of(area(geometry), 300.0)
    true = place_at(LAT, LON, 300.0, PLANE)
    corners = shapely.get_coordinates(room.buffer(-5)).tolist()
    return sorted(corners, key=lambda one: float(np.hypot(one[0] - true.x, one[1] - true.y)))


def test_another_officer_s_answers_depend_on_the_shapes_that_are_known_and_not_on_where_the_address_is(
    office: LiaisonOffice,
) -> None:
    victim_id = office.new_victim()
    address_id = office.set_address(victim_id)
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute("UPDATE cordon_protected.addresses SET seed = %s", (SEED,))
    shape = office.proposal(victim_id, address_id)
    places = places_far_off(shape)
    true = place_at(LAT, LON, 300.0, PLANE)
    assert abs(places[-1][1] - true.y) > 1020 or abs(places[-1][0] - true.x) > 1020
    guessing = office.new_victim(other=True)
    for x, y in (places[0], places[-1]):
        guess = office.set_address(guessing, other=True, **degrees(x, y))
        assert office.proposal(guessing, guess, other=True) == shape


def test_an_address_that_comes_back_gets_the_shape_that_it_had(office: LiaisonOffice) -> None:
    victim_id = office.new_victim()
    address_id = office.set_address(victim_id)
    shape = office.proposal(victim_id, address_id)
    corrected = office.set_address(victim_id, address="77A Quillfeather Passage")
    assert office.proposal(victim_id, corrected) == shape
    office.call("DELETE", f"/v1/victims/{victim_id}/addresses/{corrected}")
    again = office.set_address(office.new_victim(other=True), other=True)
    assert office.proposal(2, again, other=True) == shape


def test_an_address_that_gets_no_shape_was_used_all_the_same_and_the_audit_says_so(
    office: LiaisonOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(victim_shapes, "MOST_PROPOSALS", 0)
    victim_id = office.new_victim()
    address_id = office.set_address(victim_id)
    refused = office.call("POST", f"/v1/victims/{victim_id}/addresses/{address_id}/proposal")
    assert (refused.status_code, "no shape protects" in refused.text) == (422, True)
    assert office.api.audit("victim_shape.check")[-1][:2] == ("refused", "the.victim_liaison")


def test_shapes_for_different_margins_protect_the_address_together(office: LiaisonOffice) -> None:
    """A margin that the first shape does not keep needs another one, or there is none to give."""
    victim_id = office.new_victim()
    first = proposed(office, victim_id, LEAST_MARGIN_M)
    place = place_at(LAT, LON, LEAST_MARGIN_M, PLANE)
    assert first is not None
    assert reveals([first], place) == ()
    wider = replace(place, margin_m=float(first.boundary.distance(shapely.Point(place.x, place.y))) + 1)
    second = proposed(office, victim_id, wider.margin_m)
    if second is not None:
        assert not shapely.equals(first, second)
        assert reveals([second], wider, [first]) == ()


def proposed(office: LiaisonOffice, victim_id: int, margin_m: float) -> shapely.Polygon | None:
    """The shape for the address with that margin; None where none is given rather than one too many."""
    address_id = office.set_address(victim_id, margin_m=margin_m)
    answer = office.call("POST", f"/v1/victims/{victim_id}/addresses/{address_id}/proposal")
    return None if answer.status_code == 422 else area(answer.json()["geometry"])
