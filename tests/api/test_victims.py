"""A victim's address is seen by their own liaison officer alone, and their zone takes no shape that gives it away."""

import json
from contextlib import closing
from typing import Any

import psycopg2
import psycopg2.errors
import pytest

from access.roles import Role
from geofence.geojson import from_stored, read_zones
from geofence.plane_areas import area_of
from geofence.projection import Projection
from geofence.protected_zones import DEFAULT_MARGIN_M, place_at, reveals
from store.database import fetch_one
from store.zone_decisions import Outcome, ZoneRefusal, ZonesRefusedError
from store.zones import publish_zones
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner, seed_wearer
from tests.support.victims import (
    ADDRESS,
    CHOICE,
    LAT,
    LON,
    LiaisonOffice,
    liaison_office,
    publish_directly,
)
from tests.support.zone_files import SQUARE, collection, feature

PLANE = Projection(51.5, -0.1)
CIRCLE = {"type": "Point", "coordinates": [LON, LAT], "radius_m": 900.0}


@pytest.fixture
def office(fresh_api: RunningApi) -> LiaisonOffice:
    return liaison_office(fresh_api)


def publish(office: LiaisonOffice, geometry: dict[str, Any], name: str = "Market Square") -> Outcome:
    """As every way of publishing does it in the end. Raises ZonesRefusedError."""
    file = feature("EZ-V", crn="X-EZ-V", name=name) | {"geometry": geometry}
    read = read_zones(json.loads(collection(file)))
    assert not read.problems
    with as_owner(office.api.urls.owner) as cursor:
        (published,) = publish_zones(cursor, read.drafts, "the.administrator")
    return published.outcome


def audit_details(office: LiaisonOffice) -> str:
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute("SELECT coalesce(jsonb_agg(to_jsonb(log)), '[]')::text FROM audit_log log")
        return str(fetch_one(cursor)[0])


def test_an_officer_reads_back_their_own_victim_s_address_and_the_audit_says_so_without_it(
    office: LiaisonOffice,
) -> None:
    victim_id = office.new_victim()
    address_id = office.set_address(victim_id)
    (held,) = office.call("GET", f"/v1/victims/{victim_id}/addresses").json()["addresses"]
    assert (held["address_id"], held["address"], held["lat"], held["lon"]) == (address_id, ADDRESS, LAT, LON)
    assert [one[:2] for one in office.api.audit("victim_address.read")] == [("allowed", "the.victim_liaison")]
    assert len(office.api.audit("victim_address.set")) == 1
    told = audit_details(office)
    assert "Quillfeather" not in told
    assert "51.5432" not in told


def test_exchanged_coordinates_are_refused_and_not_repeated(office: LiaisonOffice) -> None:
    base = f"/v1/victims/{office.new_victim()}/addresses"
    refused = office.call("POST", base, {"address": ADDRESS, "lat": LON, "lon": LAT})
    assert (refused.status_code, [one["where"] for one in refused.json()["errors"]]) == (422, ["body.lat", "body.lon"])
    assert str(LAT) not in refused.text
    assert office.call("GET", base).json() == {"addresses": []}


def test_another_officer_s_victim_is_as_if_it_were_not_there(office: LiaisonOffice) -> None:
    victim_id = office.new_victim()
    address_id = office.set_address(victim_id)
    base = f"/v1/victims/{victim_id}"
    asked = [
        ("GET", f"{base}/addresses", None),
        ("POST", f"{base}/addresses", {"address": "1 A", "lat": 51.0, "lon": 0.0}),
        ("DELETE", f"{base}/addresses/{address_id}", None),
        ("POST", f"{base}/addresses/{address_id}/proposal", None),
        ("POST", f"{base}/addresses/{address_id}/shapes", {"geometry": CIRCLE}),
        ("GET", f"{base}/zones", None),
        ("POST", f"{base}/zones", {"zone": "OWN-1", "address_id": address_id}),
        ("POST", f"{base}/zones/OWN-1/unlink", None),
        ("GET", f"{base}/choices", None),
        ("PUT", f"{base}/choices", CHOICE),
    ]
    for method, path, body in asked:
        answer = office.call(method, path, body, other=True)
        assert answer.status_code == 404, (method, path, answer.text)
        never = office.call(method, path.replace(base, "/v1/victims/999999"), body, other=True)
        assert never.json()["detail"] == answer.json()["detail"]
    assert office.call("GET", "/v1/victims", other=True).json() == {"victims": []}
    own = office.new_victim(other=True)
    stolen = office.call("POST", f"/v1/victims/{own}/addresses/{address_id}/shapes", {"geometry": CIRCLE}, other=True)
    assert stolen.status_code == 404, "an address is reached through its own victim only"
    (held,) = office.call("GET", f"{base}/addresses").json()["addresses"]
    assert held["address"] == ADDRESS


