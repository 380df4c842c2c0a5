"""Rehearsing a draft zone: who may, what is recorded, what is refused, and that nothing is kept."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg2
import psycopg2.errors
import pytest

from access.roles import Role
from api import rehearsing
from store.database import fetch_one
from tests.conftest import fresh_database
from tests.servers.timescale import DatabaseServer
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_positions
from tests.support.zone_files import BOW_TIE, collection, feature

RING = [[-0.101, 51.5005], [-0.099, 51.5005], [-0.099, 51.5015], [-0.101, 51.5015], [-0.101, 51.5005]]
"""The seeded positions walk north through it, a metre a minute: they are inside from the 50th to the 150th."""

SUPERVISION = {Role.PRACTITIONER, Role.MANAGER, Role.DUTY_OFFICER}
COUNT = 240
PURPOSE = {"X-Purpose": "a draft for the licence"}


@pytest.fixture(scope="module")
def walked(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[RunningApi]:
    """An API whose two wearers walked through the zone two days ago, and once more half a year ago."""
    with fresh_database(embedded_server, embedded_template) as url, running_api(DatabaseUrls.of(url)) as running:
        with as_owner(running.urls.owner) as cursor:
            for wearer in (running.own, running.other):
                for days in (2, 180):
                    seed_positions(cursor, wearer.device_id, COUNT, datetime.now(UTC) - timedelta(days=days))
        yield running


def draft(crn: str | None = "X100001", **properties: Any) -> dict[str, Any]:
    owner = {} if crn is None else {"crn": crn}
    return feature("DRAFT-1", RING, **owner, **properties)


def post(
    api: RunningApi, role: Role, document: object, query: str = "", headers: dict[str, str] | None = None
) -> httpx.Response:
    with api.client(role) as client:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        return client.post(
            f"/v1/zones/rehearse{query}", content=content, headers=PURPOSE if headers is None else headers
        )


def last_record(api: RunningApi) -> tuple[Any, ...]:
    with as_owner(api.urls.owner) as cursor:
        cursor.execute(
            "SELECT outcome, subject, purpose, person_id, window_to - window_from, row_count, detail FROM audit_log"
            " WHERE action = 'zone.rehearse' ORDER BY audit_id DESC LIMIT 1"
        )
        return fetch_one(cursor)


def test_a_draft_over_the_wearer_s_last_weeks(walked: RunningApi) -> None:
    answer = post(walked, Role.PRACTITIONER, draft())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["alert_count"], told["by_kind"], told["positions"]) == (1, {"exclusion_zone_breach": 1}, COUNT)
    assert [week["alerts"] for week in told["weeks"]] == [0, 0, 0, 1]
    (alert,) = told["alerts"]
    assert -0.101 < alert["place"][0] < -0.099
    assert 51.5005 < alert["place"][1] < 51.5015
    assert [why["verdict"] for why in alert["why"]][-2:] == ["for", "for"]
    assert alert["entered_at"] < alert["confirmed_at"] < alert["left_at"]
    warnings = {warning["code"]: warning for warning in told["warnings"]}
    assert warnings.keys() == {"too_few_positions", "duplicates"}
    assert warnings["duplicates"]["figures"]["reference"] == "OWN-1"
    assert told["simulation"] is None
    assert len(told["notes"]) == 2


def test_the_read_is_recorded_with_its_window_rows_and_purpose(walked: RunningApi) -> None:
    post(walked, Role.MANAGER, draft("X100002"), "?weeks=6")
    outcome, subject, purpose, person_id, window, rows, detail = last_record(walked)
    assert (outcome, subject, purpose) == ("allowed", "the.manager", PURPOSE["X-Purpose"])
    assert (person_id, window, rows) == (walked.other.person_id, timedelta(weeks=6), COUNT)
    assert detail == {"reference": "DRAFT-1", "weeks": 6, "simulated": None}


@pytest.mark.parametrize("role", Role)
def test_who_may_rehearse(walked: RunningApi, role: Role) -> None:
    """The administrator draws zones and sees no tracks, so not the administrator."""
    answer = post(walked, role, draft())
    assert answer.status_code == (200 if role in SUPERVISION else 403)
    assert last_record(walked)[:2] == ("allowed" if role in SUPERVISION else "refused", f"the.{role}")


@pytest.mark.parametrize("crn", ["X100002", "X999999"])
def test_somebody_else_s_wearer_is_answered_like_nobody(walked: RunningApi, crn: str) -> None:
    for query in ("", "?simulated=1"):
        answer = post(walked, Role.PRACTITIONER, draft(crn), query)
        assert (answer.status_code, "no such person" in answer.json()["detail"]) == (404, True)
        assert last_record(walked)[:2] == ("refused", "the.practitioner")


def test_the_database_refuses_a_wearer_of_somebody_else_by_itself(walked: RunningApi) -> None:
    """The route is not the only door: the function asks row security's own rule."""
    with closing(psycopg2.connect(walked.urls.api, options="-c search_path=cordon")) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('cordon.role', 'practitioner', true), set_config('cordon.subject', %s, true),"
                " set_config('cordon.purpose', 'x', true), set_config('cordon.request_id', 'x', true)",
                ("the.practitioner",),
            )
            everything = "rehearsal_track(%s, '-infinity', 'infinity', 9999, '{}')"
            cursor.execute(f"SELECT count(*) FROM {everything}", (walked.own.person_id,))
            assert fetch_one(cursor)[0] == 2 * COUNT
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"SELECT * FROM {everything}", (walked.other.person_id,))
        with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT * FROM worn_positions(%s, '-infinity', 'infinity', 9)", (walked.own.person_id,))


