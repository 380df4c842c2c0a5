"""The files that the documentation shows are taken as they stand."""

import re

from tests.crimes.files.police_files import read
from tests.docs.reference import ROOT

BLOCK = re.compile(r"```(?:json)?\n(.*?)```", re.DOTALL)


def test_every_example_is_read_without_an_error() -> None:
    text = (ROOT / "docs/police-files.md").read_text(encoding="utf-8")
    formats = []
    for block in BLOCK.findall(text):
        parsed, failed, facts = read(block.encode())
        assert parsed
        assert not failed
        assert not facts.refusals
        formats.append(facts.format)
    assert formats == ["police_csv", "csv", "geojson"]
