"""A log line holds our own identifiers at most: what is personal or secret is withheld, however deep it stands."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
import structlog

from ops.logs import FORBIDDEN_FIELDS, configure_logging, get_logger

PERSONAL = {
    "crn": "X320741",
    "nomis_id": "G9542VP",
    "pnc_id": "2004/0712343H",
    "name": "Sam Example",
    "date_of_birth": "1984-02-29",
    "practitioner": "officer-17",
    "serial": "TAG-0001",
    "lat": 51.501364,
    "lon": -0.14189,
    "latitude": 51.501364,
    "longitude": -0.14189,
    "geometry": {"type": "Point", "coordinates": [-0.14189, 51.501364]},
    "token": "cdn_secret",
    "key": "source-secret",
    "password": "hunter2",
    "url": "postgresql://cordon:hunter2@db/cordon",
    "authorization": "Bearer cdn_secret",
}


@contextmanager
def logging_to(capsys: pytest.CaptureFixture[str], style: Literal["json", "text"] = "json") -> Iterator[list[str]]:
    """What was logged in the block, after it."""
    capsys.readouterr()
    configure_logging("info", style)
    lines: list[str] = []
    try:
        yield lines
    finally:
        structlog.reset_defaults()
    lines.append(capsys.readouterr().err)


@pytest.mark.parametrize("field", PERSONAL)
def test_personal_data_and_secrets_are_withheld(field: str, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(capsys) as lines:
        get_logger("test").info("something happened", **{field: PERSONAL[field]}, person_id=7)
    line = json.loads(lines[0])
    assert line[field] == "[withheld]"
    assert (line["event"], line["person_id"], line["room"]) == ("something happened", 7, "test")


@pytest.mark.parametrize("field", PERSONAL)
def test_however_deep_they_stand(field: str, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(capsys) as lines:
        get_logger("test").info("something happened", ping={"items": [{field: PERSONAL[field], "item": 3}]})
    assert json.loads(lines[0])["ping"]["items"] == [{field: "[withheld]", "item": 3}]
    assert str(PERSONAL[field]) not in lines[0]


def test_a_field_is_known_in_any_case(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(capsys) as lines:
        get_logger("test").info("something happened", CRN="X320741", Authorization="Bearer cdn_secret")
    assert json.loads(lines[0])["CRN"] == json.loads(lines[0])["Authorization"] == "[withheld]"


def test_text_lines_withhold_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(capsys, "text") as lines:
        get_logger("test").warning("something happened", crn="X320741")
    assert "something happened" in lines[0]
    assert "X320741" not in lines[0]


def test_the_list_has_no_name_that_is_never_matched() -> None:
    assert all(field == field.lower() for field in FORBIDDEN_FIELDS)
