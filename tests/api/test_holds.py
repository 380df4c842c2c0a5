"""Legal holds by the API: placed by one manager, released by another, and by nobody else."""

import pytest

from access.roles import Role
from store.database import Identity, Pool
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner, seed_token

HOLD = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-31T23:59:00Z", "reason": "complaint 77"}


def test_a_hold_is_placed_by_one_and_released_by_another(api: RunningApi) -> None:
    path = f"/v1/people/{api.own.person_id}/holds"
    with as_owner(api.urls.owner) as cursor:
        another = seed_token(cursor, Role.MANAGER, "another.manager")
    with api.client(Role.MANAGER) as client:
        placed = client.post(path, json=HOLD)
        assert (placed.status_code, placed.json()["reason"]) == (201, "complaint 77")
        assert client.get(path).json() == {"holds": [placed.json()]}
        release = f"{path}/{placed.json()['legal_hold_id']}/release"
        refused = client.post(release, json={"reason": "over"})
        assert (refused.status_code, refused.json()["detail"]) == (
            422,
            "whoever placed a hold does not release it: somebody else does",
        )
        assert client.get(path).json() == {"holds": [placed.json()]}
        headers = {"Authorization": f"Bearer {another}"}
        assert client.post(release, json={"reason": "over"}, headers=headers).json() == {"holds": []}
        assert client.post(release, json={"reason": "over"}, headers=headers).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MANAGER])
def test_nobody_else_places_or_reads_them(api: RunningApi, role: Role) -> None:
    path = f"/v1/people/{api.own.person_id}/holds"
    with api.client(role) as client:
        assert client.get(path).status_code == client.post(path, json=HOLD).status_code == 403
    with as_owner(api.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO legal_holds (person_id, from_time, to_time, reason, placed_by)"
            " VALUES (%s, now(), now(), 'case', 'x')",
            (api.own.person_id,),
        )
    pool = Pool(api.urls.api, "test", size=1)
    with pool.transaction(Identity(f"the.{role}", role, "", "", "Metropolitan")) as cursor:
        cursor.execute("SELECT FROM legal_holds")
        assert cursor.fetchall() == []
        cursor.execute("UPDATE legal_holds SET released_by = %s, released_at = now()", (f"the.{role}",))
        assert cursor.rowcount == 0
    pool.close()


def test_an_end_before_the_beginning_is_refused(api: RunningApi) -> None:
    with api.client(Role.MANAGER) as client:
        answer = client.post(f"/v1/people/{api.own.person_id}/holds", json=HOLD | {"to": "2026-02-01T00:00:00Z"})
    assert answer.status_code == 422
