"""The explanation of an alert: who may read it, what it holds, and what the audit keeps."""

import uuid
from datetime import timedelta

import pytest

from access.roles import Role
from store.database import Cursor
from tests.support.api_server import RunningApi
from tests.support.explained import Ping
from tests.support.explained_rows import REFERENCE, store_breach, store_change
from tests.support.seed import MORNING, Wearer, as_owner

LAPSED_THEN_BREACH = [Ping(0, 100), Ping(1800, 110), Ping(1860, 100), Ping(2000, 20, 0), Ping(2100, 600)]


@pytest.fixture
def breach(fresh_api: RunningApi) -> str:
    with as_owner(fresh_api.urls.owner) as cursor:
        return str(store_breach(cursor, fresh_api.own, LAPSED_THEN_BREACH))


def test_it_says_what_confirmed_it_why_not_sooner_and_how_it_ended(fresh_api: RunningApi, breach: str) -> None:
    answer = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{breach}/explanation")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["headline"].startswith(f"Sam Own (CRN X100001) was in the exclusion zone Market Square ({REFERENCE}).")
    assert found["rule"]["confirmed_by"] == "company"
    assert found["zone"]["size"] == "a circle of 150 m radius"
    assert found["zone"]["geometry"]["type"] == "Point"
    assert [one["place"] for one in found["positions"]] == ["40 m inside", "50 m inside"]
    assert found["nearest"]["place"] == "130 m inside"
    assert found["why_not_sooner"][0].startswith("An earlier sign at 2 March 2026 09:00:00+00:00 (1 position")
    assert found["ending"].startswith("It ended at 2 March 2026 09:35:00+00:00")
    assert [one["change"] for one in found["changes"]] == ["raised", "ended"]


def test_a_later_change_shows_the_old_value(fresh_api: RunningApi, breach: str) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        store_change(cursor, uuid.UUID(breach), "amended", {"began_at": "2026-03-02T08:00:00+00:00"})
    found = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{breach}/explanation").json()
    assert (
        "its beginning was 2 March 2026 09:30:00+00:00 and is now 2 March 2026 08:00:00+00:00"
        in (found["changes"][-1]["in_words"])
    )


def test_a_retracted_one_names_the_alert_that_it_became_part_of(fresh_api: RunningApi, breach: str) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute(
            "UPDATE visits SET state = 'retracted', merged_into = (SELECT visit_id FROM alerts WHERE alert_id = %s)"
            " WHERE visit_id = (SELECT visit_id FROM alerts WHERE alert_id = %s)",
            (breach, fresh_api.own_alert),
        )
        cursor.execute("UPDATE alerts SET state = 'retracted' WHERE alert_id = %s", (fresh_api.own_alert,))
        store_change(cursor, uuid.UUID(fresh_api.own_alert), "retracted", {})
    found = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{fresh_api.own_alert}/explanation").json()
    assert found["ending"].endswith(f"It is part of the alert {breach} now.")
    assert f"the stay is part of the alert {breach}" in found["changes"][-1]["in_words"]


def test_who_is_silent_was_last_seen_inside_and_no_more_is_said(fresh_api: RunningApi) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        alert_id = store_breach(cursor, fresh_api.own, [Ping(0, 110), Ping(60, 100)])
        cursor.execute(
            "INSERT INTO alerts (alert_id, sequence, kind, severity, state, person_id, activation_id, began_at,"
            " last_evidence_at, received_at, raised_at, updated_at, evidence) SELECT gen_random_uuid(),"
            " nextval('alert_sequence'), 'no_communication', 'warning', 'open', person_id, activation_id,"
            " last_evidence_at, last_evidence_at, received_at, now(), now(), '{}' FROM alerts WHERE alert_id = %s",
            (str(alert_id),),
        )
    ending = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{alert_id}/explanation").json()["ending"]
    assert ending.startswith("The wearer was last seen inside the zone at 2 March 2026 09:01:00+00:00, and no position")
    assert ending.endswith("Silence is neither breach nor compliance.")


def authorise(cursor: Cursor, wearer: Wearer, hours: tuple[int, int], purpose: str) -> None:
    """From and until so many hours after the morning of the breach; revoked a minute before its end."""
    cursor.execute(
        "INSERT INTO authorisations (person_id, zone_id, during, purpose, granted_by, granted_at, revoked_at,"
        " revoked_by, revision) SELECT %s, zone_id, tstzrange(%s, %s), %s, 'the.practitioner', %s, %s,"
        " 'the.duty_officer', 2 FROM zones WHERE reference = %s",
        (
            wearer.person_id,
            *(MORNING + timedelta(hours=hour) for hour in hours),
            purpose,
            MORNING - timedelta(days=9),
            MORNING + timedelta(hours=hours[1], minutes=-1),
            REFERENCE,
        ),
    )


