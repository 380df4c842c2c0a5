"""Every police route, as every role: no position elsewhere, no name before its time, no word to whom it is not for."""

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx

from access.roles import POLICE_ROLES, POLICY, Role
from store.database import fetch_one
from tests.api.police import PoliceApi, answer_everything, write_tracks
from tests.api.test_policy import OPERATIONS
from tests.api.test_scene_searches import BY_AUTHORITY, BY_CRIME
from tests.support.crimes import SCENE_LAT, SCENE_LON, WINDOW_FROM, WINDOW_TO, seed_crime
from tests.support.seed import as_owner, seed_token

NAMES = ("X100001", "X100002", "X100003", "Sam Own", "Kim Other", "Jo Near", "TAG-")
DEVICES = ("device_id", "person_id", "fix_key", "serial")
POLICE_ROUTES = [
    (method, path, operation["x-permission"])
    for method, path, operation in OPERATIONS
    if operation.get("x-permission") in POLICY[Role.POLICE_ANALYST] | POLICY[Role.MATCH_REVIEWER]
    and operation.get("x-permission") not in POLICY[Role.AUDITOR] | {"crimes.import"}
]
PADDING = timedelta(minutes=10)
REPORT_M = 100
SEARCH_M = BY_CRIME["radius_m"]
METRES_PER_DEGREE = 111_195


def positions_in(document: Any) -> Iterator[dict[str, Any]]:
    """Every object anywhere in an answer that says where somebody was at some moment."""
    if isinstance(document, dict):
        if {"lat", "fix_time"} <= document.keys():
            yield document
        for value in document.values():
            yield from positions_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from positions_in(value)


def metres_away(position: dict[str, Any]) -> float:
    """On the sphere; good to a percent."""
    east = (position["lon"] - SCENE_LON) * math.cos(math.radians(SCENE_LAT))
    return METRES_PER_DEGREE * math.hypot(position["lat"] - SCENE_LAT, east)


def filled(path: str, ids: dict[str, int]) -> str:
    """With what is there, and what is not in the place of what this world does not know."""
    return path.format(**dict.fromkeys(re.findall(r"\{(\w+)\}", path), 4711) | ids)


def world_with_everything(police: PoliceApi) -> dict[str, int]:
    """A crime that was really matched against tracks, and one of each thing that police ask for."""
    write_tracks(police.api.urls)
    with as_owner(police.api.urls.owner) as cursor:
        crime, _ = seed_crime(cursor, police.world.batch, "CRI/9")
    asked = [
        police.post(f"/v1/crimes/{crime}/reruns"),
        police.post(f"/v1/crimes/{crime}/eliminations", {"crn": "X100002", "reason": "named"}),
        police.post("/v1/scene-searches", BY_CRIME | {"crime": "CRI/9"}),
        police.post("/v1/scene-searches", BY_AUTHORITY),
    ]
    assert [answer.status_code for answer in asked] == [202] * 4
    answer_everything(police.api.urls)
    result = police.get(f"/v1/crimes/{crime}/matches").json()["matches"][0]["result_id"]
    return {
        "crime_id": crime,
        "result_id": result,
        "elimination_id": asked[1].json()["elimination_id"],
        "scene_search_id": asked[2].json()["scene_search_id"],
    }


def every_answer(police: PoliceApi, ids: dict[str, int], role: Role) -> Iterator[tuple[str, httpx.Response]]:
    """Of every police route, given what it asks for; writes are asked for without a body, and refused."""
    with police.api.client(role) as client:
        for method, path, _ in POLICE_ROUTES:
            yield path, client.request(method, filled(path, ids))


def test_the_walk_goes_everywhere() -> None:
    assert len(POLICE_ROUTES) >= 12
    assert {path for method, path, _ in POLICE_ROUTES if method == "get"} >= {
        "/v1/crimes/{crime_id}/matches",
        "/v1/matches/{result_id}",
        "/v1/scene-searches/{scene_search_id}",
    }


def test_no_answer_holds_a_position_outside_the_window_and_the_radius(police: PoliceApi) -> None:
    ids = world_with_everything(police)
    for decision in (None, "confirmed"):
        if decision:
            assert police.qualify(ids["result_id"], decision).status_code == 200
        seen = 0
        for role in POLICE_ROLES:
            for path, answer in every_answer(police, ids, role):
                is_search = "scene-searches" in path
                padding = timedelta(0) if is_search else PADDING
                radius_m = SEARCH_M if is_search else REPORT_M
                for position in positions_in(answer.json()):
                    moment = datetime.fromisoformat(position["fix_time"])
                    assert WINDOW_FROM - padding <= moment <= WINDOW_TO + padding, path
                    assert metres_away(position) <= (radius_m + position["accuracy_m"]) * 1.01, path
                    seen += 1
        assert seen >= 2 * 3 * 11, "eleven at the scene: of the list, the match and the search, for both roles"


