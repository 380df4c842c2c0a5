"""People through the API: added, changed and ended by who manages them, read by who supervises them."""

from typing import Any

import httpx
import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.people import ELIGIBLE
from tests.support.seed import as_owner

NEW = {
    "crn": "X200001",
    "name": "Ann Example",
    "date_of_birth": "1999-04-30",
    "nomis_id": "A1234BC",
    "pnc_id": "99/123456X",
    "practitioner": "the.practitioner",
}
NOON = "2026-03-03T12:00:00Z"


def send(api: RunningApi, method: str, path: str, body: object, role: Role = Role.MANAGER) -> httpx.Response:
    with api.client(role) as client:
        return client.request(method, path, json=body)


def added(api: RunningApi, **changes: Any) -> dict[str, Any]:
    answer = send(api, "POST", "/v1/people", {**NEW, **changes})
    assert answer.status_code == 201, answer.text
    person: dict[str, Any] = answer.json()
    return person


def eligible(api: RunningApi, **changes: Any) -> int:
    """The id of a new person of whom it is decided that they may be tagged."""
    person_id: int = added(api, **changes)["person_id"]
    decided = send(api, "POST", f"/v1/people/{person_id}/eligibility", ELIGIBLE)
    assert decided.json()["is_eligible"], decided.text
    return person_id


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_added_read_changed_and_recorded(fresh_api: RunningApi, role: Role) -> None:
    team = send(fresh_api, "POST", "/v1/teams", {"name": "Croydon South"}).json()
    made = send(fresh_api, "POST", "/v1/people", {**NEW, "team_id": team["team_id"]}, role)
    assert made.status_code == 201, made.text
    person = made.json()
    assert person == {**NEW, **person}
    assert person["team"] == "Croydon South"
    path = f"/v1/people/{person['person_id']}"
    changed = send(fresh_api, "PATCH", path, {"name": "Ann Other", "nomis_id": None}, role)
    assert changed.status_code == 200, changed.text
    assert changed.json() == {**person, "name": "Ann Other", "nomis_id": None, "correction": None}
    assert fresh_api.get(Role.PRACTITIONER, path).json() == {**person, "name": "Ann Other", "nomis_id": None}
    subject = f"the.{role}"
    assert fresh_api.audit("person.add")[0][:3] == ("allowed", subject, person["person_id"])
    assert fresh_api.audit("person.change")[0][:3] == ("allowed", subject, person["person_id"])
    assert fresh_api.audit("person.read")[0][:3] == ("allowed", "the.practitioner", person["person_id"])


def test_a_practitioner_reads_their_own_and_changes_nobody(fresh_api: RunningApi) -> None:
    own, other = fresh_api.own.person_id, fresh_api.other.person_id
    assert fresh_api.get(Role.PRACTITIONER, f"/v1/people/{own}").json()["crn"] == "X100001"
    unseen, missing = (fresh_api.get(Role.PRACTITIONER, f"/v1/people/{one}") for one in (other, 4711))
    assert unseen.status_code == missing.status_code == 404
    assert unseen.text == missing.text
    assert [record[0] for record in fresh_api.audit("person.read")] == ["allowed", "refused", "refused"]
    for method, path, body in (
        ("POST", "/v1/people", NEW),
        ("PATCH", f"/v1/people/{own}", {"name": "Another"}),
        ("POST", f"/v1/people/{own}/end", {"at": NOON}),
        ("POST", f"/v1/people/{own}/eligibility", ELIGIBLE),
        ("POST", f"/v1/people/{own}/device-swap", {"off": "TAG-X100001", "on": "TAG-9", "at": NOON}),
    ):
        assert send(fresh_api, method, path, body, Role.PRACTITIONER).status_code == 403
    assert fresh_api.get(Role.PRACTITIONER, f"/v1/people/{own}").json()["name"] == "Sam Own"


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, {"body.crn", "body.name"}),
        ({**NEW, "date_of_birth": "30.4.1999", "crn": ""}, {"body.date_of_birth", "body.crn"}),
        ({**NEW, "date_of_birth": 0}, {"body.date_of_birth"}),
        ({**NEW, "name": "a\x00b", "gang": "none"}, {"body.name", "body.gang"}),
        ({**NEW, "ethnicity": "x"}, {"body.ethnicity"}),
    ],
)
def test_every_wrong_field_is_named_at_once(api: RunningApi, body: dict[str, Any], places: set[str]) -> None:
    answer = send(api, "POST", "/v1/people", body)
    assert answer.status_code == 422
    assert {error["where"] for error in answer.json()["errors"]} == places


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"crn": "X100001"}, "the CRN X100001 is taken"),
        ({"date_of_birth": "1899-12-31"}, "is no date of birth"),
        ({"date_of_birth": "2150-01-01"}, "is no date of birth"),
        ({"team_id": 4711}, "there is no team 4711"),
    ],
)
def test_what_cannot_be_is_refused_and_recorded(fresh_api: RunningApi, change: dict[str, Any], complaint: str) -> None:
    answer = send(fresh_api, "POST", "/v1/people", {**NEW, **change})
    assert (answer.status_code, complaint in answer.text) == (422, True), answer.text
    assert fresh_api.audit("person.add")[0][0] == "refused"