def test_it_names_the_authorisations_of_the_stay_and_of_the_day_before(fresh_api: RunningApi, breach: str) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        authorise(cursor, fresh_api.own, (-30, -25), "too long ago")
        authorise(cursor, fresh_api.own, (-3, 0), "dentist")
        authorise(cursor, fresh_api.other, (-3, 0), "another person's")
        authorise(cursor, fresh_api.own, (1, 2), "only afterwards")
    found = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{breach}/explanation").json()
    (one,) = found["authorisations"]
    assert (one["purpose"], one["begins_at"], one["ends_at"], one["lifts_until"]) == (
        "dentist",
        "2026-03-02T06:00:00Z",
        "2026-03-02T09:00:00Z",
        "2026-03-02T08:59:00Z",
    )
    assert one["in_words"].endswith(
        "It was revoked at 2 March 2026 08:59:00+00:00 by the.duty_officer. It had ended 31 min before this stay began."
    )
    happened = found["sections"][0]["paragraphs"]
    assert happened[1] == "The authorised entry until 2 March 2026 08:59:00+00:00 had ended."


def test_the_first_telling_has_one_time(fresh_api: RunningApi, breach: str) -> None:
    """The alert and the log's first row are written one after the other, by the clock."""
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("UPDATE alert_events SET happened_at = happened_at + interval '2 s' WHERE change = 'raised'")
    found = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{breach}/explanation").json()
    told = next(one for one in found["sections"][0]["paragraphs"] if one.startswith("Staff were first told at "))
    raised = found["changes"][0]["in_words"].removesuffix(": Raised. Staff were told at once.")
    assert told.startswith(f"Staff were first told at {raised}. ")


def test_it_is_recorded_with_who_and_why(fresh_api: RunningApi, breach: str) -> None:
    fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{breach}/explanation", headers={"X-Purpose": "recall decision"})
    assert fresh_api.audit("alert.explain") == [
        ("allowed", "the.practitioner", fresh_api.own.person_id, 1, "recall decision")
    ]


def test_another_s_alert_looks_like_none_and_is_recorded_as_refused(fresh_api: RunningApi) -> None:
    foreign = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{fresh_api.other_alert}/explanation")
    missing = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{uuid.uuid4()}/explanation")
    assert (foreign.status_code, foreign.json()) == (404, missing.json())
    assert [record[0] for record in fresh_api.audit("alert.explain")] == ["refused", "refused"]


@pytest.mark.parametrize("role", [Role.POLICE_ANALYST, Role.ADMINISTRATOR, Role.MONITORING_OFFICER])
def test_who_may_not_read_alerts_may_not_have_them_explained(api: RunningApi, role: Role) -> None:
    assert api.get(role, f"/v1/alerts/{api.own_alert}/explanation").status_code == 403


def test_no_audit_no_answer(fresh_api: RunningApi, breach: str) -> None:
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("REVOKE INSERT ON audit_log FROM cordon_api")
    answer = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{breach}/explanation")
    assert answer.status_code == 500
    assert "Market Square" not in answer.text


def test_evidence_that_no_release_wrote_is_shown_as_it_is(api: RunningApi) -> None:
    answer = api.get(Role.MANAGER, f"/v1/alerts/{api.own_alert}/explanation")
    assert answer.status_code == 200, answer.text
    assert answer.json()["facts"] == {"entry": {"lat": 51.5, "lon": -0.1}}


def test_an_alert_of_a_device_has_no_zone_and_no_person_is_needed(fresh_api: RunningApi) -> None:
    alert_id = uuid.uuid4()
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO alerts (alert_id, sequence, kind, severity, state, began_at, last_evidence_at, received_at,"
            " raised_at, updated_at, evidence) VALUES (%s, nextval('alert_sequence'), 'intake_deaf', 'warning', 'open',"
            ' now(), now(), now(), now(), now(), \'{"rule": "intake-1", "limits": {"deaf_after_s": 90}}\')',
            (str(alert_id),),
        )
    row_security = fresh_api.get(Role.PRACTITIONER, f"/v1/alerts/{alert_id}/explanation")
    assert row_security.status_code == 404
    found = fresh_api.get(Role.DUTY_OFFICER, f"/v1/alerts/{alert_id}/explanation").json()
    assert found["limits"] == {"deaf_after_s": 90}
    assert found["zone"] is None
