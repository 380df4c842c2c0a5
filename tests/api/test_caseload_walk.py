"""Every route of the document, as every role that supervises: nothing of anybody who is not theirs, in any answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from psycopg2.extras import Json

from access.roles import POLICY, Permission, Role
from store.database import Cursor, fetch_one
from tests.api.test_policy import GUARDED
from tests.support.api_server import RunningApi
from tests.support.conditions import condition, post
from tests.support.seed import (
    MORNING,
    as_owner,
    seed_alert,
    seed_positions,
    seed_shift,
    seed_token,
    seed_wearer,
    seed_zone,
)

MARKS = ("PLANTED", "Planted Name", "EZ-PLANTED", "planted wording", "51.5123", "pl.anted")
"""Of a person of another team's: CRN, name, zone, place, notes and practitioner."""
SUPERVISING = (Role.PRACTITIONER, Role.MANAGER, Role.DUTY_OFFICER)
SEES_NOBODY = tuple(
    role
    for role in Role
    if role not in SUPERVISING and not POLICY[role] & {Permission.PEOPLE_WRITE, Permission.ZONES_WRITE}
)
WITHOUT_END = {"/v1/alerts/stream"}
WINDOW = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Planted:
    """What the addresses of routes are filled with."""

    api: RunningApi
    ids: dict[str, Any]


def other_team(cursor: Cursor) -> None:
    """The planted person's; and the team of whoever asks."""
    cursor.execute(
        "INSERT INTO teams (name) VALUES ('Theirs'), ('Ours');"
        "INSERT INTO staff (subject, name, role, team_id) SELECT subject, 'S', role, team_id FROM teams JOIN (VALUES"
        " ('an.other.manager', 'manager', 'Theirs'), ('the.manager', 'manager', 'Ours'),"
        " ('the.practitioner', 'practitioner', 'Ours')) AS given (subject, role, team) ON team = teams.name;"
        "UPDATE people SET team_id = (SELECT team_id FROM teams WHERE name = 'Theirs')"
        " WHERE crn = 'PLANTED'"
    )


@pytest.fixture(scope="module")
def planted(api: RunningApi) -> Planted:
    with as_owner(api.urls.owner) as cursor:
        wearer = seed_wearer(cursor, "PLANTED", "pl.anted", name="Planted Name")
        zone = seed_zone(cursor, "EZ-PLANTED", wearer.person_id)
        alert = seed_alert(cursor, wearer, zone, MORNING)
        seed_positions(cursor, wearer.device_id, 3)
        cursor.execute("UPDATE positions SET lat = 51.5123 WHERE device_id = %s", (wearer.device_id,))
        # tags are the monitoring officer's to see by serial, and conditions the auditor's by reference
        cursor.execute("UPDATE devices SET serial = 'TAG-1' WHERE device_id = %s", (wearer.device_id,))
    drafted = post(api, Role.MANAGER, f"/v1/people/{wearer.person_id}/conditions", condition("EZ-DRAFTED"))
    assert drafted.status_code == 201, drafted.text
    with as_owner(api.urls.owner) as cursor:
        other_team(cursor)
        cursor.execute("UPDATE rota_shifts SET during = tstzrange(lower(during), lower(during) + interval '1 day')")
        cursor.execute(
            "UPDATE alert_cases SET assigned_to = 'another.officer', version = 2 WHERE alert_id = %s", (str(alert),)
        )
        cursor.execute(
            "INSERT INTO alert_actions VALUES (%s, 2, 'note', 'an.other.manager', now(), %s)",
            (str(alert), Json({"text": "planted wording"})),
        )
        cursor.execute("SELECT shift_id FROM rota_shifts")
        shift: int = fetch_one(cursor)[0]
    ids = {"person_id": wearer.person_id, "alert_id": alert, "reference": "EZ-PLANTED", "shift_id": shift}
    return Planted(api, ids | {"condition_id": drafted.json()["condition_id"], "subject": "another.officer"})


def answers(planted: Planted, role: Role, token: str | None = None) -> Iterator[tuple[str, str, httpx.Response]]:
    """Each route that the role may ask, with the planted person's ids in its path, and as filters too."""
    person = planted.ids["person_id"]
    with planted.api.client(role) as client:
        if token is not None:
            client.headers["Authorization"] = f"Bearer {token}"
        for method, path, operation in GUARDED:
            if operation["x-permission"] not in POLICY[role] or path in WITHOUT_END:
                continue
            named = {name: planted.ids.get(name, 1) for name in re.findall(r"\{(\w+)(?::path)?\}", path)}
            takes = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
            filters = [{}] if "from" not in takes else [WINDOW]
            filters += [{"person": person}] * ("person" in takes) + [{"zone": "EZ-PLANTED"}] * ("zone" in takes)
            for query in filters:
                headers = {"If-Match": '"1"'}
                yield method, path, client.request(method, path.format(**named), params=query, headers=headers)


