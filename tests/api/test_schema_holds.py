"""Schemathesis asks every route of the OpenAPI document, by what it allows and by what it does not: no answer is a
fault of ours, and none has a status, a type or a shape that the document does not name.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from access.roles import POLICY, Permission, Role
from store.sources import create_source
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner

EXAMPLES = 3  # of each route and way; 30 were tried by hand
WITHOUT_END = {"/v1/alerts/stream"}  # tests/api/test_stream.py opens it
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def permitted(permission: str | None, key: str, api: RunningApi) -> dict[str, str]:
    """The header of whoever may ask: a role's token, or a source's key."""
    roles = [role for role in Role if permission and Permission(permission) in POLICY[role]]
    return {"Authorization": f"Bearer {api.tokens[roles[0]] if roles else key}"}


def asked(
    operation: Any, mode: GenerationMode, api: RunningApi, session: requests.Session, headers: dict[str, str]
) -> Iterator[str]:
    """What was wrong with the answers to what Schemathesis makes up for the operation."""
    there = {"person_id": api.own.person_id, "alert_id": api.own_alert, "reference": "SHARED-1"}
    found: list[str] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:  # else nearly every answer would be that there is no such thing
            case.path_parameters.update({name: there[name] for name in case.path_parameters.keys() & there.keys()})
        try:
            case.call_and_validate(base_url=api.url, session=session, headers=headers, checks=CHECKS)
        except FailureGroup as failures:
            found.extend(f"{operation.label}: {failure}" for failure in failures.exceptions)

    with suppress(Unsatisfiable):  # a route without parameters, which nothing can be wrong with
        ask()
    yield from found


@pytest.mark.timeout(600)
def test_no_answer_is_a_fault_or_breaks_the_document(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        key = create_source(cursor, "schemathesis")
    document = fresh_api.app.openapi()
    wrong: list[str] = []
    count = 0
    with requests.Session() as session:
        for loaded in schemathesis.openapi.from_dict(document).get_all_operations():
            assert isinstance(loaded, Ok), loaded
            operation = loaded.ok()
            if operation.path in WITHOUT_END:
                continue
            count += 1
            headers = permitted(operation.definition.raw.get("x-permission"), key, fresh_api)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                wrong += asked(operation, mode, fresh_api, session, headers)
    assert count == sum(len(methods) for methods in document["paths"].values()) - len(WITHOUT_END)
    assert wrong == []
