"""The rules of casework are checked as a whole before they hold."""

import pytest

from alerts.casework_rules import (
    current_rules,
    default_document,
    default_rules,
    escalation_of,
    response_times,
    rules_of,
)
from model.casework_rules import CaseworkRules
from model.enums import Severity, Urgency
from ops.errors import InputError
from store.casework_rules import add_rules
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner


def test_the_programs_own_rules_hold_together() -> None:
    rules: CaseworkRules = default_rules()
    assert rules.version == 0
    assert response_times(rules, Severity.BREACH, Urgency.IMMEDIATE).acknowledge_s == 300
    assert escalation_of(rules, Severity.INFORMATION).in_hours == ()


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("quiet_s = 45", "quiet_s = 600", "quiet_s: give 0 s to receipt_within_s"),
        ("quiet_s = 45", 'quiet_s = "soon"', "cannot be read"),
        ('code = "drift"', 'code = "warning"', "outcomes: warning is there twice"),
        ("acknowledge_s = 300\nfirst", "acknowledge_s = 30000\nfirst", "in that order"),
        ('time_zone = "Europe/London"', 'time_zone = "Europe/Londn"', "there is no Europe/Londn"),
        ("least_age_years = 18", "least_age_years = 16", "nobody below 18 is tagged"),
        ("least_age_years = 18", "least_age = 18", "least_age_years"),
        ("acknowledge_within_s = 300", "acknowledge_within_s = 5", "at least 60 s"),
    ],
)
def test_wrong_rules_are_refused_and_said_why(was: str, becomes: str, said: str) -> None:
    document = default_document()
    assert was in document
    with pytest.raises(InputError, match=said):
        rules_of(document.replace(was, becomes, 1), 1)


def test_the_latest_version_holds(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        assert current_rules(cursor) == default_rules()
        version = add_rules(cursor, default_document().replace("quiet_s = 45", "quiet_s = 30"), "admin.lee")
        assert (version, current_rules(cursor).version, current_rules(cursor).quiet_s) == (1, 1, 30)
