"""The plan of a zone: versions, which of them an alert keeps, and its steps ticked and timed."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from access.roles import Role
from model.enums import AlertKind
from tests.api.test_casework import work
from tests.support.api_server import RunningApi
from tests.support.seed import MORNING, as_owner, seed_alert

PATH = "/v1/zones/OWN-1/response-plan"
STEP = {"code": "call", "text": "Ring the borough's control room", "phone": "+44 20 7946 0000", "minutes": 5}
PLAN: dict[str, Any] = {"steps": [STEP], "emergency_when": "At once where somebody is hurt."}


def put(api: RunningApi, role: Role, plan: object, path: str = PATH) -> httpx.Response:
    with api.client(role) as client:
        return client.put(path, json=plan)


def raised_in(api: RunningApi) -> str:
    """A new alert in the zone OWN-1."""
    with as_owner(api.urls.owner) as cursor:
        cursor.execute("SELECT zone_id FROM zones WHERE reference = 'OWN-1'")
        zone_id = cursor.fetchall()[0][0]
        return str(seed_alert(cursor, api.own, zone_id, MORNING))


def plan_of(api: RunningApi, alert: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(Role.PRACTITIONER, f"/v1/alerts/{alert}").json()["plan"]
    return found


def test_an_alert_keeps_the_plan_that_stood_when_it_was_raised(fresh_api: RunningApi) -> None:
    assert plan_of(fresh_api, fresh_api.own_alert)["alert_kind"] == "exclusion_zone_breach"
    for version in (1, 2):
        answer = put(fresh_api, Role.PRACTITIONER, PLAN | {"emergency_when": f"In case {version}."})
        assert (answer.status_code, answer.json()["version"]) == (200, version)
        alert = raised_in(fresh_api)
        if version == 1:
            earlier = alert
    assert fresh_api.get(Role.PRACTITIONER, PATH).json()["emergency_when"] == "In case 2."
    plan = plan_of(fresh_api, earlier)
    assert (plan["zone_reference"], plan["version"], plan["emergency_when"]) == ("OWN-1", 1, "In case 1.")
    assert plan_of(fresh_api, alert)["version"] == 2
    assert plan_of(fresh_api, fresh_api.own_alert)["alert_kind"] == "exclusion_zone_breach"
    assert [record[:3] for record in fresh_api.audit("response_plan.set")] == [
        ("allowed", "the.practitioner", fresh_api.own.person_id)
    ] * 2


def test_steps_are_ticked_and_timed(fresh_api: RunningApi) -> None:
    put(fresh_api, Role.MANAGER, PLAN | {"steps": [STEP, STEP | {"code": "record", "phone": None, "minutes": 60}]})
    alert = raised_in(fresh_api)
    assert work(fresh_api, Role.PRACTITIONER, alert, '"1"', "complete_step", step="call").status_code == 200
    call, record = plan_of(fresh_api, alert)["steps"]
    assert call["phone"] == "+44 20 7946 0000"
    assert datetime.fromisoformat(call["due_at"]) == MORNING + timedelta(minutes=5)
    assert call["done_by"] == "the.practitioner"
    assert call["done_at"] is not None
    assert (record["done_at"], record["done_by"]) == (None, None)
    wrong = work(fresh_api, Role.PRACTITIONER, alert, '"2"', "complete_step", step="call")
    assert wrong.json()["errors"] == [{"where": "body.step", "problem": "call is done already"}]


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_of_alert_has_a_plan(api: RunningApi, kind: AlertKind) -> None:
    with as_owner(api.urls.owner) as cursor:
        cursor.execute("SELECT response_plan_for(NULL, %s) IS NOT NULL", (kind.value,))
        assert cursor.fetchall() == [(True,)]


def test_a_zone_without_its_own_says_so(api: RunningApi) -> None:
    assert api.get(Role.MANAGER, "/v1/zones/SHARED-1/response-plan").status_code == 404


def test_the_plan_of_a_shared_zone_is_not_a_single_practitioner_s(fresh_api: RunningApi) -> None:
    shared = "/v1/zones/SHARED-1/response-plan"
    assert put(fresh_api, Role.PRACTITIONER, PLAN, shared).status_code == 403
    assert put(fresh_api, Role.DUTY_OFFICER, PLAN, shared).status_code == 200
    assert fresh_api.get(Role.PRACTITIONER, shared).status_code == 200


def test_another_s_zone_is_not_there(fresh_api: RunningApi) -> None:
    foreign = put(fresh_api, Role.PRACTITIONER, PLAN, "/v1/zones/OTHER-1/response-plan")
    missing = put(fresh_api, Role.PRACTITIONER, PLAN, "/v1/zones/NO-SUCH/response-plan")
    assert (foreign.status_code, foreign.json()) == (404, missing.json())


@pytest.mark.parametrize(
    ("plan", "where"),
    [
        (PLAN | {"steps": []}, "body.steps"),
        (PLAN | {"steps": [STEP, STEP]}, "body.steps"),
        (PLAN | {"steps": [STEP | {"code": "No Code"}]}, "body.steps.0.code"),
        (PLAN | {"steps": [STEP | {"phone": "ring me"}]}, "body.steps.0.phone"),
        (PLAN | {"steps": [STEP | {"minutes": -1}]}, "body.steps.0.minutes"),
        (PLAN | {"steps": [STEP | {"text": "a\x00b"}]}, "body.steps.0.text"),
        (PLAN | {"emergency_when": ""}, "body.emergency_when"),
        (PLAN | {"colour": "red"}, "body.colour"),
    ],
)
def test_a_plan_that_is_wrong_is_refused_with_its_place(api: RunningApi, plan: object, where: str) -> None:
    answer = put(api, Role.MANAGER, plan)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]
