"""Text that is shown in another order than it is written misleads whoever reads it: none is taken in."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from access.roles import Role
from alerts.case_details import BadDetailError, checked_detail
from alerts.casework_rules import default_rules
from api.fields import PRINTABLE
from geofence.geojson import read_conditions, read_zones
from model.casework import CaseAction
from model.plain_text import misleads
from tests.api.test_policy import DOCUMENT
from tests.support.api_server import RunningApi
from tests.support.conditions import condition
from tests.support.zone_files import feature

TURNED = "Sam \u202eelpmaxE"
MISLEADING = [TURNED, "a\u2066b", "a\u2028b", "a\x00b", "a\x85b", "a\ud800b"]
PLAIN = ["Seán Ó Dálaigh", "محمد", "a\u200db", "line\u00a0one"]


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for inner in schema.values():
            yield from patterns(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from patterns(inner)


@pytest.mark.parametrize("text", MISLEADING)
def test_what_misleads_is_told_from_what_does_not(text: str) -> None:
    assert misleads(text)
    assert not any(misleads(plain) for plain in PLAIN)
    if text != "a\ud800b":
        assert re.search(PRINTABLE, text) is None
    assert all(re.search(PRINTABLE, plain) for plain in PLAIN)


def test_every_free_pattern_of_the_api_is_the_same_one() -> None:
    free = {pattern for pattern in patterns(DOCUMENT) if "x00" in pattern}
    assert free == {PRINTABLE}


def test_no_note_zone_or_condition_has_it() -> None:
    with pytest.raises(BadDetailError, match="direction"):
        checked_detail(CaseAction.NOTE, {"text": TURNED}, default_rules())
    assert read_zones(feature("EZ-1", name=TURNED)).problems
    for field in ("name", "wording"):
        document = condition()
        document["properties"][field] = TURNED
        assert read_conditions(document, owner="X1").problems, field


def test_no_person_has_it(api: RunningApi) -> None:
    with api.client(Role.ADMINISTRATOR) as client:
        answer = client.post("/v1/people", json={"crn": "X999999", "name": TURNED})
    assert answer.status_code == 422