@pytest.mark.parametrize(
    ("document", "query", "words"),
    [
        (draft(None), "", "is shared by all wearers"),
        (collection(feature("A", RING, crn="X100001"), feature("B", RING, crn="X100001")), "", "holds 2 zones"),
        (b"{", "", "no JSON"),
        (b"", "", "no JSON"),
        (draft(), "?weeks=0", "weeks"),
        (draft(), "?weeks=13", "weeks"),
        (draft(), "?simulated=-1", "simulated"),
        (draft(), "?week=2", "there are others"),
    ],
)
def test_what_is_wrong_is_said(walked: RunningApi, document: object, query: str, words: str) -> None:
    answer = post(walked, Role.PRACTITIONER, document, query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.text


def test_every_problem_of_the_draft_comes_at_once(walked: RunningApi) -> None:
    answer = post(walked, Role.PRACTITIONER, feature("TIE", BOW_TIE, crn="X100001", active_form="2026-01-01"))
    found = {error["defect"] for error in answer.json()["errors"]}
    assert (answer.status_code, found) == (422, {"self_crossing_ring", "misspelt"})


def test_a_purpose_is_needed(walked: RunningApi) -> None:
    before = walked.audit("zone.rehearse")
    answer = post(walked, Role.PRACTITIONER, draft(), headers={})
    assert (answer.status_code, "X-Purpose" in answer.json()["detail"]) == (422, True)
    assert walked.audit("zone.rehearse") == before


def test_too_many_positions_are_refused_and_the_read_is_recorded(
    walked: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsing, "MOST_POSITIONS", COUNT - 1)
    answer = post(walked, Role.PRACTITIONER, draft())
    assert (answer.status_code, "fewer weeks" in answer.json()["detail"]) == (422, True)
    assert last_record(walked)[5] == COUNT


def test_one_at_a_time_in_a_process(walked: RunningApi) -> None:
    before = walked.audit("zone.rehearse")
    with walked.app.state.services.rehearsing:
        answer = post(walked, Role.PRACTITIONER, draft())
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert walked.audit("zone.rehearse") == before
    for _ in range(2):  # whatever came of the one before
        assert post(walked, Role.PRACTITIONER, draft("X100002")).status_code == 404
    assert post(walked, Role.PRACTITIONER, draft()).status_code == 200


def test_a_simulated_routine_says_that_it_is_one_and_reads_nothing(walked: RunningApi) -> None:
    first = post(walked, Role.PRACTITIONER, draft(), "?simulated=3&weeks=1")
    told = first.json()
    assert first.status_code == 200, first.text
    assert (told["simulation"]["seed"], "nobody's real home" in told["simulation"]["home_is"]) == (3, True)
    assert told["positions"] > 1000
    assert last_record(walked)[4:] == (None, None, {"reference": "DRAFT-1", "weeks": 1, "simulated": 3})


def test_nothing_is_kept(walked: RunningApi) -> None:
    assert post(walked, Role.PRACTITIONER, draft()).status_code == 200
    with as_owner(walked.urls.owner) as cursor:
        cursor.execute("SELECT count(*) FROM zones WHERE reference = 'DRAFT-1'")
        assert fetch_one(cursor)[0] == 0
        cursor.execute("SELECT count(*) FROM visits WHERE entered_at > now() - interval '30 days'")
        assert fetch_one(cursor)[0] == 0
