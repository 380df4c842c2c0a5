"""Authorised entries: granted and revoked by who supervises the person, recorded, and refused with every reason."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.conditions import approve, approved, condition, put
from tests.support.seed import as_owner
from tests.support.zone_files import collection, feature

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


def time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def body(**changes: Any) -> dict[str, Any]:
    wanted = {"person": "X100001", "from": time(NOW + HOUR), "to": time(NOW + 2 * HOUR), "purpose": "dentist"}
    return wanted | changes


def ask(api: RunningApi, document: object, role: Role = Role.PRACTITIONER, zone: str = "OWN-1") -> httpx.Response:
    with api.client(role) as client:
        headers = {"Content-Type": "application/json"}
        return client.post(f"/v1/zones/{zone}/authorisations", content=json.dumps(document), headers=headers)


def revoke(api: RunningApi, number: int, role: Role = Role.PRACTITIONER, zone: str = "OWN-1") -> httpx.Response:
    with api.client(role) as client:
        return client.post(f"/v1/zones/{zone}/authorisations/{number}/revoke")


def listed(api: RunningApi, role: Role = Role.PRACTITIONER, zone: str = "OWN-1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(role, f"/v1/zones/{zone}/authorisations").json()["authorisations"]
    return found


def test_granted_listed_revoked_and_recorded(fresh_api: RunningApi) -> None:
    granted = ask(fresh_api, body())
    assert granted.status_code == 201, granted.text
    one = granted.json()
    assert one == {
        "authorisation_id": 1,
        "zone_reference": "OWN-1",
        "person_id": fresh_api.own.person_id,
        "crn": "X100001",
        "from": time(NOW + HOUR),
        "to": time(NOW + 2 * HOUR),
        "lifts_until": time(NOW + 2 * HOUR),
        "purpose": "dentist",
        "granted_by": "the.practitioner",
        "granted_at": one["granted_at"],
        "revoked_at": None,
        "revoked_by": None,
    }
    assert listed(fresh_api) == [one]
    revoked = revoke(fresh_api, 1, Role.DUTY_OFFICER)
    assert revoked.status_code == 200, revoked.text
    assert revoked.json()["lifts_until"] == one["from"], "it had not begun"
    assert revoked.json()["revoked_by"] == "the.duty_officer"
    assert revoke(fresh_api, 1).json() == revoked.json()
    person = fresh_api.own.person_id
    assert fresh_api.audit("authorisation.grant") == [("allowed", "the.practitioner", person, None, "not stated")]
    assert [record[:3] for record in fresh_api.audit("authorisation.revoke")] == [
        ("allowed", "the.duty_officer", person),
        ("allowed", "the.practitioner", person),
    ]
    assert [record[3] for record in fresh_api.audit("authorisations.list")] == [1]


def test_one_of_the_past_has_the_person_judged_anew(fresh_api: RunningApi) -> None:
    granted = ask(fresh_api, body(**{"from": time(NOW - HOUR)}), Role.MANAGER, zone="SHARED-1")
    assert granted.status_code == 201, granted.text
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT device_id, from_time FROM reevaluations")
        assert cursor.fetchall() == [(fresh_api.own.device_id, NOW - HOUR)]


def test_the_registry_s_revision_rises_so_that_workers_look(fresh_api: RunningApi) -> None:
    def revision() -> int:
        with as_owner(fresh_api.urls.owner) as cursor:
            cursor.execute("SELECT revision FROM registry_revision")
            return int(cursor.fetchall()[0][0])

    before = revision()
    ask(fresh_api, body())
    revoke(fresh_api, 1)
    assert revision() == before + 2


def test_whose_a_person_is_decides_and_nothing_tells_that_there_is_one(fresh_api: RunningApi) -> None:
    assert ask(fresh_api, body(person="X100002"), Role.MANAGER, zone="OTHER-1").status_code == 201
    not_theirs = ask(fresh_api, body(person="X100002"), zone="SHARED-1")
    nobody = ask(fresh_api, body(person="X999999"), zone="SHARED-1")
    assert not_theirs.status_code == nobody.status_code == 422
    assert not_theirs.text.replace("X100002", "X999999") == nobody.text
    unseen = ask(fresh_api, body(), zone="OTHER-1")
    missing = ask(fresh_api, body(), zone="NONE")
    assert unseen.text.replace("OTHER-1", "NONE") == missing.text
    for answer in (revoke(fresh_api, 1, zone="OTHER-1"), revoke(fresh_api, 4711), revoke(fresh_api, 1)):
        assert answer.status_code == 404
    assert fresh_api.get(Role.PRACTITIONER, "/v1/zones/OTHER-1/authorisations").status_code == 404
    refused = fresh_api.audit("authorisation.grant")[1:] + fresh_api.audit("authorisation.revoke")
    assert [record[0] for record in refused] == ["refused"] * 7
    assert listed(fresh_api, Role.MANAGER, "OTHER-1")[0]["revoked_at"] is None


def test_every_reason_comes_at_once(api: RunningApi) -> None:
    answer = ask(api, body(person="X999999", purpose=" ", to=time(NOW)), zone="NONE")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["field"] for error in answer.json()["errors"]} == {"person", "purpose", "to", "zone"}
    assert all(error["remedy"] for error in answer.json()["errors"])


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ({}, {"body.person", "body.from", "body.to", "body.purpose"}),
        (body(purpose=None), {"body.purpose"}),
        (body(purpose=7), {"body.purpose"}),
        (body(**{"from": "yesterday", "to": "2026-03-01T00:00:00"}), {"body.from", "body.to"}),
        (body(until=time(NOW)), {"body.until"}),
        (body(person="x" * 2000), {"body.person"}),
        ([], {"body"}),
        (None, {"body"}),
    ],
)
def test_a_body_of_another_shape_is_refused_by_its_places(api: RunningApi, document: object, places: set[str]) -> None:
    answer = ask(api, document)
    assert answer.status_code == 422, answer.text
    assert {error["where"] for error in answer.json()["errors"]} == places


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[" * 100_000, b"\xff", b'{"person": "\\ud800", "from": 1}', b'{"purpose": NaN}'],
)
def test_rubbish_is_refused(api: RunningApi, content: bytes) -> None:
    with api.client(Role.PRACTITIONER) as client:
        headers = {"Content-Type": "application/json"}
        answer = client.post("/v1/zones/OWN-1/authorisations", content=content, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("purpose", ["\ud800", "a\x00b", "two\nlines"])
def test_a_purpose_that_cannot_be_kept_is_refused(api: RunningApi, purpose: str) -> None:
    answer = ask(api, body(purpose=purpose))
    assert answer.status_code == 422, answer.text
    assert "purpose" in answer.text


def test_the_list_pages(fresh_api: RunningApi) -> None:
    for hour in range(3):
        hours = {"from": time(NOW + (hour + 1) * HOUR), "to": time(NOW + (hour + 2) * HOUR)}
        assert ask(fresh_api, body(**hours), zone="SHARED-1").status_code == 201
    first = fresh_api.get(Role.MANAGER, "/v1/zones/SHARED-1/authorisations?limit=2").json()
    second = fresh_api.get(Role.MANAGER, first["next"]).json()
    numbers = [one["authorisation_id"] for one in first["authorisations"] + second["authorisations"]]
    assert (numbers, second["next"]) == ([3, 2, 1], None)


def test_a_zone_shows_its_hours_its_policy_and_who_is_authorised(fresh_api: RunningApi) -> None:
    nights = {"time_zone": "Europe/London", "weekly": [{"days": ["fri"], "from": "19:00", "to": "07:00"}]}
    policy = {"preset": "fast", "buffer_m": 150}
    given = condition("EZ/9", schedule=nights, policy=policy, disclosed=True)
    path = f"/v1/conditions/{approved(fresh_api, given)['condition_id']}"
    given["properties"]["policy"] = {"preset": "fast", "buffer_m": 200}
    tag = fresh_api.get(Role.PRACTITIONER, path).headers["etag"]
    second = approve(fresh_api, put(fresh_api, Role.PRACTITIONER, f"{path}/draft", given, tag))
    assert second.json()["live"]["zone_version"] == 2, second.text
    assert ask(fresh_api, body(), zone="EZ/9").status_code == 201
    shown = fresh_api.get(Role.PRACTITIONER, "/v1/zones/EZ/9").json()
    first, second = shown["versions"]
    assert first["schedule"] == nights
    assert first["schedule_words"] == "Friday 19:00 to 07:00 the next day (Europe/London)"
    assert (first["policy"], second["policy"]["buffer_m"], first["disclosed"]) == (policy, 200, True)
    assert [one["purpose"] for one in shown["authorisations"]] == ["dentist"]
    revoke(fresh_api, 1, zone="EZ/9")
    assert fresh_api.get(Role.PRACTITIONER, "/v1/zones/EZ/9").json()["authorisations"] == []
    assert fresh_api.get(Role.ADMINISTRATOR, "/v1/zones/EZ/9").json()["authorisations"] is None


def test_every_problem_of_hours_and_policy_comes_at_once(api: RunningApi) -> None:
    wrong = feature("EZ-1", kind="curfew", schedule={"time_zone": "Mars"}, policy={"confirm_count": 0}, disclosed="no")
    with api.client(Role.ADMINISTRATOR) as client:
        answer = client.post("/v1/zones", content=collection(wrong))
    assert answer.status_code == 422
    fields = {error["field"].removeprefix("properties.") for error in answer.json()["errors"]}
    assert fields >= {"schedule.time_zone", "policy.confirm_count", "disclosed", "crn"}
