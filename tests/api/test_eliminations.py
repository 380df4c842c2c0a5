"""Rule this person out: an answer that can only rule out, for anybody who is asked for."""

from typing import Any

import pytest

from access.roles import Role
from tests.api.police import PoliceApi, answer_everything, write_tracks
from tests.support.crimes import seed_crime
from tests.support.seed import as_owner

ASKED = {"crn": "X100002", "reason": "named by a witness"}


def ask(police: PoliceApi, body: dict[str, Any], crime: int | None = None) -> int:
    answer = police.post(f"/v1/crimes/{crime or police.world.crime}/eliminations", body)
    assert answer.status_code == 202, answer.text
    assert answer.json()["ruled_out"] is None
    return int(answer.json()["elimination_id"])


@pytest.fixture
def crime(police: PoliceApi) -> int:
    """One that nobody has a result for yet, with tracks about it."""
    write_tracks(police.api.urls)
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("INSERT INTO people (crn, pnc_id, name) VALUES ('X100009', '26/9Z', 'No Tag')")
        cursor.execute("UPDATE people SET pnc_id = '26/2B' WHERE crn = 'X100002'")
        return seed_crime(cursor, police.world.batch, "CRI/9")[0]


def test_who_was_elsewhere_is_ruled_out_with_the_reasons(police: PoliceApi, crime: int) -> None:
    numbers = [ask(police, ASKED, crime), ask(police, {"pnc_id": "26/2B", "reason": "named"}, crime)]
    answer_everything(police.api.urls)
    for number in numbers:
        found = police.get(f"/v1/eliminations/{number}").json()
        assert (found["state"], found["ruled_out"], found["nearest"]) == ("answered", True, "over_5_km")
        assert found["reasons"]
        assert not any("nearest" in reason or "11," in reason for reason in found["reasons"]), "no exact distance"
    listed = police.get(f"/v1/crimes/{crime}/eliminations?limit=1").json()
    rest = police.get(listed["next"]).json()
    shown = [one["elimination_id"] for one in listed["eliminations"] + rest["eliminations"]]
    assert (shown, rest["next"]) == (numbers[::-1], None)
    looks = police.audited("elimination.read")
    assert {record[2] for record in looks[2:]} == {police.world.other.person_id}, "whose data were looked at"


def test_who_is_not_ruled_out_looks_like_who_wears_no_tag_or_is_unknown(police: PoliceApi, crime: int) -> None:
    """X100001 was present, X100003 cannot be placed, X100009 wears no tag, and nobody has the last two."""
    people = [{"crn": crn} for crn in ("X100001", "X100003", "X100009", "X404")] + [{"pnc_id": "26/404"}]
    numbers = [ask(police, one | {"reason": "named"}, crime) for one in people]
    answer_everything(police.api.urls)
    answers = [police.get(f"/v1/eliminations/{number}").json() for number in numbers]
    for one in answers:
        for own in ("elimination_id", "identifier", "identifier_kind", "requested_at", "answered_at"):
            del one[own]
    assert all(one == answers[0] for one in answers)
    assert (answers[0]["state"], answers[0]["ruled_out"], answers[0]["nearest"]) == ("answered", False, None)
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("SELECT verdict FROM eliminations ORDER BY elimination_id")
        assert cursor.fetchall() == [("present",), ("cannot_say",), (None,), (None,), (None,)]


def test_the_match_of_who_was_confirmed_is_named(police: PoliceApi) -> None:
    number = ask(police, {"crn": "X100001", "reason": "named"})
    answer_everything(police.api.urls)
    assert police.get(f"/v1/eliminations/{number}").json()["confirmed_result_id"] is None
    police.qualify(police.world.present)
    assert police.get(f"/v1/eliminations/{number}").json()["confirmed_result_id"] == police.world.present


def test_an_older_version_s_answer_says_that_it_is(police: PoliceApi) -> None:
    number = ask(police, ASKED)
    with as_owner(police.api.urls.owner) as cursor:
        seed_crime(cursor, police.world.batch, "CRI/1")
    found = police.get(f"/v1/eliminations/{number}").json()
    assert (found["crime_version"], found["is_current_version"]) == (1, False)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"reason": "named"}, "body.crn"),
        ({"crn": "X1", "pnc_id": "26/1A", "reason": "named"}, "body.pnc_id"),
        ({"crn": "X" * 33, "reason": "named"}, "body.crn"),
        ({"crn": "X1"}, "body.reason"),
        ({"crn": "X1", "reason": "named", "name": "Sam"}, "body.name"),
    ],
)
def test_exactly_one_person_is_named_and_why(police: PoliceApi, body: dict[str, Any], where: str) -> None:
    answer = police.post(f"/v1/crimes/{police.world.crime}/eliminations", body)
    assert answer.status_code == 422
    assert where in {error["where"] for error in answer.json()["errors"]}
    assert "X1" not in answer.text


@pytest.mark.parametrize("changes", [{"crn": " "}, {"reason": "\n"}, {"reason": "x" * 501}, {"crn": "a\x00"}])
def test_what_cannot_be_kept_is_refused(police: PoliceApi, changes: dict[str, str]) -> None:
    assert police.post(f"/v1/crimes/{police.world.crime}/eliminations", ASKED | changes).status_code == 422


def test_it_is_asked_for_a_crime_of_the_own_force_and_seen_by_it_alone(police: PoliceApi) -> None:
    theirs, missing = (police.post(f"/v1/crimes/{one}/eliminations", ASKED) for one in (police.world.theirs, 4711))
    assert (theirs.status_code, theirs.text) == (404, missing.text)
    path = f"/v1/eliminations/{ask(police, ASKED)}"
    assert police.as_other_force("GET", path).status_code == 404
    assert police.get(path, Role.MATCH_REVIEWER).status_code == 200
    assert police.get(path, Role.MANAGER).status_code == 403
    assert [record[0] for record in police.audited("elimination.request")] == ["refused", "refused", "allowed"]


def test_one_that_cannot_be_answered_says_so(police: PoliceApi, crime: int) -> None:
    number = ask(police, ASKED, crime)
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("ALTER TABLE eliminations ADD CHECK (state <> 'answered')")
    answer_everything(police.api.urls)
    found = police.get(f"/v1/eliminations/{number}").json()
    assert (found["state"], found["ruled_out"]) == ("failed", None)