def leaks(planted: Planted, role: Role, token: str | None = None) -> set[tuple[str, str]]:
    """Where something of the planted person stands in an answer; what the caller named themselves is not told by it."""
    found = set()
    for method, path, answer in answers(planted, role, token):
        text = re.sub(r'"instance":"[^"]*"', "", answer.text)
        if any(mark in text for mark in MARKS) and not is_echo(answer):
            found.add((method, path))
        assert answer.status_code < 500 or role not in SUPERVISING, (role, path)
    return found


def is_echo(answer: httpx.Response) -> bool:
    return answer.status_code in {404, 422} and "PLANTED" in str(answer.request.url)


@pytest.mark.parametrize("role", [*SUPERVISING, *SEES_NOBODY])
def test_no_answer_holds_anything_of_who_is_not_theirs(planted: Planted, role: Role) -> None:
    assert leaks(planted, role) == set()


def test_the_marks_are_found_where_they_are_to_be_found(planted: Planted) -> None:
    """Or the walk would find nothing anywhere: the person's own manager sees them, and whoever is on duty."""
    with as_owner(planted.api.urls.owner) as cursor:
        manager = seed_token(cursor, Role.MANAGER, "an.other.manager")
        officer = seed_token(cursor, Role.DUTY_OFFICER, "night.officer")
        seed_shift(cursor, "night.officer")
    expected = {
        ("get", path)
        for path in (
            "/v1/people",
            "/v1/people/{person_id}",
            "/v1/alerts",
            "/v1/alerts/{alert_id}",
            "/v1/alerts/{alert_id}/explanation",
            "/v1/episodes",
            "/v1/zones",
            "/v1/conditions",
            "/v1/conditions/{condition_id}",
        )
    }
    assert leaks(planted, Role.MANAGER, manager) >= expected | {
        ("get", "/v1/people/{person_id}/track"),
        ("get", "/v1/devices"),
    }
    assert leaks(planted, Role.DUTY_OFFICER, officer) >= expected


def test_who_breaks_the_glass_sees_the_person_and_is_reviewed(planted: Planted) -> None:
    person, given = planted.ids["person_id"], {"crn": "PLANTED", "reason": "the police are at the door"}
    with planted.api.client(Role.PRACTITIONER) as client:
        assert client.get(f"/v1/people/{person}").status_code == 404
        unknown = client.post("/v1/break-glass", json=given | {"crn": "X987654"})
        assert unknown.status_code == 404
        opened = client.post("/v1/break-glass", json=given)
        assert (opened.status_code, opened.json()["crn"]) == (201, "PLANTED"), opened.text
        assert client.get(f"/v1/people/{person}").status_code == 200
        assert client.post("/v1/break-glass", json=given).status_code == 422
    path = f"/v1/break-glass/{opened.json()['break_glass_id']}/review"
    verdict = {"is_justified": False, "note": "nobody had rung"}
    assert post_as(planted.api, Role.MANAGER, path, verdict).status_code == 404, "another team's"
    with as_owner(planted.api.urls.owner) as cursor:
        token = seed_token(cursor, Role.MANAGER, "an.other.manager")
    assert planted.api.get(Role.AUDITOR, "/v1/break-glass").json()["break_glass"][0]["crn"] is None
    with planted.api.client() as client:
        client.headers["Authorization"] = f"Bearer {token}"
        assert len(client.get("/v1/break-glass?unreviewed=true").json()["break_glass"]) == 1
        assert client.post(path, json=verdict).json()["is_justified"] is False
    assert planted.api.get(Role.PRACTITIONER, f"/v1/people/{person}").status_code == 404
    assert [record[0] for record in planted.api.audit("break_glass.open")] == ["refused", "allowed", "refused"]


def post_as(api: RunningApi, role: Role, path: str, document: Any) -> httpx.Response:
    with api.client(role) as client:
        return client.post(path, json=document)


def test_cover_is_granted_read_and_taken_back(planted: Planted) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    wanted = {"covered": "the.practitioner", "covered_by": "the.duty_officer", "reason": "leave"}
    wanted |= {"from": (now - DAY).isoformat(), "to": (now + DAY).isoformat()}
    own = planted.api.own.person_id
    assert planted.api.get(Role.DUTY_OFFICER, f"/v1/people/{own}").status_code == 404
    assert post_as(planted.api, Role.PRACTITIONER, "/v1/cover", wanted).status_code == 403
    for refused in ({"covered_by": "the.manager"}, {"covered": "nobody"}, {"to": wanted["from"]}):
        assert post_as(planted.api, Role.MANAGER, "/v1/cover", wanted | refused).status_code == 422
    granted = post_as(planted.api, Role.MANAGER, "/v1/cover", wanted)
    assert granted.status_code == 201, granted.text
    assert planted.api.get(Role.DUTY_OFFICER, f"/v1/people/{own}").status_code == 200
    assert planted.api.get(Role.DUTY_OFFICER, "/v1/cover").json()["covers"] == [granted.json()]
    path = f"/v1/cover/{granted.json()['cover_id']}/end"
    assert post_as(planted.api, Role.MANAGER, path, None).json()["ended_by"] == "the.manager"
    assert post_as(planted.api, Role.MANAGER, path, None).status_code == 404
    assert planted.api.get(Role.DUTY_OFFICER, f"/v1/people/{own}").status_code == 404