def test_below_the_api_neither_role_reads_an_address_and_every_table_is_shut(office: LiaisonOffice) -> None:
    office.set_address(office.new_victim())
    for url in (office.api.urls.api, office.api.urls.worker):
        for table in ("addresses", "allowed_shapes"):
            with (
                closing(psycopg2.connect(url)) as connection,
                connection.cursor() as cursor,
                pytest.raises(psycopg2.errors.InsufficientPrivilege),
            ):
                cursor.execute(f"SELECT count(*) FROM cordon_protected.{table}")
    for role, subject in (("manager", "the.victim_liaison"), ("victim_liaison", "another.liaison"), ("owner", "x")):
        with closing(psycopg2.connect(office.api.urls.api)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SET search_path = cordon; SELECT set_config('cordon.role', %s, true),"
                " set_config('cordon.subject', %s, true), set_config('cordon.purpose', 'x', true),"
                " set_config('cordon.request_id', 'x', true)",
                (role, subject),
            )
            for statement in (
                "SELECT address FROM read_protected_addresses(1)",
                "SELECT lat FROM use_protected_place(1, 1)",
                "SELECT geometry FROM shapes_about(1, 1)",
                "SELECT victim_id FROM victims",
                "SELECT task_id FROM victim_tasks",
            ):
                cursor.execute(statement)
                assert cursor.fetchall() == [], (role, statement)


def test_an_address_that_is_replaced_or_erased_is_gone_from_the_database(office: LiaisonOffice) -> None:
    victim_id = office.new_victim()
    office.set_address(victim_id)
    second = office.set_address(victim_id, address="2 New Road", lat=51.6, lon=-0.2)
    assert office.call("DELETE", f"/v1/victims/{victim_id}/addresses/{second}").status_code == 200
    assert office.call("GET", f"/v1/victims/{victim_id}/addresses").json() == {"addresses": []}
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute(
            "SELECT count(*), count(address), count(lat), count(lon), count(seed) FROM cordon_protected.addresses"
        )
        assert fetch_one(cursor) == (2, 0, 0, 0, 0), "by the seed and the shape it could be reckoned again"


def test_the_same_address_gets_the_same_shape_again_and_so_does_a_household_of_two_officers(
    office: LiaisonOffice,
) -> None:
    victim_id = office.new_victim()
    address_id = office.set_address(victim_id)
    shape = office.proposal(victim_id, address_id)
    assert office.proposal(victim_id, address_id) == shape
    other = office.new_victim(other=True)
    lat = next(one for one in (LAT + 0.00005, LAT - 0.00005) if protects(shape, one))
    same_house = office.set_address(other, other=True, lat=lat)
    assert office.proposal(other, same_house, other=True) == shape, "two shapes about one house would tell more"


def protects(shape: dict[str, Any], lat: float) -> bool:
    """Whether the shape would do for a place there: at one of both doors it may lie at the edge of what it protects."""
    return reveals([area_of(from_stored(shape), PLANE)], place_at(lat, LON, DEFAULT_MARGIN_M, PLANE)) == ()


