"""Working an alert through the API: ETags, what the second of two is told, and who may do what to whose alert."""

import threading
from typing import Any

import httpx
import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner

OFFICER = Role.PRACTITIONER


def work(api: RunningApi, role: Role, alert: str, etag: str | None, action: str, **said: Any) -> httpx.Response:
    headers = {} if etag is None else {"If-Match": etag}
    with api.client(role) as client:
        return client.post(f"/v1/alerts/{alert}/actions", headers=headers, json={"action": action, **said})


def read(api: RunningApi, role: Role = OFFICER) -> dict[str, Any]:
    answer = api.get(role, f"/v1/alerts/{api.own_alert}")
    assert answer.headers["ETag"] == answer.json()["case"]["etag"]
    found: dict[str, Any] = answer.json()
    return found


def test_an_alert_is_worked_from_what_was_read(fresh_api: RunningApi) -> None:
    before = read(fresh_api)
    assert before["case"]["status"] == "raised"
    assert before["history"] == []
    assert "acknowledge" in before["possible_actions"]
    answer = work(fresh_api, OFFICER, fresh_api.own_alert, before["case"]["etag"], "acknowledge")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    after = read(fresh_api)
    assert answer.json()["clocks"]["acknowledged"] == after["case"]["clocks"]["acknowledged"]
    assert after["case"]["clocks"]["acknowledged"]["by"] == "the.practitioner"
    assert after["case"]["clocks"]["first_action"]["at"] is None, "acknowledging stops only the first clock"
    assert [entry["words"] for entry in after["history"]] == ["the.practitioner acknowledged it"]
    assert "acknowledge" not in after["possible_actions"]
    assert [record[:3] for record in fresh_api.audit("alert.work")] == [
        ("allowed", "the.practitioner", fresh_api.own.person_id)
    ]


def test_nothing_is_done_blindly(fresh_api: RunningApi) -> None:
    alert = fresh_api.own_alert
    assert work(fresh_api, OFFICER, alert, None, "acknowledge").status_code == 428
    for etag in ("*", "1", 'W/"1"', '"1", "2"', '"x"', '"-1"', '"99999999999"', '""', '"'):
        assert work(fresh_api, OFFICER, alert, etag, "acknowledge").status_code == 422, etag
    assert read(fresh_api)["case"]["etag"] == '"1"'


def test_the_second_is_told_who_did_what_since_and_not_what_was_noted(fresh_api: RunningApi) -> None:
    alert = fresh_api.own_alert
    work(fresh_api, Role.MANAGER, alert, '"1"', "note", text="a private word")
    answer = work(fresh_api, OFFICER, alert, '"1"', "acknowledge")
    assert (answer.status_code, answer.headers["ETag"]) == (409, '"2"')
    problem = answer.json()
    assert (problem["alert_status"], problem["etag"], problem["yours"]) == ("raised", '"2"', False)
    (entry,) = problem["actions"]
    assert (entry["by"], entry["action"], entry["words"]) == ("the.manager", "note", "the.manager made a note")
    assert "private" not in answer.text
    assert fresh_api.audit("alert.work")[-1][:2] == ("refused", "the.practitioner")


def test_an_answer_that_was_lost_is_known_again(fresh_api: RunningApi) -> None:
    alert = fresh_api.own_alert
    assert work(fresh_api, OFFICER, alert, '"1"', "contact", text="spoke to them").status_code == 200
    again = work(fresh_api, OFFICER, alert, '"1"', "contact", text="spoke to them")
    assert (again.status_code, again.json()["yours"], again.json()["etag"]) == (409, True, '"2"')
    other = work(fresh_api, OFFICER, alert, '"1"', "contact", text="spoke to their mother")
    assert (other.status_code, other.json()["yours"]) == (409, False)


def test_of_many_at_once_exactly_one_wins(fresh_api: RunningApi) -> None:
    barrier, answers = threading.Barrier(8), []

    def acknowledge(role: Role) -> None:
        barrier.wait()
        answers.append(work(fresh_api, role, fresh_api.own_alert, '"1"', "acknowledge"))

    threads = [threading.Thread(target=acknowledge, args=(role,)) for role in (OFFICER, Role.MANAGER) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    (winner,) = [answer.json()["clocks"]["acknowledged"]["by"] for answer in answers if answer.is_success]
    told = {entry["by"] for answer in answers if not answer.is_success for entry in answer.json()["actions"]}
    assert told == {winner}
    assert read(fresh_api)["case"]["etag"] == '"2"'


def test_an_illegal_step_says_what_is_possible(fresh_api: RunningApi) -> None:
    answer = work(fresh_api, OFFICER, fresh_api.own_alert, '"1"', "reopen", text="x")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "The alert is raised: reopen cannot be done to an alert that is raised."
    assert "start_review" in answer.json()["possible_actions"]
    assert work(fresh_api, OFFICER, fresh_api.own_alert, '"1"', "retract").status_code == 409


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"action": "dance"}, "body.action"),
        ({"action": "note"}, "body.text"),
        ({"action": "note", "text": "\x00"}, "body.text"),
        ({"action": "assign", "to": "nobody.at.all"}, "body.to"),
        ({"action": "close", "outcome": "no_such", "text": "x"}, "body.outcome"),
        ({"action": "acknowledge", "colour": "red"}, "body.colour"),
    ],
)
def test_what_is_wrong_is_named(api: RunningApi, said: dict[str, str], where: str) -> None:
    with api.client(OFFICER) as client:
        answer = client.post(f"/v1/alerts/{api.own_alert}/actions", headers={"If-Match": '"1"'}, json=said)
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["errors"]] == [where]


def test_another_s_alert_is_not_there_to_work(fresh_api: RunningApi) -> None:
    foreign = work(fresh_api, OFFICER, fresh_api.other_alert, '"1"', "acknowledge")
    missing = work(fresh_api, OFFICER, "00000000-0000-0000-0000-000000000001", '"1"', "acknowledge")
    assert (foreign.status_code, foreign.json()) == (404, missing.json())
    assert [record[0] for record in fresh_api.audit("alert.work")] == ["refused", "refused"]


def test_no_audit_no_action(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("REVOKE INSERT ON audit_log FROM cordon_api")
    assert work(fresh_api, OFFICER, fresh_api.own_alert, '"1"', "acknowledge").status_code == 500
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT count(*) FROM alert_actions")
        assert cursor.fetchall() == [(0,)]
