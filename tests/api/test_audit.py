"""The auditor finds who looked at whom, in lists too, and a manager those who looked at their own people."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.seed import MORNING, as_owner, seed_positions

WINDOW = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
LISTS = ("/v1/people", "/v1/alerts", "/v1/episodes", "/v1/zones", "/v1/conditions/unworded-zones")


@pytest.fixture(scope="module")
def looked(api: RunningApi) -> RunningApi:
    """A manager has opened every list; the practitioner a track of their own person, and was refused another's."""
    with as_owner(api.urls.owner) as cursor:
        seed_positions(cursor, api.own.device_id, 3, MORNING)
    for path in LISTS:
        assert api.get(Role.MANAGER, path).status_code == 200
    own = f"/v1/people/{api.own.person_id}/track"
    assert api.get(Role.PRACTITIONER, own, params=WINDOW, headers={"X-Purpose": "=1+1"}).status_code == 200
    assert api.get(Role.PRACTITIONER, f"/v1/people/{api.other.person_id}/track", params=WINDOW).status_code == 404
    return api


def records(api: RunningApi, **filters: Any) -> list[dict[str, Any]]:
    answer = api.get(Role.AUDITOR, "/v1/audit", params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["records"]
    return found


def test_lists_say_whom_they_showed(looked: RunningApi) -> None:
    found = records(looked, person=looked.other.person_id, role="manager")
    listed = {"people.list", "alerts.list", "episodes.list", "zones.list", "conditions.list"}
    assert {one["action"] for one in found} >= listed
    assert all(
        {looked.own.person_id, looked.other.person_id} == set(one["person_ids"])
        for one in found
        if one["action"] in listed
    )


def test_a_read_of_a_track_says_who_when_why_whose_which_window_and_how_many(looked: RunningApi) -> None:
    (found,) = records(looked, action="track.read", outcome="allowed")
    happened_at = datetime.fromisoformat(found.pop("happened_at"))
    assert timedelta(0) < datetime.now(UTC) - happened_at < timedelta(minutes=5)
    assert {name: value for name, value in found.items() if name not in {"audit_id", "request_id"}} == {
        "subject": "the.practitioner",
        "role": "practitioner",
        "action": "track.read",
        "outcome": "allowed",
        "purpose": "=1+1",
        "person_id": looked.own.person_id,
        "person_ids": [],
        "window_from": WINDOW["from"],
        "window_to": WINDOW["to"],
        "row_count": 3,
        "detail": {},
    }
    (refused,) = records(looked, action="track.read", outcome="refused", subject="the.practitioner")
    assert refused["person_id"] == looked.other.person_id


def test_pages_follow_each_other_and_are_recorded_themselves(looked: RunningApi) -> None:
    filters = {"role": "manager", "outcome": "allowed"}
    whole = [one["audit_id"] for one in records(looked, **filters)]
    address: str | None = "/v1/audit?role=manager&outcome=allowed&limit=2"
    paged = []
    while address:
        answer = looked.get(Role.AUDITOR, address).json()
        paged += [one["audit_id"] for one in answer["records"]]
        address = answer["next"]
    assert paged == whole
    searches = records(looked, action="audit.search", subject="the.auditor")
    assert any(one["detail"] == filters and one["row_count"] == 2 for one in searches)


def test_text_that_somebody_wrote_is_withheld(looked: RunningApi) -> None:
    with as_owner(looked.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, detail) VALUES"
            " ('x', 'manager', 'webhook.enable', 'allowed', 'p', '', %s)",
            (json.dumps({"reason": "Kim Other said so", "alert_id": "0b0f-1", "count": 3, "deep": {"name": "Kim"}}),),
        )
    (found,) = records(looked, action="webhook.enable")
    assert found["detail"] == {"reason": "withheld", "alert_id": "0b0f-1", "count": 3, "deep": "withheld"}


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_an_export_is_a_whole_file_and_recorded(looked: RunningApi, kind: str) -> None:
    now = datetime.now(UTC)
    window = {"from": (now - timedelta(days=1)).isoformat(), "to": now.isoformat(), "action": "track.read"}
    answer = looked.get(Role.AUDITOR, "/v1/audit/export", params=window | {"format": kind})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]]
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert "'=1+1" in {one["purpose"] for one in rows}, "a spreadsheet runs nothing"
    else:
        rows = [json.loads(line) for line in answer.text.splitlines()]
    expected = [one["audit_id"] for one in records(looked, **window)]
    assert [int(one["audit_id"]) for one in rows] == expected
    assert len(expected) > 1
    assert records(looked, action="audit.export", outcome="allowed")[0]["row_count"] == len(expected)
    assert looked.get(Role.AUDITOR, "/v1/audit/export").status_code == 422


def test_a_manager_reads_who_looked_at_their_person_and_nothing_of_others(looked: RunningApi) -> None:
    for role in (Role.MANAGER, Role.AUDITOR):
        answer = looked.get(role, f"/v1/people/{looked.own.person_id}/looks")
        assert answer.status_code == 200, answer.text
        looks = answer.json()["looks"]
        assert {"track.read", "people.list"} <= {one["action"] for one in looks}
        assert [one["among_others"] for one in looks if one["action"] == "people.list"] == [True]
        assert "person_ids" not in answer.text
    assert looked.get(Role.PRACTITIONER, f"/v1/people/{looked.own.person_id}/looks").status_code == 403
    assert looked.get(Role.MANAGER, "/v1/people/987654/looks").status_code == 404
    assert ("refused", "the.manager", 987654) in [one[:3] for one in looked.audit("looks.read")]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_nobody_else_reads_the_audit_even_below_the_api(looked: RunningApi, role: Role) -> None:
    assert looked.get(role, "/v1/audit").status_code == 403