def test_no_answer_holds_a_name_but_that_of_a_confirmed_match(police: PoliceApi) -> None:
    ids = world_with_everything(police)
    named = set()
    for decision in (None, "confirmed"):
        if decision:
            police.qualify(ids["result_id"], decision)
        for role in POLICE_ROLES:
            for path, answer in every_answer(police, ids, role):
                assert not any(word in answer.text for word in DEVICES), path
                if "eliminations" not in path:  # where police gave the name themselves
                    named |= {(decision, path, name) for name in NAMES if name in answer.text}
    assert {decision for decision, _, _ in named} == {"confirmed"}
    assert {(path, name) for _, path, name in named} >= {
        (path, name)
        for path in ("/v1/crimes/{crime_id}/matches", "/v1/matches/{result_id}")
        for name in ("X100001", "Sam Own")
    }
    assert {name for _, _, name in named} == {"X100001", "Sam Own"}


def test_nobody_else_is_answered_at_all(police: PoliceApi) -> None:
    ids = world_with_everything(police)
    for role in Role:
        for method, path, permission in POLICE_ROUTES:
            if permission in POLICY[role]:
                continue
            with police.api.client(role) as client:
                answer = client.request(method, filled(path, ids))
            assert (answer.status_code, answer.json()["permission"]) == (403, permission), (role, path)


def test_a_force_s_answers_hold_nothing_of_another_s(police: PoliceApi) -> None:
    ids = world_with_everything(police)
    for method, path, _ in POLICE_ROUTES:
        if method != "get" or "{" not in path:
            continue
        answer = police.as_other_force("GET", filled(path, ids))
        assert answer.status_code == 404, path


def test_police_without_a_force_are_refused_everywhere_and_on_record(police: PoliceApi) -> None:
    """A token of the release before forces names none. Nothing of police is theirs, and no route breaks over it."""
    ids = world_with_everything(police)
    with as_owner(police.api.urls.owner) as cursor:
        tokens = {role: seed_token(cursor, role, "nobody.s") for role in POLICE_ROLES}
        cursor.execute("UPDATE access_tokens SET force = NULL WHERE subject = 'nobody.s'")
    asked = 0
    for role, token in tokens.items():
        with police.api.client() as client:
            for method, path, permission in [*POLICE_ROUTES, ("post", "/v1/crime-batches", "crimes.import")]:
                if permission in POLICY[role]:
                    headers = {"Authorization": f"Bearer {token}"}
                    answer = client.request(method, filled(path, ids), headers=headers)
                    assert (answer.status_code, "no police force" in answer.text) == (403, True), (role, path)
                    asked += 1
            assert client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("SELECT count(*) FROM audit_log WHERE subject = 'nobody.s' AND outcome = 'refused'")
        assert fetch_one(cursor) == (asked,)


def test_no_police_answer_without_its_record(police: PoliceApi) -> None:
    """Whatever is read: where the audit cannot be written there is no answer, and nothing of it in what is sent."""
    ids = world_with_everything(police) | {"crime_batch_id": police.world.batch}
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("ALTER TABLE audit_log ADD CHECK (outcome <> 'allowed') NOT VALID")
    answered = set()
    with police.api.client(Role.POLICE_ANALYST) as client:
        for method, path, operation in OPERATIONS:
            if method == "get" and operation.get("x-permission") in POLICY[Role.POLICE_ANALYST] - POLICY[Role.AUDITOR]:
                answer = client.get(filled(path, ids))
                assert answer.status_code in {404, 500}, path
                answered |= {path} if answer.status_code == 500 else set()
    assert answered >= {
        "/v1/crimes",
        "/v1/crimes/{crime_id}",
        "/v1/crimes/{crime_id}/matches",
        "/v1/crimes/{crime_id}/eliminations",
        "/v1/crime-batches/{crime_batch_id}/sheet",
        "/v1/crime-batches/{crime_batch_id}/errors.csv",
        "/v1/matches/{result_id}",
        "/v1/eliminations/{elimination_id}",
        "/v1/scene-searches/{scene_search_id}",
        "/v1/evidence-notices",
    }
