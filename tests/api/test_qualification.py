"""Matches: no name before a reviewer confirms one, nothing outside the window and the radius, every look recorded."""

import pytest

from access.roles import Role
from tests.api.police import PoliceApi
from tests.support.crimes import supersede
from tests.support.seed import as_owner

OUTCOME = {"outcome": "charged", "note": "charged on 4 March"}


def test_matches_come_by_labels_present_first(police: PoliceApi) -> None:
    page = police.get(f"/v1/crimes/{police.world.crime}/matches").json()
    assert [(one["result_id"], one["verdict"]) for one in page["matches"]] == [
        (police.world.present, "present"),
        (police.world.near, "absent"),
    ]
    present, near = page["matches"]
    assert [one["fix_time"] for one in present["positions"]] == ["2026-03-02T09:05:00Z"]
    assert present["positions"][0]["mechanism"] == "gps"
    assert (near["positions"], near["nearest"]) == ([], "500_to_1000_m")
    assert present["weight"] == {"words": ["Chance is remote."], "yardstick": "remote chance"}
    assert present["identity"] is near["identity"] is None
    assert present["label"] != near["label"]


def test_each_wearer_is_recorded_once_a_page(police: PoliceApi) -> None:
    first = police.get(f"/v1/crimes/{police.world.crime}/matches?limit=1").json()
    second = police.get(first["next"]).json()
    assert [one["result_id"] for one in first["matches"] + second["matches"]] == [
        police.world.present,
        police.world.near,
    ]
    assert second["next"] is None
    looked = police.audited("match.read")
    assert [record[3] for record in looked] == [1, 0], "positions given"
    assert looked[0][2] == police.world.own.person_id
    assert [record[3] for record in police.audited("matches.list")] == [1, 1]


def test_a_reviewer_confirms_and_police_learn_who_it_is(police: PoliceApi) -> None:
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("UPDATE people SET pnc_id = '26/1234A' WHERE crn = 'X100001'")
    answer = police.qualify(police.world.present)
    assert answer.status_code == 200, answer.text
    found = police.get(f"/v1/matches/{police.world.present}").json()
    assert found["identity"] == {"crn": "X100001", "name": "Sam Own", "pnc_id": "26/1234A"}
    word = found["qualifications"][0]
    assert (word["decision"], word["reviewer"]) == ("confirmed", "the.match_reviewer")
    assert police.qualify(police.world.present, "rejected").json()["identity"] is None
    decisions = police.get(f"/v1/matches/{police.world.present}").json()["qualifications"]
    assert [one["decision"] for one in decisions] == ["rejected", "confirmed"]
    assert (
        police.audited("match.qualify")
        == [
            ("allowed", "the.match_reviewer", police.world.own.person_id, None),
        ]
        * 2
    )


def test_whoever_asked_is_refused_and_recorded(police: PoliceApi) -> None:
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("UPDATE crime_batches SET imported_by = 'the.match_reviewer'")
    answer = police.qualify(police.world.present)
    assert answer.status_code == 403
    assert "does not review" in answer.json()["detail"]
    assert police.audited("match.qualify") == [("refused", "the.match_reviewer", None, None)]


def test_what_was_replaced_is_shown_and_not_judged(police: PoliceApi) -> None:
    police.qualify(police.world.present)
    with as_owner(police.api.urls.owner) as cursor:
        supersede(cursor, police.world.present, police.world.run)
    assert police.qualify(police.world.present).status_code == 409
    found = police.get(f"/v1/matches/{police.world.present}").json()
    assert (found["is_current"], found["identity"]) == (False, None)
    assert len(police.get(f"/v1/crimes/{police.world.crime}/matches").json()["matches"]) == 1


def test_outcomes_are_recorded_of_confirmed_matches_and_kept(police: PoliceApi) -> None:
    path = f"/v1/matches/{police.world.present}/outcomes"
    assert police.post(path, OUTCOME).status_code == 409
    police.qualify(police.world.present)
    assert police.post(path, OUTCOME | {"outcome": "under_investigation"}).status_code == 200
    shown = police.post(path, OUTCOME).json()
    assert [one["outcome"] for one in shown["outcomes"]] == ["charged", "under_investigation"]
    assert [record[0] for record in police.audited("outcome.record")] == ["refused", "allowed", "allowed"]


@pytest.mark.parametrize("number", [4711, "theirs", "unplaced"])
def test_no_match_that_is_not_theirs(police: PoliceApi, number: int | str) -> None:
    numbers = {"theirs": police.world.their_match, "unplaced": police.world.unplaced}
    result = numbers.get(str(number), number)
    read = police.get(f"/v1/matches/{result}")
    assert (read.status_code, police.qualify(int(result)).status_code) == (404, 404)
    assert police.post(f"/v1/matches/{result}/outcomes", OUTCOME).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"decision": "confirmed"}, 422),
        ({"decision": "guilty", "note": "x"}, 422),
        ({"decision": "confirmed", "note": " "}, 422),
        ({"decision": "confirmed", "note": "a\x00b"}, 422),
        ({"decision": "confirmed", "note": "x", "reviewer": "somebody"}, 422),
    ],
)
def test_a_decision_has_its_shape(police: PoliceApi, body: dict[str, str], status: int) -> None:
    answer = police.post(f"/v1/matches/{police.world.present}/qualification", body, Role.MATCH_REVIEWER)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_supervising_side_sees_who_cannot_be_placed_and_why(police: PoliceApi) -> None:
    path = f"/v1/people/{police.world.other.person_id}/matches"
    (match,) = police.get(path, Role.MANAGER).json()["matches"]
    assert (match["verdict"], match["reference"], match["decision"]) == ("cannot_say", "CRI/1", None)
    assert match["match"]["gaps"][0]["reason"] == "flat_battery"
    assert police.get(path, Role.PRACTITIONER).status_code == 404, "not of the own caseload"
    own = police.get(f"/v1/people/{police.world.own.person_id}/matches?limit=1", Role.PRACTITIONER).json()
    rest = police.get(own["next"], Role.PRACTITIONER).json()
    shown = [one["result_id"] for one in own["matches"] + rest["matches"]]
    assert (shown, rest["next"]) == ([police.world.their_match, police.world.present], None)
    assert [record[0] for record in police.audited("person_matches.read")] == [
        "allowed",
        "refused",
        "allowed",
        "allowed",
    ]
    assert police.get(path).status_code == 403, "police do not ask by person"
