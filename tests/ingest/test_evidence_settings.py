"""What the matcher makes bundles with comes from the settings, and a wrong one stops it before it matches anything."""

from dataclasses import replace
from pathlib import Path

import pytest

from crimes.evidence.signature import fingerprint, make_key
from crimes.evidence.templates import STATEMENT, load_templates
from ingest.matching.bundles import is_same_result, open_issuing
from ingest.matching.decisions import elsewhere
from model.crimes import MatchVerdict
from ops.errors import ConfigurationError
from ops.settings import Settings
from tests.support.crimes import WINDOW_FROM, a_match, position


def settings(**changes: object) -> Settings:
    return Settings.model_validate(changes)


def test_the_key_and_own_templates_are_read(tmp_path: Path) -> None:
    private, public = make_key()
    (tmp_path / "key.pem").write_bytes(private)
    (tmp_path / STATEMENT).write_text("Mine: $maker")
    issuing = open_issuing(settings(evidence_key_file=str(tmp_path / "key.pem"), evidence_templates=str(tmp_path)))
    assert issuing.key is not None
    assert issuing.key.fingerprint == fingerprint(public)
    assert issuing.templates.statement == "Mine: $maker"
    assert issuing.templates.report == load_templates().report, "what the folder does not have is the default"


def test_without_a_key_it_goes_on_and_issues_nothing() -> None:
    assert open_issuing(settings()).key is None


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("evidence_key_file", "CORDON_EVIDENCE_KEY_FILE"), ("evidence_templates", "CORDON_EVIDENCE_TEMPLATES")],
)
def test_what_is_not_there_stops_it(tmp_path: Path, name: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        open_issuing(settings(**{name: str(tmp_path / "nothing")}))


def test_a_key_that_is_none_stops_it_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("secret words")
    with pytest.raises(ConfigurationError, match="no unencrypted private key") as refused:
        open_issuing(settings(evidence_key_file=str(tmp_path / "key.pem")))
    assert "secret" not in str(refused.value)


def test_only_the_same_result_is_issued() -> None:
    present = a_match(1, MatchVerdict.PRESENT, [position(WINDOW_FROM)])
    assert is_same_result(present, replace(present))
    assert not is_same_result(present, replace(present, position_count=31))
    assert not is_same_result(present, a_match(1, MatchVerdict.ABSENT))
    ruled_out = a_match(1, MatchVerdict.ABSENT)
    assert is_same_result(elsewhere(1), ruled_out), "the search ruled them out; the look at the track says more"
    assert not is_same_result(ruled_out, replace(ruled_out, position_count=31))
    assert not is_same_result(elsewhere(1), present)
