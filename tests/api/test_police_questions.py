"""One analyst's questions are counted together, refused beyond a setting, and shown to the auditor."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from access.roles import Role
from tests.access.police_world import as_police
from tests.api.police import PoliceApi, police_api
from tests.api.test_scene_searches import BY_CRIME
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_token
from tests.support.trails import ASKED, let_pass

ELIMINATION = {"crn": "X100002", "reason": "named"}


@pytest.fixture
def three(migrated_database: DatabaseUrls) -> Iterator[PoliceApi]:
    """Three questions a day."""
    with police_api(migrated_database, police_questions_max=3) as police:
        yield police


def every_kind(police: PoliceApi, token: str | None = None) -> list[httpx.Response]:
    token = token or police.api.tokens[Role.POLICE_ANALYST]
    asked: list[tuple[str, Any]] = [
        (f"/v1/crimes/{police.world.crime}/eliminations", ELIMINATION),
        ("/v1/scene-searches", BY_CRIME),
        ("/v1/trail-requests", ASKED),
    ]
    with police.api.client() as client:
        return [client.post(path, json=body, headers={"Authorization": f"Bearer {token}"}) for path, body in asked]


def statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


def test_questions_of_every_kind_count_together_and_one_too_many_is_refused(three: PoliceApi) -> None:
    assert statuses(every_kind(three)) == [202, 202, 201]
    let_pass(three, hours=1)
    refused = every_kind(three)
    assert statuses(refused) == [429] * 3
    for answer in refused:
        assert answer.headers["content-type"] == "application/problem+json"
        assert 22.9 * 3600 < int(answer.headers["retry-after"]) <= 23 * 3600
        assert "X100001" not in answer.text
    assert len({answer.json()["detail"] for answer in refused}) == 1, "the same for whoever is asked about"
    with as_owner(three.api.urls.owner) as cursor:
        same, another = (seed_token(cursor, Role.POLICE_ANALYST, name) for name in ("The.Police_Analyst", "b.analyst"))
    assert statuses(every_kind(three, same)) == [429] * 3, "however the name is written"
    assert statuses(every_kind(three, another)) == [202, 202, 201]
    let_pass(three, hours=23)
    assert statuses(every_kind(three)) == [202, 202, 201]


def test_the_auditor_sees_who_asked_how_much_and_who_was_stopped(three: PoliceApi) -> None:
    every_kind(three)
    every_kind(three)
    now = datetime.now(UTC)
    window = httpx.QueryParams(
        {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}
    )
    answer = three.api.get(Role.AUDITOR, f"/v1/police-questions?{window}")
    assert answer.json()["most_in_24_h"] == 3
    (counts,) = answer.json()["counts"]
    assert counts == {
        "day": now.date().isoformat(),
        "force": "Metropolitan",
        "subject": "the.police_analyst",
        "eliminations": 1,
        "scene_searches": 1,
        "trail_requests": 1,
        "stopped": 3,
    }
    assert [record[0] for record in three.audited("audit.search")] == ["allowed"]
    wrong = httpx.QueryParams({"from": now.isoformat(), "to": (now + timedelta(days=93)).isoformat()})
    assert three.api.get(Role.AUDITOR, f"/v1/police-questions?{wrong}").status_code == 422


def test_the_database_counts_where_the_program_forgets_to(three: PoliceApi) -> None:
    """Also the searches, which are written without a function."""
    with as_police(three.api.urls) as cursor, pytest.raises(Exception, match="asks 100 questions in 24 hours at most"):
        cursor.execute(
            "INSERT INTO scene_searches (force, crime_id, lat, lon, radius_m, from_time, to_time, requested_by)"
            " SELECT 'Metropolitan', %s, 51.5, -0.1, 100, now() - interval '1 hour', now(), 'an.analyst'"
            " FROM generate_series(1, 101)",
            (three.world.crime,),
        )
