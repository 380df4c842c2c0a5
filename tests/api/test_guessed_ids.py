"""What is another's is answered as what is not there is: by every route, with a whole request, and with its ETag."""

import json
import re
import uuid
from typing import Any

import httpx
import pytest

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.conditions import condition, post
from tests.support.seed import as_owner, seed_basis

NOBODY = 987654
NO_ALERT = str(uuid.UUID(int=7))
CLOSURE = {"outcome": "noted", "text": "x"}
WINDOW = "?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z"
GRANT = {"person": "{crn}", "purpose": "x", "from": "2027-01-01T00:00:00Z", "to": "2027-01-02T00:00:00Z"}
HOLD = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "reason": "x"}
BASIS = {
    "kind": "court_order",
    "reference": "R",
    "wording": "w",
    "starts": "2027-01-01T00:00:00Z",
    "ends": "2027-01-02T00:00:00Z",
}
PLAN = {"steps": [{"code": "look", "text": "Look", "minutes": 1}], "emergency_when": "At once"}
ASKED: list[tuple[str, str, Any]] = [
    ("GET", "/v1/alerts/{alert}", None),
    ("GET", "/v1/alerts/{alert}/explanation", None),
    ("GET", "/v1/alerts/{alert}/explanation?audience=wearer", None),
    ("GET", "/v1/episodes/{alert}", None),
    ("GET", "/v1/episodes?person={person}", None),
    ("GET", "/v1/alerts?person={person}", None),
    ("GET", "/v1/alerts?zone={zone}", None),
    ("GET", "/v1/alerts?assigned_to=another.practitioner", None),
    ("GET", "/v1/conditions?person={person}", None),
    ("POST", "/v1/alerts/{alert}/actions", {"action": "note", "text": "x"}),
    ("POST", "/v1/alerts/{alert}/actions", {"action": "assign", "to": "nobody"}),
    ("POST", "/v1/alerts/{alert}/actions", {"action": "complete_step", "step": "nothing"}),
    ("POST", "/v1/alerts/closures", {"alerts": [{"alert_id": "{alert}", "etag": '"1"'}], **CLOSURE}),
    ("POST", "/v1/hand-overs", {"to": "another.practitioner", "alert_ids": ["{alert}"]}),
    ("GET", "/v1/people/{person}", None),
    ("GET", "/v1/people/{person}/eligibility", None),
    ("GET", "/v1/people/{person}/eligibility/1/letter", None),
    ("GET", "/v1/people/{person}/holds", None),
    ("POST", "/v1/people/{person}/holds", HOLD),
    ("POST", "/v1/people/{person}/holds/1/release", {"reason": "x"}),
    ("GET", "/v1/people/{person}/track" + WINDOW, None),
    ("GET", "/v1/people/{person}/visits", None),
    ("GET", "/v1/people/{person}/matches", None),
    ("GET", "/v1/people/{person}/legal-bases", None),
    ("POST", "/v1/people/{person}/legal-bases", BASIS),
    ("POST", "/v1/legal-bases/{basis}/withdraw", None),
    ("POST", "/v1/people/{person}/conditions", "condition"),
    ("POST", "/v1/people/{person}/conditions/adopt", {"reference": "{zone}", "wording": "w"}),
    ("GET", "/v1/conditions/{condition}", None),
    ("GET", "/v1/conditions/{condition}/versions", None),
    ("PUT", "/v1/conditions/{condition}/draft", "condition"),
    ("POST", "/v1/conditions/{condition}/withdraw", None),
    ("GET", "/v1/zones/{zone}", None),
    ("GET", "/v1/zones/{zone}/proof", None),
    ("GET", "/v1/zones/{zone}/authorisations", None),
    ("POST", "/v1/zones/{zone}/authorisations", GRANT),
    ("POST", "/v1/zones/{zone}/authorisations/1/revoke", None),
    ("GET", "/v1/zones/{zone}/match-days", None),
    ("GET", "/v1/zones/{zone}/response-plan", None),
    ("PUT", "/v1/zones/{zone}/response-plan", PLAN),
    ("POST", "/v1/zones/rehearse", "rehearsal"),
]


@pytest.fixture(scope="module")
def theirs(api: RunningApi) -> dict[str, Any]:
    drafted = post(api, Role.MANAGER, f"/v1/people/{api.other.person_id}/conditions", condition("EZ-THEIRS"))
    assert drafted.status_code == 201, drafted.text
    with as_owner(api.urls.owner) as cursor:
        basis = seed_basis(cursor, api.other.person_id)
        cursor.execute("INSERT INTO staff (subject, name, role) VALUES ('another.practitioner', 'A', 'practitioner')")
        cursor.execute("UPDATE alert_cases SET assigned_to = 'another.practitioner', version = 2")
        cursor.execute(
            "INSERT INTO alert_actions SELECT alert_id, version, 'assign', 'x', now(), '{}' FROM alert_cases"
        )
    return {
        "alert": api.other_alert,
        "person": api.other.person_id,
        "crn": "X100002",
        "zone": "OTHER-1",
        "condition": drafted.json()["condition_id"],
        "basis": basis,
    }


def ask(api: RunningApi, method: str, path: str, body: Any, values: dict[str, Any]) -> httpx.Response:
    text = json.dumps(
        condition("EZ-NEW") if body == "condition" else condition("EZ-R", crn="{crn}") if body == "rehearsal" else body
    )
    for name, value in values.items():
        path, text = path.replace(f"{{{name}}}", str(value)), text.replace(f"{{{name}}}", str(value))
    headers = {
        "If-Match": '"1"',
        "X-Purpose": "a guess",
        "Content-Type": "application/geo+json" if isinstance(body, str) else "application/json",
    }
    with api.client(Role.PRACTITIONER) as client:
        return client.request(method, path, content=None if body is None else text, headers=headers)


def bare(answer: httpx.Response, values: dict[str, Any]) -> tuple[int, str, dict[str, str]]:
    """Without what the caller named, and what differs each time."""
    text = answer.text
    for value in values.values():
        if isinstance(value, str):
            text = text.replace(value, "_")
    told = {name: value for name, value in answer.headers.items() if name in {"etag", "location", "retry-after"}}
    return answer.status_code, re.sub(r'"instance":"[^"]*"', "", text), told


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
def test_another_s_is_as_if_it_were_not_there(
    api: RunningApi, theirs: dict[str, Any], method: str, path: str, body: Any
) -> None:
    nobody = {
        "alert": NO_ALERT,
        "person": NOBODY,
        "crn": "X999999",
        "zone": "NONE-1",
        "condition": NOBODY,
        "basis": NOBODY,
    }
    real, guessed = (bare(ask(api, method, path, body, one), one) for one in (theirs, nobody))
    assert real == guessed
    assert real[0] != 500
