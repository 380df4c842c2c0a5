"""`cordon bases`: what lets a trail be looked at besides a condition."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.command import Cordon

BASIS = ("--kind", "court_order", "--reference", "T20261234", "--wording", "To be monitored by a tag.")
TIMES = ("--from", "2026-11-01T00:00Z", "--to", "2026-12-01T00:00Z")


@pytest.fixture
def office(cordon: Cordon, database: Callable[[str], Any]) -> Cordon:
    assert database("SELECT count(*) FROM legal_bases") == 0
    cordon("people", "add", "--crn", "X1", "--name", "Sam")
    for subject, role in (("officer.jones", "practitioner"), ("manager.patel", "manager")):
        code, _, error = cordon("staff", "add", subject, "--name", subject, "--role", role)
        assert code == 0, error
    return cordon


def test_drafted_approved_listed_and_ended(office: Cordon, database: Callable[[str], Any]) -> None:
    open_at = "SELECT trail_times(person_id) @> '{}'::timestamptz FROM people WHERE crn = 'X1'"
    code, out, error = office("bases", "draft", "X1", *BASIS, *TIMES, "--as", "officer.jones")
    assert (code, out.startswith("drafted legal basis 1 of X1")) == (0, True), error
    assert not database(open_at.format("2026-11-02Z"))
    code, _, error = office("bases", "approve", "1", "--as", "officer.jones")
    assert (code != 0, "practitioner" in error) == (True, True)
    assert (
        office("bases", "approve", "1", "--as", "manager.patel")[1]
        == "legal basis 1 is live, approved by manager.patel\n"
    )
    assert database(open_at.format("2026-11-02Z"))
    ended = office("bases", "end", "1", "--as", "manager.patel", "--at", "2026-11-10T00:00Z", "--reason", "discharged")
    assert ended[1] == "legal basis 1 ends at 2026-11-10T00:00+00:00\n", ended[2]
    assert not database(open_at.format("2026-11-11Z"))
    listed = office("bases", "list", "--crn", "X1")[1]
    assert all(word in listed for word in ("X1", "court_order", "T20261234", "ended", "officer.jones", "manager.patel"))
    actions = "SELECT array_agg(action ORDER BY audit_id) FROM audit_log WHERE action LIKE 'legal_bas%'"
    assert database(actions) == ["legal_basis.draft", "legal_basis.decide", "legal_basis.end", "legal_bases.list"]


def test_a_draft_is_refused_or_withdrawn(office: Cordon) -> None:
    office("bases", "draft", "X1", *BASIS, *TIMES, "--as", "officer.jones")
    office("bases", "draft", "X1", *BASIS, *TIMES, "--as", "officer.jones")
    refused = office("bases", "refuse", "1", "--as", "manager.patel", "--reason", "it names another")
    assert refused[1] == "legal basis 1 is refused\n"
    assert office("bases", "withdraw", "2", "--as", "officer.jones")[1] == "legal basis 2 is withdrawn\n"
    code, _, error = office("bases", "approve", "2", "--as", "manager.patel")
    assert (code != 0, "it was decided on before" in error) == (True, True)
    assert "nobody has the CRN" in office("bases", "draft", "X2", *BASIS, *TIMES, "--as", "officer.jones")[2]
