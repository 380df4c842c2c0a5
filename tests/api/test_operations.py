"""Operations over HTTP: who may, what is recorded, and what a refusal says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from access.roles import Role
from store.wards import write_wards
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner
from tests.support.wards import shape
from tests.support.zone_files import collection, feature

RUNNING = (Role.ADMINISTRATOR, Role.DUTY_OFFICER, Role.MANAGER)
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
DAY = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
MATCH = {"date": DAY, "from": "18:00", "to": "24:00", "event": "Cup match"}


@pytest.fixture
def operated(fresh_api: RunningApi) -> RunningApi:
    """With two wards."""
    with as_owner(fresh_api.urls.owner) as cursor:
        write_wards(cursor, [shape("W1", -0.12), shape("W2", -0.11)], "test")
    return fresh_api


def authority(**changes: Any) -> dict[str, Any]:
    return {
        "reference": "S60/1",
        "power": "section_60",
        "wards": ["W1", "W2"],
        "from": BEGAN.isoformat(),
        "to": (BEGAN + timedelta(hours=12)).isoformat(),
        "officer": "Alex Thornbury",
        "rank": "inspector",
        "reason": "two stabbings since noon",
    } | changes


def post(api: RunningApi, path: str, body: object = None, role: Role = Role.DUTY_OFFICER) -> httpx.Response:
    with api.client(role) as client:
        return client.post(path, json=body, headers={"X-Purpose": "operation"})


@pytest.mark.parametrize("role", RUNNING)
def test_an_officer_opens_extends_and_closes(operated: RunningApi, role: Role) -> None:
    opened = post(operated, "/v1/operations", authority(), role)
    assert opened.status_code == 201, opened.text
    assert (opened.json()["state"], opened.json()["records"][0]["recorded_by"]) == ("open", f"the.{role}")
    longer = {"to": (BEGAN + timedelta(hours=30)).isoformat(), "officer": "Sam Whitcombe", "rank": "superintendent"}
    extended = post(operated, "/v1/operations/S60/1/extend", longer | {"reason": "more is expected"}, role)
    assert extended.status_code == 200, extended.text
    assert len(extended.json()["records"]) == 2
    closed = post(operated, "/v1/operations/S60/1/close", role=role)
    assert (closed.status_code, closed.json()["state"], closed.json()["closed_by"]) == (200, "closed", f"the.{role}")
    assert post(operated, "/v1/operations/S60/1/close", role=role).json() == closed.json()
    listed = operated.get(Role.PRACTITIONER, "/v1/operations").json()["authorities"]
    assert [(one["reference"], one["state"]) for one in listed] == [("S60/1", "closed")]
    zone = operated.get(Role.PRACTITIONER, "/v1/zones/S60/1").json()
    assert (zone["kind"], zone["valid_to"]) == ("authority_area", closed.json()["closed_at"])
    for action in ("operation.open", "operation.extend", "operation.close"):
        assert operated.audit(action)[0][:2] == ("allowed", f"the.{role}")


@pytest.mark.parametrize("role", sorted(set(Role) - set(RUNNING)))
def test_nobody_else_does(operated: RunningApi, role: Role) -> None:
    for path in ("/v1/operations", "/v1/operations/S60/1/close", "/v1/zones/SHARED-1/match-days"):
        assert post(operated, path, authority(), role).status_code == 403


def test_every_reason_comes_at_once_and_the_refusal_is_recorded(operated: RunningApi) -> None:
    answer = post(operated, "/v1/operations", authority(wards=["W1", "X8", "X9"], rank="constable", power="section_60"))
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [one["field"] for one in errors] == ["wards", "wards", "rank"]
    assert ["X8" in errors[0]["value"], "X9" in errors[1]["value"]] == [True, True]
    assert operated.get(Role.MANAGER, "/v1/zones/S60/1").status_code == 404
    assert operated.audit("operation.open")[0][0] == "refused"
    assert post(operated, "/v1/operations/NONE/close").status_code == 404
    over = {"to": BEGAN.isoformat(), "officer": "S", "rank": "superintendent", "reason": "r"}
    assert post(operated, "/v1/operations/NONE/extend", over).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        authority(wards="W1"),
        authority(to="tomorrow"),
        authority(more=1),
        authority(wards=[7]),
        authority(wards=["W\x001"]),
    ],
)
def test_rubbish_is_named_by_its_field(operated: RunningApi, body: Any) -> None:
    assert post(operated, "/v1/operations", body).status_code == 422


def test_an_area_cannot_be_published_by_itself(operated: RunningApi) -> None:
    with operated.client(Role.ADMINISTRATOR) as client:
        answer = client.post("/v1/zones", content=collection(feature("S60-2", kind="authority_area")))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["defect"] == "unknown_kind"


def test_match_days_are_added_listed_and_removed(operated: RunningApi) -> None:
    mondays = {"time_zone": "Europe/London", "weekly": [{"days": ["mon"], "from": "19:00", "to": "20:00"}]}
    with operated.client(Role.ADMINISTRATOR) as client:
        assert client.post("/v1/zones", content=collection(feature("STADIUM", schedule=mondays))).status_code == 201
    added = post(operated, "/v1/zones/STADIUM/match-days", {"match_days": [MATCH]})
    assert added.status_code == 200, added.text
    listed = operated.get(Role.PRACTITIONER, "/v1/zones/STADIUM/match-days").json()["match_days"]
    assert [{name: one[name] for name in MATCH} for one in listed] == [MATCH]
    assert len(operated.get(Role.MANAGER, "/v1/zones/STADIUM").json()["versions"]) == 2
    past = MATCH | {"date": "2020-01-01"}
    answer = post(operated, "/v1/zones/STADIUM/match-days", {"match_days": [MATCH, past]})
    assert [one["field"] for one in answer.json()["errors"]] == ["match_days[0]", "match_days[1].date"]
    removed = post(operated, "/v1/zones/STADIUM/match-days/remove", {"match_days": [MATCH]})
    assert (removed.status_code, removed.json()) == (200, {"match_days": []})
    for wrong in ({"date": "2026-2-1"}, {"from": "7pm"}, {"to": "24:01"}):
        body = {"match_days": [MATCH | wrong]}
        assert post(operated, "/v1/zones/STADIUM/match-days", body).status_code == 422
    assert post(operated, "/v1/zones/NONE/match-days", {"match_days": [MATCH]}).status_code == 404
    assert operated.get(Role.MANAGER, "/v1/zones/NONE/match-days").status_code == 404


def test_wards_page(operated: RunningApi) -> None:
    first = operated.get(Role.DUTY_OFFICER, "/v1/wards?limit=1").json()
    assert first["wards"] == [{"code": "W1", "name": "Ward W1"}]
    second = operated.get(Role.DUTY_OFFICER, first["next"]).json()
    assert (second["wards"], second["next"]) == ([{"code": "W2", "name": "Ward W2"}], None)
