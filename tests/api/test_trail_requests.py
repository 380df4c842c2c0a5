"""A trail is asked for by police, authorised by probation, bound in time and area, and read while that holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.roles import Role
from tests.api.police import PoliceApi
from tests.support.seed import MORNING, as_owner, seed_positions, seed_token
from tests.support.trails import (
    ASKED,
    CIRCLE,
    WINDOW_FROM,
    WINDOW_TO,
    asked_for,
    decided,
    lawful_only,
    let_pass,
    only_seen,
    read_request,
    read_trail,
)

SQUARE = [[-0.101, 51.4999], [-0.099, 51.4999], [-0.099, 51.50005], [-0.101, 51.50005], [-0.101, 51.4999]]

UNBOUND: list[tuple[dict[str, Any], str]] = [
    ({"crn": None}, "body.crn"),
    ({"match": 1}, "body.match"),
    ({"crn": None, "match": 1}, "body.crime"),
    ({"operation": None}, "body.operation"),
    ({"crime": "CRI/1"}, "body.crime"),
    ({"operation": None, "crime": "CRI/2"}, "body.crime"),  # of the other force
    ({"legal_basis": "curiosity"}, "body.legal_basis"),
    ({"from": (WINDOW_TO - timedelta(days=7, seconds=1)).isoformat()}, "body.to"),
    ({"to": WINDOW_FROM.isoformat()}, "body.to"),
    (
        {"from": datetime.now(UTC).isoformat(), "to": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
        "body.to",
    ),
    ({"from": "1969-12-31T00:00:00Z", "to": "1970-01-01T00:00:00Z"}, "body.from"),
    ({"area": CIRCLE | {"radius_m": 2000.1}}, "body.area"),
    ({"area": {"type": "Point", "coordinates": [-0.1, 51.5]}}, "body.area"),
    ({"area": {"type": "Polygon", "coordinates": [SQUARE, SQUARE]}}, "body.area"),
    (
        {"area": {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[1, 51], [1.01, 51], [1, 51.01], [1, 51]]]]}},
        "body.area",
    ),
    (  # 13 km²
        {
            "area": {
                "type": "Polygon",
                "coordinates": [[[-0.1, 51.5], [-0.04, 51.5], [-0.04, 51.528], [-0.1, 51.528], [-0.1, 51.5]]],
            }
        },
        "body.area",
    ),
    (  # a lane of 9 km
        {
            "area": {
                "type": "Polygon",
                "coordinates": [[[-0.1, 51.5], [0.03, 51.5], [0.03, 51.501], [-0.1, 51.501], [-0.1, 51.5]]],
            }
        },
        "body.area",
    ),
    ({"person": 1}, "body.person"),
]


@pytest.fixture
def tracked(police: PoliceApi) -> PoliceApi:
    """The own wearer goes 1.1 m north a minute, for four hours from an hour before the window."""
    with as_owner(police.api.urls.owner) as cursor:
        seed_positions(cursor, police.world.own.device_id, 240, MORNING - timedelta(hours=1))
        cursor.execute("UPDATE positions SET lat = lat - 60 * 1e-5")
    return police


def times_of(answer: Any) -> list[datetime]:
    return [datetime.fromisoformat(one["fix_time"]) for one in answer["positions"]]


def minutes(*numbers: int) -> list[datetime]:
    return [MORNING + timedelta(minutes=one) for one in numbers]


def test_a_trail_is_asked_for_authorised_by_another_and_read_until_it_expires(tracked: PoliceApi) -> None:
    number = asked_for(tracked)
    assert read_trail(tracked, number).status_code == 409
    waiting = tracked.get("/v1/trail-requests?waiting=true", Role.MANAGER).json()["trail_requests"]
    assert [(one["trail_request_id"], one["person_id"], one["state"]) for one in waiting] == [
        (number, tracked.world.own.person_id, "requested")
    ]
    answer = decided(tracked, number)
    assert (answer.status_code, answer.json()["state"]) == (200, "authorised")
    own = read_request(tracked, number).json()
    assert (own["state"], own["person_id"], own["authorised_before"]) == ("authorised", None, None)
    assert [one["decided_by"] for one in own["decisions"]] == ["the.manager"]
    trail = read_trail(tracked, number)
    assert times_of(trail.json()) == minutes(*range(45)), "within 50 m, from the window's beginning"
    for kept in ("X100001", "Sam Own", "device", "serial", "fix_key", "TAG-"):
        assert kept not in trail.text
    let_pass(tracked, hours=24)
    assert read_trail(tracked, number).status_code == 409
    assert read_request(tracked, number).json()["state"] == "expired"
    person = tracked.world.own.person_id
    assert tracked.audited("trail_request.make") == [("allowed", "the.police_analyst", person, None)]
    assert tracked.audited("trail_request.decide") == [("allowed", "the.manager", person, None)]
    assert tracked.audited("trail.read") == [
        ("refused", "the.police_analyst", None, None),
        ("allowed", "the.police_analyst", person, 45),
        ("refused", "the.police_analyst", None, None),
    ]


def test_a_polygon_bounds_it_too_and_so_does_what_may_be_looked_at(tracked: PoliceApi) -> None:
    number = asked_for(tracked, area={"type": "Polygon", "coordinates": [SQUARE]})
    decided(tracked, number)
    assert times_of(read_trail(tracked, number).json()) == minutes(*range(6)), "51.5 to 51.50005, the edge too"
    with as_owner(tracked.api.urls.owner) as cursor:
        lawful_only(cursor, *minutes(2, 4))
    assert times_of(read_trail(tracked, number).json()) == minutes(2, 3)
    with as_owner(tracked.api.urls.owner) as cursor:
        lawful_only(cursor, *minutes(500, 501))
    assert read_trail(tracked, number).json()["positions"] == [], "no word of why"


def test_the_window_ends_before_its_end(tracked: PoliceApi) -> None:
    first, last = minutes(5, 7)
    number = asked_for(tracked, **{"from": first.isoformat(), "to": last.isoformat()})
    decided(tracked, number)
    assert times_of(read_trail(tracked, number).json()) == minutes(5, 6)


def test_pages_hold_everything_once_and_stop_when_the_authorisation_does(tracked: PoliceApi) -> None:
    with as_owner(tracked.api.urls.owner) as cursor:  # of one time, on the edge of a page
        cursor.execute(
            "INSERT INTO positions (device_id, fix_time, fix_key, received_at, lat, lon, mechanism, flags, partition,"
            " message_offset) SELECT device_id, fix_time, -fix_key, received_at, lat, lon, mechanism, flags, 0, 0"
            " FROM positions WHERE fix_time = %s",
            (minutes(9)[0],),
        )
    number = asked_for(tracked)
    decided(tracked, number)
    shown, path = [], f"/v1/trail-requests/{number}/trail?limit=10"
    while path:
        page = tracked.get(path).json()
        shown += times_of(page)
        path = page["next"]
    assert shown == sorted(minutes(*range(45), 9))
    first = read_trail(tracked, number, "?limit=10").json()
    assert len(first["positions"]) == 11, "both of one time"
    let_pass(tracked, hours=24)
    assert tracked.get(first["next"]).status_code == 409


def test_what_is_not_bound_is_not_asked_for(police: PoliceApi) -> None:
    for changes, where in UNBOUND:
        answer = police.post("/v1/trail-requests", ASKED | changes)
        assert answer.status_code == 422, (changes, answer.text)
        assert where in {error["where"] for error in answer.json()["errors"]}, changes
        assert not any("GeometryProblem" in error["problem"] for error in answer.json()["errors"]), changes
    assert police.get("/v1/trail-requests").json()["trail_requests"] == []


def test_who_is_refused_who_is_forgotten_and_who_is_nobody_are_one_answer_all_along(police: PoliceApi) -> None:
    """Refused by a manager; decided by nobody; another's, whom no manager here sees; nobody's number at all."""
    numbers = [asked_for(police, crn=crn) for crn in ("X100001", "X100003", "X100002", "X999999")]
    assert decided(police, numbers[0], "refused").status_code == 200
    with as_owner(police.api.urls.owner) as cursor:
        only_seen(cursor, police.world.own.person_id)
    assert decided(police, numbers[2]).status_code == decided(police, 4711).status_code == 404

    def answers() -> set[str]:
        told = []
        for number in numbers:
            for answer in (read_request(police, number), read_trail(police, number)):
                bare = {
                    name: value
                    for name, value in answer.json().items()
                    if name not in {"trail_request_id", "crn", "requested_at", "decided_until", "instance"}
                }
                told.append(f"{answer.status_code} {sorted(bare.items())}")
        return set(told)

    for hours, state in ((0, "requested"), (71, "requested"), (2, "not_granted"), (1000, "not_granted")):
        let_pass(police, hours=hours)
        assert len(answers()) == 2, "one of the request, one of the trail"
        assert {read_request(police, number).json()["state"] for number in numbers} == {state}
    listed = police.get("/v1/trail-requests").json()["trail_requests"]
    assert {(one["state"], len(one["decisions"])) for one in listed} == {("not_granted", 0)}
    assert read_request(police, numbers[0], Role.MANAGER).json()["state"] == "refused"
    assert decided(police, numbers[0]).status_code == 409, "refused stays refused"


def test_what_nobody_decided_in_time_is_not_granted_later(police: PoliceApi) -> None:
    """Or "not granted" would turn into "authorised", and tell that somebody is there to be found."""
    number = asked_for(police)
    let_pass(police, hours=72)
    assert decided(police, number).status_code == 409
    assert read_request(police, number, Role.MANAGER).json()["state"] == "lapsed"


def test_a_request_and_its_trail_are_for_who_asked(tracked: PoliceApi) -> None:
    number = asked_for(tracked)
    decided(tracked, number)
    with as_owner(tracked.api.urls.owner) as cursor:
        colleague = seed_token(cursor, Role.POLICE_ANALYST, "The.Police_Analyst")  # or nearly
    for path in (f"/v1/trail-requests/{number}", f"/v1/trail-requests/{number}/trail"):
        unknown = path.replace(f"/{number}", "/4711")
        with tracked.api.client() as client:
            answers = [
                client.get(one, headers={"Authorization": f"Bearer {token}"})
                for token in (colleague, tracked.other_force)
                for one in (path, unknown)
            ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.json()["detail"] for answer in answers}) == 1
    with tracked.api.client() as client:
        listed = client.get("/v1/trail-requests", headers={"Authorization": f"Bearer {colleague}"})
    assert listed.json()["trail_requests"] == []


def test_an_extension_and_a_revocation_hold_at_once(tracked: PoliceApi) -> None:
    number = asked_for(tracked)
    assert decided(tracked, number, "extended").status_code == 409, "nothing is authorised yet"
    assert decided(tracked, number, "authorised", valid_h=2).status_code == 200
    assert decided(tracked, number, "authorised").status_code == 409, "once"
    assert decided(tracked, number, "extended", valid_h=1).status_code == 409, "it would shorten"
    assert decided(tracked, number, "extended", valid_h=72).status_code == 200
    let_pass(tracked, hours=71)
    assert read_trail(tracked, number).status_code == 200
    assert decided(tracked, number, "extended", valid_h=72).status_code == 200
    let_pass(tracked, hours=71)
    assert decided(tracked, number, "extended", valid_h=48).status_code == 409, "7 days in all"
    assert decided(tracked, number, "revoked").status_code == 200
    assert read_trail(tracked, number).status_code == 409
    own = read_request(tracked, number).json()
    assert [one["decision"] for one in own["decisions"]] == ["authorised", "extended", "extended", "revoked"]
    assert decided(tracked, number, "extended").status_code == 409, "ended is ended"


def test_a_decision_says_why_and_until_when(police: PoliceApi) -> None:
    number = asked_for(police)
    for wrong in (
        {"valid_h": None},
        {"valid_h": 72.1},
        {"valid_h": 0},
        {"decision": "refused", "valid_h": 1},
        {"reason": " "},
        {"decision": "approved"},
    ):
        body = {"decision": "authorised", "reason": "weighed", "valid_h": 1} | wrong
        answer = police.post(f"/v1/trail-requests/{number}/decisions", body, Role.MANAGER)
        assert answer.status_code == 422, wrong
    assert read_request(police, number).json()["state"] == "requested"


def test_the_wearer_of_a_match_is_asked_for_once_it_is_confirmed_and_while_it_is(tracked: PoliceApi) -> None:
    by_match = {"crn": None, "operation": None, "match": tracked.world.present}
    assert tracked.post("/v1/trail-requests", ASKED | by_match).status_code == 409
    assert (
        tracked.post("/v1/trail-requests", ASKED | by_match | {"match": tracked.world.their_match}).status_code == 404
    )
    tracked.qualify(tracked.world.present)
    number, refused = asked_for(tracked, **by_match), asked_for(tracked, **by_match)
    shown = read_request(tracked, number, Role.MANAGER).json()
    assert (shown["crn"], shown["crime"]) == ("X100001", "CRI/1")
    decided(tracked, number)
    assert len(read_trail(tracked, number).json()["positions"]) == 45
    decided(tracked, refused, "refused")
    told = read_request(tracked, refused).json()
    assert (told["state"], told["decisions"][0]["reason"]) == ("not_granted", "weighed"), "who it is they know"
    tracked.qualify(tracked.world.present, "unclear")
    assert read_trail(tracked, number).status_code == 409
    assert read_request(tracked, number).json()["state"] == "revoked"