def test_an_end_says_what_is_still_on_and_takes_it_off_only_when_told(fresh_api: RunningApi) -> None:
    path = f"/v1/people/{fresh_api.own.person_id}/end"
    refused = send(fresh_api, "POST", path, {"at": NOON})
    assert refused.status_code == 422
    assert "a tag is still on the person: TAG-X100001" in refused.json()["detail"]
    early = send(fresh_api, "POST", path, {"at": "2026-02-01T00:00:00Z", "take_tags_off": True})
    assert (early.status_code, "give a later time" in early.text) == (422, True)
    ended = send(fresh_api, "POST", path, {"at": NOON, "take_tags_off": True})
    assert ended.json()["ended_at"] == NOON
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT upper(during) FROM device_activations WHERE person_id = %s", (fresh_api.own.person_id,))
        assert [moment.isoformat() for (moment,) in cursor.fetchall()] == ["2026-03-03T12:00:00+00:00"]
    again = {"serial": "TAG-X100001", "from": "2026-03-04T00:00:00Z"}
    send(fresh_api, "POST", f"/v1/people/{fresh_api.own.person_id}/eligibility", ELIGIBLE)
    late = send(fresh_api, "POST", f"/v1/people/{fresh_api.own.person_id}/device-on", again)
    assert (late.status_code, "the person ended at" in late.text) == (422, True)
    assert [record[0] for record in fresh_api.audit("person.end")] == ["refused", "refused", "allowed"]


def test_a_decision_is_recorded_with_its_reasons_and_given_as_a_letter(fresh_api: RunningApi) -> None:
    person_id = added(fresh_api)["person_id"]
    path = f"/v1/people/{person_id}/eligibility"
    refused = send(fresh_api, "POST", path, {**ELIGIBLE, "borough": "Camden"})
    assert refused.status_code == 201, refused.text
    assert not refused.json()["is_eligible"]
    assert "Camden takes no part" in refused.json()["reason"]
    given = send(fresh_api, "POST", path, ELIGIBLE).json()
    assert given["is_eligible"]
    assert given["decided_by"] == "the.manager"
    decisions = fresh_api.get(Role.PRACTITIONER, path).json()["decisions"]
    assert [one["decision_id"] for one in decisions] == [given["decision_id"], refused.json()["decision_id"]]
    letter = fresh_api.get(Role.PRACTITIONER, f"{path}/{refused.json()['decision_id']}/letter")
    assert letter.headers["content-type"].startswith("text/plain")
    assert "You will not be given a GPS tag." in letter.text
    assert fresh_api.get(Role.PRACTITIONER, f"{path}/4711/letter").status_code == 404
    assert fresh_api.get(Role.POLICE_ANALYST, path).status_code == 403
    without_note = send(fresh_api, "POST", path, {**ELIGIBLE, "screening_note": ""})
    assert without_note.status_code == 422
    labelled = {**ELIGIBLE, "answers": {"gang_nominal": {"answer": "met", "basis": "a list"}}}
    assert "the rules have no such criterion" in send(fresh_api, "POST", path, labelled).text
