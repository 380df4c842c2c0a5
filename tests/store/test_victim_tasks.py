"""What victims are to be told, on a real database: made once, lost never, settled by a person."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from alerts.victim_duty import keep_victim_tasks
from store.clock import service_now
from store.database import connect
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.victim_duty import (
    IN_HOURS,
    breach,
    choose,
    close_as,
    execute,
    keep,
    notices,
    reopen,
    settle_told,
    tasks,
)
from tests.support.victims import LiaisonOffice, liaison_office
from tests.support.world import rows


@pytest.fixture
def api(migrated_database: DatabaseUrls) -> Iterator[RunningApi]:
    with running_api(migrated_database) as running:
        yield running


@pytest.fixture
def office(api: RunningApi) -> LiaisonOffice:
    return liaison_office(api)


def test_a_breach_is_a_task_once_and_a_person_settles_it(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    breach(office, linked)
    assert (keep(office), keep(office)) == (1, 0)
    (task,) = tasks(office)
    assert (task["kind"], task["status"], task["method"]) == ("breach", "waiting", "phone")
    assert [(who, template) for who, _, template, _ in notices(office)] == [("the.victim_liaison", "victim_task")]
    assert (
        office.call(
            "POST", f"/v1/victim-tasks/{task['task_id']}/told", {"told_at": "2020-01-01T00:00:00Z", "told_how": "phone"}
        ).status_code
        == 422
    )
    settle_told(office, task["task_id"])
    again = office.call("POST", f"/v1/victim-tasks/{task['task_id']}/not-told", {"reason": "x"})
    assert again.status_code == 409
    assert office.call("POST", "/v1/victim-tasks/999/not-told", {"reason": "x"}).status_code == 404
    stranger = office.call("POST", f"/v1/victim-tasks/{task['task_id']}/not-told", {"reason": "x"}, other=True)
    assert stranger.status_code == 404
    outcomes = [outcome for outcome, *_ in office.api.audit("victim_task.settle")]
    assert (outcomes.count("allowed"), outcomes.count("refused")) == (1, 4)


def waiting_notices(office: LiaisonOffice) -> set[int]:
    """Tasks of which an officer is still to be told, but for those that were settled."""
    found = rows(
        office.api.urls.owner,
        "SELECT (detail ->> 'task_id')::bigint FROM notices WHERE template = 'victim_task' AND cancelled_at IS NULL",
    )
    settled = {one["task_id"] for one in tasks(office) if one["status"] == "told"}
    return {task_id for (task_id,) in found} - settled


def test_a_told_breach_that_is_closed_as_none_is_taken_back_and_one_not_told_is_withdrawn(
    office: LiaisonOffice,
) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    first, second = breach(office, linked), breach(office, linked)
    keep(office)
    settle_told(office, tasks(office)[0]["task_id"])
    close_as(office, first, "drift", is_breach=False)
    execute(office, "UPDATE alerts SET state = 'retracted' WHERE alert_id = %s", second)
    assert (keep(office), keep(office)) == (2, 0)
    assert [(one["kind"], one["status"]) for one in tasks(office)] == [
        ("breach", "told"),
        ("breach", "withdrawn"),
        ("retraction", "waiting"),
    ]
    assert waiting_notices(office) == {tasks(office)[2]["task_id"]}, "of one withdrawn nobody is told any more"
    reopen(office, first)
    keep(office)
    assert tasks(office)[2]["status"] == "withdrawn", "it may be so after all"
    close_as(office, first, "drift", is_breach=False)
    keep(office)
    assert [one["kind"] for one in tasks(office) if one["status"] == "waiting"] == ["retraction"]


def test_nothing_is_lost_when_the_duty_process_dies_in_a_round(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    for _ in range(3):
        breach(office, linked)
    connection = connect(office.api.urls.worker, "test-duty")
    with closing(connection), connection.cursor() as cursor:
        assert keep_victim_tasks(cursor, service_now(cursor), IN_HOURS) == 3
    assert tasks(office) == [], "it died before its commit"
    assert (keep(office), keep(office), len(tasks(office))) == (3, 0, 3)


def test_the_end_of_the_monitoring_is_told_an_hour_later_and_a_swap_is_not(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    execute(office, "UPDATE victim_zones SET linked_at = linked_at - interval '9 hours'")
    execute(office, "UPDATE victim_choices SET chosen_at = chosen_at - interval '9 hours'")
    off = (
        "UPDATE device_activations SET during = tstzrange(lower(during), service_clock() - %s) WHERE activation_id = %s"
    )
    execute(office, off, timedelta(minutes=30), linked.activation_id)
    assert keep(office) == 0
    execute(office, off, timedelta(minutes=90), linked.activation_id)
    assert keep(office) == 1
    assert tasks(office)[0]["kind"] == "monitoring_ended"
    execute(office, "UPDATE device_activations SET during = tstzrange(lower(during), NULL)")
    keep(office)
    assert tasks(office)[0]["status"] == "withdrawn"
