"""Evidence through the API: asked for after a review, taken away under record, hidden from everybody else."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from access.roles import Role
from crimes.evidence.verify import verify_bundle
from tests.api.police import PoliceApi
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.evidence import SCENE, WANTED, EvidenceWorld, evidence_world
from tests.support.waiting import wait_until


@pytest.fixture
def evidence(migrated_database: DatabaseUrls, tmp_path: Path) -> Iterator[tuple[EvidenceWorld, RunningApi]]:
    with evidence_world(migrated_database, tmp_path) as world, running_api(migrated_database) as api:
        yield world, api


def ask(api: RunningApi, result: int, body: object = None, role: Role = Role.POLICE_ANALYST) -> httpx.Response:
    with api.client(role) as client:
        return client.post(f"/v1/matches/{result}/evidence", json=WANTED if body is None else body)


def test_asked_for_issued_taken_away_and_told_of_a_change(evidence: tuple[EvidenceWorld, RunningApi]) -> None:
    world, api = evidence
    assert ask(api, world.result).status_code == 422
    world.qualify()
    asked = ask(api, world.result)
    assert asked.status_code == 202, asked.text
    number = asked.json()["evidence_id"]
    assert asked.json()["state"] == "requested"

    def read() -> dict[str, Any]:
        found: dict[str, Any] = api.get(Role.POLICE_ANALYST, f"/v1/evidence/{number}").json()
        return found

    wait_until(lambda: read()["state"] == "issued", what="the bundle")
    answer = api.get(Role.POLICE_ANALYST, f"/v1/evidence/{number}/bundle")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    found = verify_bundle(answer.content, world.public_key.read_bytes())
    assert found.faults == ()
    assert read()["key_fingerprint"] == found.key_fingerprint
    assert len(read()["manifest_sha256"]) == hashlib.sha256().digest_size * 2
    world.send([(64.5, SCENE), (65.5, SCENE)])
    wait_until(lambda: bool(read()["notices"]), what="the notice")
    page = api.get(Role.POLICE_ANALYST, "/v1/evidence-notices").json()
    assert page["next"] is None
    (notice,) = page["notices"]
    assert (notice["evidence_id"], notice["recipient"], notice["told_at"]) == (number, "the.police_analyst", None)
    assert notice["changes"][0] == "6 positions counted and 8 count now"
    assert read()["notices"][0]["told_at"] is not None
    exported = [record[:2] for record in api.audit("evidence.export")]
    assert exported == [("allowed", "the.police_analyst")]
    assert api.audit("evidence.export")[0][2] is not None, "whose evidence it is"


def test_before_a_review_nothing_can_be_asked_for(police: PoliceApi) -> None:
    answer = ask(police.api, police.world.present)
    assert answer.status_code == 422
    assert "have it reviewed first" in answer.json()["detail"]
    assert police.qualify(police.world.present).status_code == 200
    assert ask(police.api, police.world.present).status_code == 202
    assert [record[0] for record in police.audited("evidence.request")] == ["refused", "allowed"]


def test_no_such_and_not_yours_are_one_answer(police: PoliceApi) -> None:
    police.qualify(police.world.present)
    number = ask(police.api, police.world.present).json()["evidence_id"]
    assert police.get(f"/v1/evidence/{number}").json()["state"] == "requested"
    assert police.get(f"/v1/evidence/{number}/bundle").status_code == 404, "it is not issued yet"
    for path in ("/v1/evidence/{}", "/v1/evidence/{}/bundle"):
        theirs, none = (police.as_other_force("GET", path.format(one)) for one in (number, 99))
        assert theirs.status_code == none.status_code == 404
        assert theirs.text == none.text
    for result in (police.world.their_match, police.world.unplaced, 10**9):
        assert ask(police.api, result).status_code == 404
    assert police.get("/v1/evidence-notices").json() == {"notices": [], "next": None}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        (WANTED | {"more": 1}, 422),
        (WANTED | {"purpose": ""}, 422),
        (WANTED | {"exhibit": "a\nb"}, 422),
        (WANTED | {"maker": "x" * 2000}, 422),
        ([], 422),
    ],
)
def test_a_request_of_another_shape_is_refused(police: PoliceApi, body: object, status: int) -> None:
    police.qualify(police.world.present)
    answer = ask(police.api, police.world.present, body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