def test_a_linked_zone_takes_no_shape_that_was_not_allowed_whoever_publishes_it(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    assert publish(office, linked.geometry, "Another name") is Outcome.CHANGED
    for geometry in (
        {"type": "Polygon", "coordinates": [[[0, 51], [1, 51], [1, 52], [0, 51]]]},
        {"type": "Polygon", "coordinates": [[[-0.3, 51.3], [0.2, 51.3], [0.2, 51.7], [-0.3, 51.3]]]},
    ):
        with pytest.raises(ZonesRefusedError) as refused:
            publish(office, geometry)
        assert refused.value.refusals == (
            ZoneRefusal("EZ-V", "its shape may not be changed so", "ask the victim liaison officer"),
        ), "the refusal is one and the same, near the address and far from it"
    with as_owner(office.api.urls.owner) as cursor, pytest.raises(psycopg2.errors.CheckViolation):
        cursor.execute(
            "INSERT INTO zone_versions (zone_id, version, name, kind, geometry, valid_from, revision, created_by)"
            " SELECT zone_id, 9, name, kind, %s, now(), 9, 'psql' FROM zone_versions WHERE zone_id = %s LIMIT 1",
            (json.dumps(CIRCLE), linked.zone_id),
        )


def test_a_shape_drawn_by_hand_is_checked_and_then_taken(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    path = f"/v1/victims/{linked.victim_id}/addresses/{linked.address_id}/shapes"
    refused = office.call("POST", path, {"geometry": CIRCLE})
    assert refused.status_code == 422
    assert "centroid of the shape" in {one["problem"] for one in refused.json()["errors"]}
    assert office.api.audit("victim_shape.check")[-1][:2] == ("refused", "the.victim_liaison")
    wide = 0.06
    drawn = {
        "type": "Polygon",
        "coordinates": [
            [
                [LON - wide, LAT - 0.02],
                [LON + 0.02, LAT - 0.03],
                [LON + 0.03, LAT + 0.05],
                [LON - wide, LAT + 0.04],
                [LON - wide, LAT - 0.02],
            ]
        ],
    }
    allowed = office.call("POST", path, {"geometry": drawn})
    assert allowed.status_code == 200, allowed.text
    assert publish(office, allowed.json()["geometry"]) is Outcome.CHANGED
    broken = office.call("POST", path, {"geometry": {"type": "Polygon", "coordinates": []}})
    assert broken.status_code == 422


def test_a_zone_about_the_address_is_not_linked_and_only_the_officer_is_told_why(office: LiaisonOffice) -> None:
    victim_id = office.new_victim()
    address_id = office.set_address(victim_id)
    with as_owner(office.api.urls.owner) as cursor:
        wearer = seed_wearer(cursor, "X-C")
        publish_directly(cursor, "EZ-C", wearer.person_id, CIRCLE)
    refused = office.link(victim_id, address_id, "EZ-C")
    assert refused.status_code == 422
    assert {"where", "problem", "found", "least"} == refused.json()["errors"][0].keys()
    assert office.link(victim_id, address_id, "SHARED-1").status_code == 404, "a shared zone protects nobody"
    assert office.link(victim_id, address_id, "NO-SUCH").status_code == 404
    assert office.call("GET", f"/v1/victims/{victim_id}/zones").json() == {"zones": []}


def test_a_zone_is_unlinked_and_its_shape_is_free_again(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    (zone,) = office.call("GET", f"/v1/victims/{linked.victim_id}/zones").json()["zones"]
    assert (zone["zone"], zone["state"], zone["looked_at"]) == ("EZ-V", None, None), "nobody has looked yet"
    assert office.call("POST", f"/v1/victims/{linked.victim_id}/zones/EZ-V/unlink").json() == {"zones": []}
    assert publish(office, {"type": "Polygon", "coordinates": [SQUARE]}) is Outcome.CHANGED


def test_choices_are_kept_with_their_versions_and_never_at_night_unless_chosen(office: LiaisonOffice) -> None:
    victim_id = office.new_victim()
    path = f"/v1/victims/{victim_id}/choices"
    assert office.call("GET", path).json() == {"choices": []}
    first = office.call("PUT", path, CHOICE)
    assert (first.status_code, first.json()["version"]) == (200, 1)
    night = CHOICE | {"hours_from": "22:00", "hours_to": "06:00"}
    assert office.call("PUT", path, night).status_code == 422
    assert office.call("PUT", path, night | {"at_night": True}).json()["version"] == 2
    nothing = office.call("PUT", path, CHOICE | {"kinds": []})
    assert nothing.json()["kinds"] == []
    assert [one["version"] for one in office.call("GET", path).json()["choices"]] == [3, 2, 1]
    for wrong in ({"kinds": ["battery_low"]}, {"method": "telegram"}, {"hours_from": "9", "x": 1}):
        assert office.call("PUT", path, CHOICE | wrong).status_code == 422


def test_an_officer_who_is_not_on_the_staff_list_is_told_so(fresh_api: RunningApi) -> None:
    with fresh_api.client(Role.VICTIM_LIAISON) as client:
        answer = client.post("/v1/victims")
    assert answer.status_code == 422
    assert "staff list" in answer.json()["detail"]
