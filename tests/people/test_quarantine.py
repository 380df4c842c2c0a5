"""A corrected date of birth: monitoring stops, and what was recorded of a child is shut away on every way to it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.roles import Role
from model.times import to_microseconds
from store.database import connect, fetch_one
from store.matching import current_results
from store.webhooks import channel_of
from store.worker_state import devices_changed_since, load_activations
from store.worn_devices import load_wearings, survey
from tests.access.test_row_security import as_api
from tests.api.police import PoliceApi, police_api
from tests.api.test_people_changes import send
from tests.support.database import DatabaseUrls
from tests.support.delivery import add_webhook
from tests.support.people import ELIGIBLE
from tests.support.seed import MORNING, as_owner, seed_alert, seed_positions, seed_zone

CHILD = "2010-01-01"
HALF = "2008-03-02"  # 18 on 2 March 2026, the day after the tag was put on
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-04T00:00:00Z"}


@pytest.fixture
def police(migrated_database: DatabaseUrls) -> Iterator[PoliceApi]:
    """The own wearer has positions and an alert on both sides of midnight, and a match at about nine in the morning."""
    with police_api(migrated_database) as running:
        with as_owner(migrated_database.owner) as cursor:
            before = MIDNIGHT - timedelta(hours=2)
            seed_alert(cursor, running.api.own, seed_zone(cursor, "BEFORE", running.api.own.person_id), before)
            for start in (before, MORNING):
                seed_positions(cursor, running.api.own.device_id, 3, start)
            cursor.execute("INSERT INTO outbox (event_id, channel) SELECT event_id, 'kafka' FROM alert_events")
        yield running


def correct(police: PoliceApi, born: str) -> dict[str, Any]:
    path = f"/v1/people/{police.api.own.person_id}"
    answer = send(police.api, "PATCH", path, {"date_of_birth": born})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["correction"]
    return found


def add_officer(police: PoliceApi) -> None:
    officer = {"subject": "the.dpo", "name": "D. Officer", "role": "data_protection_officer", "email": "d@example.test"}
    assert send(police.api, "POST", "/v1/staff", officer).status_code == 201


def owner_rows(police: PoliceApi, statement: str) -> list[tuple[Any, ...]]:
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_a_date_that_makes_nobody_a_child_changes_nothing_else(police: PoliceApi) -> None:
    assert correct(police, "1991-01-01") == {"monitoring_stopped": False, "officers_told": 0}
    assert len(police.api.get(Role.MANAGER, track(police), params=WINDOW).json()["features"]) == 6


def track(police: PoliceApi) -> str:
    return f"/v1/people/{police.api.own.person_id}/track"


def test_a_child_s_time_is_gone_from_every_route(police: PoliceApi) -> None:
    own = police.api.own
    assert police.get(f"/v1/matches/{police.world.present}").status_code == 200
    assert correct(police, CHILD)["monitoring_stopped"]
    for role in (Role.MANAGER, Role.DUTY_OFFICER, Role.PRACTITIONER):
        assert police.api.get(role, track(police), params=WINDOW).json()["features"] == []
        assert police.api.get(role, f"/v1/people/{own.person_id}/visits").json()["visits"] == []
        seen = [one["person"]["crn"] for one in police.api.get(role, "/v1/alerts").json()["alerts"]]
        assert "X100001" not in seen
        assert police.api.get(role, f"/v1/alerts/{police.api.own_alert}").status_code == 404
        assert police.api.get(role, f"/v1/alerts/{police.api.own_alert}/explanation").status_code == 404
        matches = police.api.get(role, f"/v1/people/{own.person_id}/matches")
        assert matches.json()["matches"] == []
    assert police.get(f"/v1/matches/{police.world.present}").status_code == 404
    listed = police.get(f"/v1/crimes/{police.world.crime}/matches").json()
    assert police.world.present not in [one["result_id"] for one in listed["matches"]]
    assert police.get(f"/v1/alerts/{police.api.other_alert}", Role.MANAGER).status_code == 200, "another's stays"
    activations = police.api.get(Role.MANAGER, f"/v1/people/{own.person_id}/activations").json()["activations"]
    assert activations == []


@pytest.mark.parametrize("role", ["manager", "duty_officer", "practitioner", "service"])
def test_a_child_s_time_is_gone_below_the_routes(police: PoliceApi, role: str) -> None:
    correct(police, CHILD)
    own = police.api.own
    with as_api(police.api.urls, role) as cursor:
        for table in ("visits", "alerts", "alert_events"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE person_id = %s", (own.person_id,))
            assert fetch_one(cursor) == (0,), table
        cursor.execute(
            "SELECT * FROM person_track(%s, '2026-03-01Z', '2026-03-04Z', NULL, NULL, NULL, 10)", (own.person_id,)
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT * FROM rehearsal_track(%s, '2026-03-01Z', '2026-03-04Z', 10, '{}')", (own.person_id,))
        assert cursor.fetchall() == []
        cursor.execute("SELECT activation_heard(%s)", (own.activation_id,))
        assert fetch_one(cursor) == (None,)


def test_evidence_of_a_child_s_match_is_nobody_s(police: PoliceApi) -> None:
    police.qualify(police.world.present)
    wanted = {"purpose": "charge", "basis": "law", "maker": "A. Analyst", "exhibit": "AA/1"}
    asked = police.post(f"/v1/matches/{police.world.present}/evidence", wanted)
    assert asked.status_code == 202, asked.text
    number = asked.json()["evidence_id"]
    assert police.get(f"/v1/evidence/{number}").status_code == 200
    correct(police, CHILD)
    assert police.get(f"/v1/evidence/{number}").status_code == 404
    assert police.get(f"/v1/evidence/{number}/bundle").status_code == 404
    refused = police.post(f"/v1/matches/{police.world.present}/evidence", wanted)
    assert refused.status_code == 404, "as if there were no such match"


def test_no_process_watches_or_matches_a_child(police: PoliceApi) -> None:
    own, now_us = police.api.own, to_microseconds(datetime.now(UTC))
    with closing(connect(police.api.urls.worker, "test")) as worker, worker, worker.cursor() as cursor:
        assert survey(cursor, now_us)[0] == 3
    before = owner_rows(police, "SELECT revision FROM registry_revision")[0][0]
    correct(police, CHILD)
    with closing(connect(police.api.urls.worker, "test")) as worker, worker, worker.cursor() as cursor:
        assert survey(cursor, now_us)[0] == 2
        assert load_activations(cursor, [own.device_id]) == {}
        assert devices_changed_since(cursor, before, [own.device_id]) == [own.device_id], "workers have to look again"
        assert load_wearings(cursor, [own.device_id]) == []
        results = current_results(cursor, [police.world.version])[police.world.version]
        assert own.person_id not in {one.match.person_id for one in results}
    asked = owner_rows(police, "SELECT device_id FROM reevaluations")
    assert asked == [(own.device_id,)]
    assert owner_rows(police, "SELECT crime_version_id FROM matching_wanted ORDER BY 1"), "matched anew without them"


def test_alerts_are_taken_back_and_nothing_more_of_them_goes_out(police: PoliceApi) -> None:
    own = police.api.own.person_id
    officer = {"subject": "the.practitioner", "name": "P", "role": "practitioner", "email": "p@example.test"}
    send(police.api, "POST", "/v1/staff", officer)
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO notices (recipient, channel, template, severity, alert_id)"
            " VALUES ('the.practitioner', 'email', 'alert', 'breach', %s)",
            (police.api.own_alert,),
        )
        cursor.execute(
            "UPDATE outbox SET delivered_at = now() FROM alert_events event"
            " WHERE event.event_id = outbox.event_id AND alert_id = %s",
            (police.api.own_alert,),
        )
    correct(police, CHILD)
    assert owner_rows(police, f"SELECT DISTINCT state FROM alerts WHERE person_id = {own}") == [("retracted",)]
    assert owner_rows(police, f"SELECT DISTINCT state FROM visits WHERE person_id = {own}") == [("retracted",)]
    assert owner_rows(police, f"SELECT DISTINCT status FROM alert_cases WHERE person_id = {own}") == [("retracted",)]
    assert owner_rows(police, "SELECT count(*) FROM notices WHERE cancelled_at IS NULL") == [(0,)]
    waiting = owner_rows(
        police,
        "SELECT alert_id::text, change FROM outbox JOIN alert_events USING (event_id)"
        f" WHERE delivered_at IS NULL AND person_id = {own}",
    )
    assert waiting == [(police.api.own_alert, "retracted")], "who was told of it is told that; who was not, of nothing"
    actions = owner_rows(police, "SELECT DISTINCT action, acted_by, detail->>'cause' FROM alert_actions")
    assert actions == [("retract", "cordon", "date_of_birth")]


def test_a_webhook_that_was_told_of_an_alert_is_told_once_that_it_is_taken_back(police: PoliceApi) -> None:
    webhook_id, _ = add_webhook(police.api.urls.owner, "https://receiver.example.test/")
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO outbox (event_id, channel, delivered_at) SELECT event_id, %s, now() FROM alert_events",
            (channel_of(webhook_id),),
        )
    correct(police, CHILD)
    waiting = owner_rows(
        police,
        "SELECT change, count(*) FROM outbox JOIN alert_events USING (event_id)"
        f" WHERE delivered_at IS NULL AND person_id = {police.api.own.person_id}"
        " AND channel LIKE 'webhook:%' GROUP BY change",
    )
    assert waiting == [("retracted", 2)]


def test_the_data_protection_officer_is_told_without_a_name(police: PoliceApi) -> None:
    add_officer(police)
    assert correct(police, CHILD) == {"monitoring_stopped": True, "officers_told": 1}
    told = owner_rows(police, "SELECT recipient, channel, template, detail FROM notices")
    assert told == [("the.dpo", "email", "date_of_birth", {"person_id": police.api.own.person_id})]
    records = [record[:3] for record in police.api.audit("date_of_birth.correct")]
    assert records == [("allowed", "the.manager", police.api.own.person_id)]


def test_with_nobody_to_tell_it_happens_all_the_same_and_is_said(
    police: PoliceApi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert correct(police, CHILD) == {"monitoring_stopped": True, "officers_told": 0}
    printed = capsys.readouterr()
    assert "no data-protection officer could be told" in printed.out + printed.err
    assert owner_rows(police, "SELECT count(*) FROM notices") == [(0,)]


def test_only_the_time_before_the_birthday_is_shut_away(police: PoliceApi) -> None:
    correct(police, HALF)
    own = police.api.own
    features = police.api.get(Role.MANAGER, track(police), params=WINDOW).json()["features"]
    assert [one["properties"]["fix_time"] for one in features] == [
        f"2026-03-02T09:0{minute}:00Z" for minute in range(3)
    ]
    alerts = police.api.get(Role.MANAGER, f"/v1/alerts?person={own.person_id}").json()["alerts"]
    assert [one["began_at"] for one in alerts] == ["2026-03-02T09:00:00Z"]
    visits = police.api.get(Role.MANAGER, f"/v1/people/{own.person_id}/visits").json()["visits"]
    assert [one["entered_at"] for one in visits] == ["2026-03-02T09:00:00Z"]
    (activation,) = police.api.get(Role.MANAGER, f"/v1/people/{own.person_id}/activations").json()["activations"]
    assert activation["activation_id"] == own.activation_id
    assert activation["from"] == "2026-03-02T00:00:00Z"
    assert activation["to"] is not None, "monitoring has stopped: it rested on a wrong date"
    kept = owner_rows(
        police, "SELECT lower(during), upper(during) FROM activation_records WHERE quarantined_at IS NOT NULL"
    )
    assert kept == [(MORNING - timedelta(days=1), MIDNIGHT)]


def test_the_person_needs_a_new_decision_and_the_tag_may_go_to_another(police: PoliceApi) -> None:
    own, other = police.api.own, police.api.other
    path = f"/v1/people/{own.person_id}/eligibility"
    send(police.api, "POST", path, ELIGIBLE)
    correct(police, HALF)
    assert police.api.get(Role.MANAGER, path).json()["decisions"][0]["withdrawn_at"] is not None
    later = {"serial": "TAG-X100001", "from": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    refused = send(police.api, "POST", f"/v1/people/{own.person_id}/device-on", later)
    assert (refused.status_code, "a date of birth that was wrong" in refused.text) == (422, True)
    send(police.api, "POST", f"/v1/people/{other.person_id}/eligibility", ELIGIBLE)
    taken = send(police.api, "POST", f"/v1/people/{other.person_id}/device-on", {**later, "beside_another": True})
    assert taken.status_code == 201, taken.text


def test_a_tag_that_was_to_go_on_later_never_does(police: PoliceApi) -> None:
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("INSERT INTO devices (serial) VALUES ('LATER') RETURNING device_id")
        cursor.execute(
            "INSERT INTO device_activations (device_id, person_id, during, revision)"
            " VALUES (%s, %s, tstzrange('2090-01-01Z', NULL), 1)",
            (fetch_one(cursor)[0], police.api.own.person_id),
        )
    correct(police, CHILD)
    assert owner_rows(police, "SELECT count(*) FROM device_activations WHERE upper_inf(during)") == [(2,)], "others'"
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("SELECT is_quarantined(%s, NULL, '2095-01-01Z')", (police.api.own.person_id,))
        assert fetch_one(cursor) == (False,), "the time after it is nobody's secret"


def test_the_whole_of_it_happens_or_nothing(police: PoliceApi) -> None:
    with as_owner(police.api.urls.owner) as cursor:  # the last of what it does fails
        cursor.execute("ALTER TABLE people ADD CHECK (date_of_birth <> '2010-01-01') NOT VALID")
    path = f"/v1/people/{police.api.own.person_id}"
    assert send(police.api, "PATCH", path, {"date_of_birth": CHILD}).status_code == 500
    assert len(police.api.get(Role.MANAGER, track(police), params=WINDOW).json()["features"]) == 6
    assert owner_rows(police, "SELECT count(*) FROM activation_records WHERE quarantined_at IS NOT NULL") == [(0,)]
