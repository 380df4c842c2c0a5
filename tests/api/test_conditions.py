"""Licence conditions: drafted by one, approved by another; what was live stays readable, word for word."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.conditions import WORDING, approve, approved, condition, draft, post, put


def versions(api: RunningApi, condition_id: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(Role.MANAGER, f"/v1/conditions/{condition_id}/versions").json()["versions"]
    return found


def zone_versions(api: RunningApi, reference: str) -> list[dict[str, Any]]:
    answer = api.get(Role.MANAGER, f"/v1/zones/{reference}")
    return [] if answer.status_code == 404 else list(answer.json()["versions"])


def test_a_draft_watches_nothing_until_a_second_person_approves_it(fresh_api: RunningApi) -> None:
    drafted = draft(fresh_api, condition("EZ-9", policy={"preset": "fast", "buffer_m": 150}))
    assert drafted.status_code == 201, drafted.text
    assert drafted.json()["current"]["status"] == "draft"
    assert (drafted.json()["current"]["wording"], drafted.json()["live"]) == (WORDING, None)
    assert zone_versions(fresh_api, "EZ-9") == []
    answer = approve(fresh_api, drafted)
    assert answer.status_code == 200, answer.text
    live = answer.json()["live"]
    assert (live["status"], live["drafters"], live["decided_by"]) == ("live", ["the.practitioner"], "the.manager")
    (zone,) = zone_versions(fresh_api, "EZ-9")
    assert (zone["version"], zone["created_by"], zone["policy"]["buffer_m"]) == (
        live["zone_version"],
        "the.manager",
        150,
    )
    assert zone["valid_from"] >= live["drafted_at"], "nobody is judged by what was not approved yet"
