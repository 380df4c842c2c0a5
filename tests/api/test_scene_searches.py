"""Who was here then: bounded, for a crime or on an authority, answered by labels without a name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.roles import Role
from tests.api.police import PoliceApi, answer_everything, write_tracks
from tests.support.crimes import OTHER_FORCE
from tests.support.seed import as_owner

BY_CRIME = {
    "lat": 51.5,
    "lon": -0.1,
    "radius_m": 150,
    "from": "2026-03-02T09:00:00Z",
    "to": "2026-03-02T09:30:00Z",
    "crime": "CRI/1",
}
BY_AUTHORITY = {name: value for name, value in BY_CRIME.items() if name != "crime"} | {
    "authority": "missing child",
    "authorised_by": "Inspector Bell",
}


def test_a_search_finds_who_was_there_without_a_name(police: PoliceApi) -> None:
    write_tracks(police.api.urls)
    asked = police.post("/v1/scene-searches", BY_CRIME)
    assert asked.status_code == 202, asked.text
    assert (asked.json()["state"], asked.json()["counts"]) == ("requested", None)
    path = f"/v1/scene-searches/{asked.json()['scene_search_id']}"
    assert police.get(path).json()["results"] == []
    answer_everything(police.api.urls)
    answer = police.get(path)
    found = answer.json()
    assert found["state"] == "answered"
    assert found["counts"] == {"present": 1, "possible": 0, "absent": 1, "cannot_say": 1}
    (one,) = found["results"]
    assert (one["label"], one["verdict"], len(one["positions"])) == ("S1", "present", 11)
    assert found["settings"]["radius_m"] == 150
    assert found["settings"]["padding_s"] == 0, "a search states the window that it means"
    for kept in ("X100001", "Sam Own", "device", "person"):
        assert kept not in answer.text
    assert police.get(path, Role.MATCH_REVIEWER).status_code == 200
    assert police.as_other_force("GET", path).status_code == 404
    looked = [record for record in police.audited("scene_search.read") if record[2] is not None]
    assert looked == [
        ("allowed", f"the.{role}", police.world.own.person_id, 11)
        for role in Role
        if "police" in role or "match" in role
    ]


def test_an_authority_stands_for_a_crime(police: PoliceApi) -> None:
    asked = police.post("/v1/scene-searches", BY_AUTHORITY).json()
    assert (asked["authority"], asked["authorised_by"], asked["crime_id"]) == ("missing child", "Inspector Bell", None)
    assert police.audited("scene_search.request") == [("allowed", "the.police_analyst", None, None)]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"crime": None}, "body.crime"),
        ({"crime": "CRI/2"}, "body.crime"),  # of the other force
        ({"crime": "NONE"}, "body.crime"),
        ({"crime": "CRI\0/1"}, "body.crime"),
        ({"crime": None, "authority": "missing child"}, "body.authorised_by"),
        ({"authority": "x", "authorised_by": " The.Police_Analyst "}, "body.authorised_by"),
        ({"radius_m": 501}, "body.radius_m"),
        ({"radius_m": 1e-60}, "body.radius_m"),
        ({"to": "2026-03-02T21:00:01Z"}, "body.to"),
        ({"to": "2026-03-02T08:59:59Z"}, "body.to"),
        ({"to": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "body.to"),
        ({"from": "1969-03-02T09:00:00Z", "to": "1969-03-02T09:00:00Z"}, "body.from"),
        ({"lat": 91}, "body.lat"),
        ({"lat": "NaN"}, "body.lat"),
        ({"person": "X100001"}, "body.person"),
    ],
)
def test_a_search_without_right_or_bounds_is_refused(police: PoliceApi, changes: dict[str, Any], where: str) -> None:
    answer = police.post("/v1/scene-searches", BY_CRIME | changes)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert where in {error["where"] for error in answer.json()["errors"]}


def test_every_problem_comes_at_once(police: PoliceApi) -> None:
    wrong = BY_CRIME | {"crime": None, "from": "1971-01-01T00:00:00Z", "authority": "x"}
    answer = police.post("/v1/scene-searches", wrong)
    assert {error["where"] for error in answer.json()["errors"]} == {"body.to", "body.authorised_by"}
    assert [record[0] for record in police.audited("scene_search.request")] == ["refused"]


def test_results_page_and_none_is_left_out(police: PoliceApi) -> None:
    number = police.post("/v1/scene-searches", BY_CRIME).json()["scene_search_id"]
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO scene_search_results (scene_search_id, number, person_id, verdict, document)"
            " SELECT %s, row_number() OVER (), person_id, 'present',"
            '  \'{"reasons": [], "positions": [], "position_count": 2}\' FROM people',
            (number,),
        )
    shown, path = [], f"/v1/scene-searches/{number}?limit=2"
    while path:
        page = police.get(path).json()
        shown += [one["label"] for one in page["results"]]
        path = page["next"]
    assert shown == ["S1", "S2", "S3"]


def test_a_search_that_cannot_be_answered_says_so(police: PoliceApi) -> None:
    number = police.post("/v1/scene-searches", BY_CRIME).json()["scene_search_id"]
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("ALTER TABLE scene_searches ADD CHECK (state <> 'answered')")
    answer_everything(police.api.urls)
    assert police.get(f"/v1/scene-searches/{number}").json()["state"] == "failed"


def test_a_force_s_searches_are_its_own(police: PoliceApi) -> None:
    number = police.post("/v1/scene-searches", BY_CRIME).json()["scene_search_id"]
    theirs, missing = (police.as_other_force("GET", f"/v1/scene-searches/{one}") for one in (number, 4711))
    assert (theirs.status_code, theirs.text) == (404, missing.text), OTHER_FORCE
