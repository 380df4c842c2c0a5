"""No list loses an alert for its age; filters by how far it was worked; many closed at once, all or none."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from access.roles import Role
from tests.api.test_alerts import listed
from tests.api.test_casework import work
from tests.support.api_server import RunningApi
from tests.support.cases import seed_staff
from tests.support.seed import MORNING, as_owner, seed_alert, seed_zone

MANAGER = Role.MANAGER


def close(api: RunningApi, role: Role, *alerts: tuple[str, str], **said: Any) -> httpx.Response:
    body = {"alerts": [{"alert_id": alert, "etag": etag} for alert, etag in alerts], **said}
    with api.client(role) as client:
        return client.post("/v1/alerts/closures", json=body)


def reviewed(api: RunningApi, role: Role, count: int) -> list[str]:
    """Alerts of the practitioner's own wearer that are under review, at version 2."""
    with as_owner(api.urls.owner) as cursor:
        zone = seed_zone(cursor, "MANY", api.own.person_id)
        alerts = [str(seed_alert(cursor, api.own, zone, MORNING)) for _ in range(count)]
    for alert in alerts:
        assert work(api, role, alert, '"1"', "start_review").status_code == 200
    return alerts


def statuses(api: RunningApi, alerts: list[str]) -> list[str]:
    return [api.get(MANAGER, f"/v1/alerts/{alert}").json()["case"]["status"] for alert in alerts]


def test_an_alert_that_nobody_touched_for_400_days_is_on_every_list_it_was_on(fresh_api: RunningApi) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=400)
    with as_owner(fresh_api.urls.owner) as cursor:
        zone = seed_zone(cursor, "OLD", fresh_api.own.person_id)
        forgotten = str(seed_alert(cursor, fresh_api.own, zone, long_ago))
    for query in ("", "?to_do=true", "?status=raised", "?assigned_to=nobody", "?overdue=true", "?open=true"):
        assert forgotten in listed(fresh_api.get(Role.PRACTITIONER, f"/v1/alerts{query}")), query
    page = fresh_api.get(Role.PRACTITIONER, "/v1/alerts?kind=intake_deaf").json()
    assert page["alerts"] == [], "the count does not go by the filters"
    oldest = page["waiting"].pop("oldest_raised_at")
    assert datetime.fromisoformat(oldest) == long_ago
    assert page["waiting"] == {"to_do": 2, "unacknowledged": 2, "unassigned": 2, "overdue": 2}


def test_what_is_closed_is_off_the_list_of_what_is_to_do_and_on_the_others(fresh_api: RunningApi) -> None:
    own = fresh_api.own_alert
    work(fresh_api, MANAGER, own, '"1"', "start_review")
    work(fresh_api, MANAGER, own, '"2"', "close", outcome="drift", text="x")
    get = fresh_api.get
    assert own not in listed(get(MANAGER, "/v1/alerts?to_do=true"))
    assert listed(get(MANAGER, "/v1/alerts?to_do=false")) == listed(get(MANAGER, "/v1/alerts?status=closed")) == [own]
    assert own in listed(get(MANAGER, "/v1/alerts"))
    assert own in listed(get(MANAGER, "/v1/alerts?open=true")), "the wearer is in the zone still"


def test_mine_and_nobody_s(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        seed_staff(cursor, "the.practitioner")
    own = fresh_api.own_alert
    assert work(fresh_api, MANAGER, own, '"1"', "assign", to="the.practitioner").status_code == 200
    for role, query, expected in (
        (Role.PRACTITIONER, "me", True),
        (MANAGER, "me", False),
        (MANAGER, "the.practitioner", True),
        (MANAGER, "nobody", False),
    ):
        found = listed(fresh_api.get(role, f"/v1/alerts?assigned_to={query}"))
        assert (own in found) is expected, (role, query)


def test_pages_keep_their_filters(fresh_api: RunningApi) -> None:
    address: str | None = "/v1/alerts?limit=1&to_do=true&assigned_to=nobody&status=raised&overdue=true"
    found: list[str] = []
    while address:
        page = fresh_api.get(MANAGER, address)
        found += listed(page)
        address = page.json()["next"]
        if address:
            assert all(
                word in address for word in ("to_do=true", "assigned_to=nobody", "status=raised", "overdue=true")
            )
    assert len(found) == 3


@pytest.mark.parametrize("query", ["status=lost", "to_do=perhaps", "overdue=x", "assigned_to="])
def test_a_wrong_filter_is_named(api: RunningApi, query: str) -> None:
    assert api.get(MANAGER, f"/v1/alerts?{query}").status_code == 422


def test_many_are_closed_at_once_and_each_is_recorded(fresh_api: RunningApi) -> None:
    alerts = reviewed(fresh_api, Role.PRACTITIONER, 3)
    said = {"outcome": "device_fault", "text": "one firmware"}
    answer = close(fresh_api, Role.PRACTITIONER, *((alert, '"2"') for alert in alerts), **said)
    assert answer.status_code == 200, answer.text
    assert [one["alert_id"] for one in answer.json()["closed"]] == alerts
    for alert in alerts:
        (*_, last) = fresh_api.get(MANAGER, f"/v1/alerts/{alert}").json()["history"]
        assert (last["by"], last["action"], last["text"]) == ("the.practitioner", "close", "one firmware")
    assert len(fresh_api.audit("alert.work")) == 6


def test_one_refusal_keeps_all_open_and_every_refusal_is_named(fresh_api: RunningApi) -> None:
    good, changed, raised, foreign = *reviewed(fresh_api, Role.PRACTITIONER, 3), fresh_api.other_alert
    work(fresh_api, MANAGER, changed, '"2"', "note", text="wait")
    with as_owner(fresh_api.urls.owner) as cursor:
        raised = str(seed_alert(cursor, fresh_api.own, seed_zone(cursor, "R", fresh_api.own.person_id), MORNING))
    missing = str(uuid.uuid4())
    asked = [(good, '"2"'), (changed, '"2"'), (raised, '"1"'), (foreign, '"1"'), (missing, '"1"')]
    answer = close(fresh_api, Role.PRACTITIONER, *asked, outcome="drift", text="x")
    assert answer.status_code == 409
    errors = {error["where"].removeprefix("alert "): error for error in answer.json()["errors"]}
    assert set(errors) == {changed, raised, foreign, missing}
    assert errors[changed]["actions"][0]["words"] == "the.manager made a note"
    assert "start_review first" in errors[raised]["problem"]
    assert errors[foreign]["problem"] == errors[missing]["problem"]
    assert statuses(fresh_api, [good, changed, raised]) == ["under_review", "under_review", "raised"]
    assert fresh_api.audit("alert.work")[-1][0] == "refused"


def test_what_is_wrong_in_a_list_is_named_by_its_place(fresh_api: RunningApi) -> None:
    own = fresh_api.own_alert
    answer = close(fresh_api, MANAGER, (own, '"1"'), (own, "1"), outcome="drift", text="x")
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == ["body.alerts.0", "body.alerts.1", "body.alerts.1"]
    wrong = close(fresh_api, MANAGER, (own, '"1"'), outcome="no_such", text="x")
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, "body.outcome")
    assert close(fresh_api, MANAGER, outcome="drift", text="x").status_code == 422
    many = [(str(uuid.uuid4()), '"1"')] * 201
    assert close(fresh_api, MANAGER, *many, outcome="drift", text="x").status_code == 422
