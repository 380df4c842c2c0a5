"""The measured precision of detection, from real actions on real cases, for those who may read it."""

import uuid
from uuid import UUID

import pytest

from access.roles import Role
from alerts.casework import act
from model.casework import CaseAction
from store.precision import read_judged_alerts, read_judged_alerts_as_owner
from tests.support.api_server import RunningApi
from tests.support.cases import seed_staff
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_alert, seed_wearer, seed_zone

READERS = {Role.MANAGER, Role.ADMINISTRATOR, Role.MONITORING_OFFICER, Role.PROGRAMME_ANALYST}


class Alert:
    """One alert of its own wearer, worked by two officers."""

    def __init__(self, urls: DatabaseUrls) -> None:
        self._urls = urls
        with as_owner(urls.owner) as cursor:
            wearer = seed_wearer(cursor, f"X{uuid.uuid4().hex[:8]}")
            zone_id = seed_zone(cursor, f"Z-{uuid.uuid4().hex[:8]}", wearer.person_id)
            self.alert_id: UUID = seed_alert(cursor, wearer, zone_id, MORNING)

    def do(self, officer: str, action: str, **detail: str) -> "Alert":
        with as_owner(self._urls.owner) as cursor:
            act(cursor, officer, self.alert_id, None, CaseAction(action), detail)
        return self

    def closed(self, outcome: str, officer: str = "officer.a") -> "Alert":
        self.do(officer, "start_review").do(officer, "invite_account")
        return self.do(officer, "close", outcome=outcome, text="why")


@pytest.fixture
def urls(migrated_database: DatabaseUrls) -> DatabaseUrls:
    with as_owner(migrated_database.owner) as cursor:
        for officer in ("officer.a", "officer.b"):
            seed_staff(cursor, officer)
    return migrated_database


def test_each_alert_is_counted_once_by_what_it_was_closed_with_last(urls: DatabaseUrls) -> None:
    Alert(urls)
    Alert(urls).closed("warning")
    Alert(urls).closed("authorised")
    Alert(urls).closed("drift")
    Alert(urls).closed("noted")
    Alert(urls).closed("drift").do("officer.b", "reopen", text="seen again").closed("warning")
    with as_owner(urls.owner) as cursor:
        (found,) = read_judged_alerts_as_owner(cursor)
    assert (found.kind, found.preset, found.raised_month.isoformat()) == (
        "exclusion_zone_breach",
        "steady",
        "2026-03-01",
    )
    counted = (found.alerts, found.still_open, found.breach, found.allowed, found.false_alarm, found.not_counted)
    assert counted == (6, 1, 2, 1, 1, 1)
    assert (found.reopened, found.contested, found.overturned) == (1, 0, 0)


def test_overturned_is_contested_and_then_closed_otherwise(urls: DatabaseUrls) -> None:
    contest = {"by": "wearer", "text": "not so"}
    Alert(urls).closed("warning").do("officer.a", "contest", **contest).closed("authorised", "officer.b")
    Alert(urls).closed("warning").do("officer.a", "contest", **contest).closed("recall_requested", "officer.b")
    Alert(urls).do("officer.a", "contest", **contest).closed("drift", "officer.b")
    Alert(urls).closed("warning").do("officer.a", "contest", **contest)
    with as_owner(urls.owner) as cursor:
        (found,) = read_judged_alerts_as_owner(cursor)
    assert (found.contested, found.overturned, found.still_open) == (4, 2, 1)


@pytest.mark.parametrize("role", Role)
def test_who_may_read_it_sees_numbers_of_people_whom_they_do_not_see(api: RunningApi, role: Role) -> None:
    answer = api.get(role, "/v1/detection-precision")
    if role not in READERS:
        assert answer.status_code == 403
        return
    (kind,) = answer.json()["kinds"]
    if role is Role.PROGRAMME_ANALYST:
        assert (kind["alerts"], kind["still_open"], answer.json()["rounded_to"]) == (5, 5, 5), "three, rounded"
        return
    assert (kind["alerts"], kind["still_open"], kind["decided"]) == (3, 3, None)
    assert kind["words"] == "fewer than 5 decided: too few to say; not final, 3 of 3 alerts are open"
    assert "X100001" not in answer.text


def test_the_database_itself_refuses_other_roles(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT set_config('cordon.role', 'practitioner', true)")
        with pytest.raises(Exception, match="not for this role"):
            read_judged_alerts(cursor)
