"""No route answers without a record: each is called by a role that may and by one that may not."""

from typing import Any

from access.roles import POLICY, Role
from store.database import fetch_one
from tests.api.test_policy import GUARDED, address
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner

WITHOUT_END = {"/v1/alerts/stream"}
ABOUT_NOBODY = {"/metrics", "/v1/me", "/v1/openapi.json"}
NOT_ASKED_YET = {422, 428}


def one_of_each(operation: dict[str, Any], method: str, path: str) -> list[Role]:
    """A role that may not, and one that may read."""
    may = [role for role in Role if operation["x-permission"] in POLICY[role]]
    may_not = [role for role in Role if role not in may]
    return [*may_not[:1], *(may[:1] if method == "get" and path not in WITHOUT_END else [])]


def test_each_refusal_of_a_role_is_recorded_and_each_answer_to_a_read(api: RunningApi) -> None:
    untold: list[Any] = []
    with as_owner(api.urls.owner) as cursor:
        cursor.connection.autocommit = True
        for method, path, operation in GUARDED:
            for role in one_of_each(operation, method, path):
                cursor.execute("SELECT coalesce(max(audit_id), 0) FROM audit_log")
                (before,) = fetch_one(cursor)
                with api.client(role) as client:
                    answer = client.request(method, address(path))
                if answer.status_code in NOT_ASKED_YET:
                    continue
                cursor.execute("SELECT outcome, role FROM audit_log WHERE audit_id > %s", (before,))
                expected = ("allowed" if answer.status_code < 300 else "refused", role.value)
                if expected not in cursor.fetchall():
                    untold.append((method, path, role.value, answer.status_code))
    assert {path for _, path, *_ in untold} == ABOUT_NOBODY, untold
