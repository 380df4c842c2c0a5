"""The duty round for victims on a real database: what became of their zones, and what they are to be told."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from access.roles import Role
from alerts.casework_rules import default_rules
from alerts.victim_duty import VictimDesk, keep_victim_tasks, watch_victim_zones
from store.clock import service_now
from store.database import Cursor, connect, fetch_one
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.seed import Wearer, as_owner, seed_alert
from tests.support.victims import (
    CHOICE,
    LiaisonOffice,
    LinkedZone,
    hear,
    liaison_office,
    prove_intake,
    publish_directly,
)

IN_HOURS = VictimDesk(is_office_hours=lambda _rules, _at: True)
OUT_OF_HOURS = VictimDesk(is_office_hours=lambda _rules, _at: False)
AT_ONCE = replace(default_rules(), victim_zone_steady_s=0)


@pytest.fixture
def api(migrated_database: DatabaseUrls) -> Iterator[RunningApi]:
    with running_api(migrated_database) as running:
        yield running


@pytest.fixture
def office(api: RunningApi) -> LiaisonOffice:
    return liaison_office(api)


@contextmanager
def on_duty(office: LiaisonOffice) -> Iterator[tuple[Cursor, datetime]]:
    """A round of its own connection under the worker's role, as after a restart."""
    connection = connect(office.api.urls.worker, "test-duty")
    with closing(connection), connection, connection.cursor() as cursor:
        yield cursor, service_now(cursor)


def watch(office: LiaisonOffice, desk: VictimDesk = IN_HOURS) -> int:
    with on_duty(office) as (cursor, now):
        return watch_victim_zones(cursor, now, AT_ONCE, desk)


def keep(office: LiaisonOffice) -> int:
    with on_duty(office) as (cursor, now):
        return keep_victim_tasks(cursor, now, default_rules(), IN_HOURS)


def notices(office: LiaisonOffice) -> list[tuple[str, str, str, dict[str, Any]]]:
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute("SELECT recipient, channel, template, detail FROM notices ORDER BY notice_id")
        return cursor.fetchall()


def shown(office: LiaisonOffice, linked: LinkedZone) -> tuple[str, list[str]]:
    answer = office.call("GET", f"/v1/victims/{linked.victim_id}/zones")
    (zone,) = answer.json()["zones"]
    return zone["state"], [one["code"] for one in zone["reasons"]]


def tasks(office: LiaisonOffice) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.call("GET", "/v1/victim-tasks").json()["tasks"]
    return found


def execute(office: LiaisonOffice, statement: str, *values: object) -> None:
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute(statement, values)


def choose(office: LiaisonOffice, victim_id: int, **values: object) -> None:
    """Long ago, so that what the test does comes after it."""
    whole_day = {"hours_from": "00:00", "hours_to": "23:59", "at_night": True}
    answer = office.call("PUT", f"/v1/victims/{victim_id}/choices", CHOICE | whole_day | values)
    assert answer.status_code == 200, answer.text


def breach(office: LiaisonOffice, linked: LinkedZone) -> str:
    wearer = Wearer(linked.person_id, linked.device_id, linked.activation_id)
    with as_owner(office.api.urls.owner) as cursor:
        began_at = service_now(cursor)
        alert_id = seed_alert(cursor, wearer, linked.zone_id, began_at)
        cursor.execute(
            "INSERT INTO alert_cases (alert_id, person_id, status, raised_at) VALUES (%s, %s, 'raised', %s)",
            (str(alert_id), linked.person_id, began_at),
        )
    return str(alert_id)


def close_as(office: LiaisonOffice, alert_id: str, outcome: str, is_breach: bool) -> None:
    execute(
        office,
        "UPDATE alert_cases SET status = 'closed', closed_at = service_clock(), closed_by = 'x', outcome = %s,"
        " outcome_is_breach = %s WHERE alert_id = %s",
        outcome,
        is_breach,
        alert_id,
    )


def settle_told(office: LiaisonOffice, task_id: int) -> None:
    with as_owner(office.api.urls.owner) as cursor:
        now = service_now(cursor).isoformat()
    answer = office.call("POST", f"/v1/victim-tasks/{task_id}/told", {"told_at": now, "told_how": "phone"})
    assert answer.status_code == 200, answer.text


def test_a_zone_that_goes_silent_is_told_at_once_and_when_it_is_heard_again(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    assert watch(office) == 0
    assert shown(office, linked) == ("watched", [])
    execute(
        office,
        "INSERT INTO alerts (alert_id, sequence, kind, severity, state, person_id, activation_id, began_at,"
        " last_evidence_at, received_at, raised_at, updated_at, evidence) SELECT gen_random_uuid(),"
        " nextval('alert_sequence'), 'no_communication', 'warning', 'open', %s, %s, t, t, t, t, t, '{}'"
        " FROM service_clock() AS t",
        linked.person_id,
        linked.activation_id,
    )
    assert watch(office) == 1
    assert watch(office) == 0
    assert shown(office, linked) == ("weakened", ["silent"])
    execute(office, "UPDATE alerts SET state = 'ended', ended_at = service_clock() WHERE kind = 'no_communication'")
    assert (watch(office), watch(office)) == (1, 0)
    assert [(who, channel, detail["state"]) for who, channel, _, detail in notices(office)] == [
        ("the.victim_liaison", "sms", "weakened"),
        ("the.victim_liaison", "email", "weakened"),
        ("the.victim_liaison", "sms", "watched"),
    ]
    assert {template for _, _, template, _ in notices(office)} == {"victim_zone"}


def test_each_cause_is_found_in_the_database(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    for statement, state, code in (
        (
            "UPDATE device_activations SET during = tstzrange(lower(during), service_clock()) WHERE activation_id = %s",
            "not_watched",
            "no_activation",
        ),
        (
            "UPDATE device_activations SET during = tstzrange(lower(during), NULL) WHERE activation_id = %s",
            "watched",
            None,
        ),
        (
            "UPDATE intake_state SET deaf_since = service_clock(), deaf_reason = 'no_heartbeat' WHERE %s > 0",
            "weakened",
            "intake_deaf",
        ),
        ("UPDATE intake_state SET deaf_since = NULL, deaf_reason = NULL WHERE %s > 0", "watched", None),
        ("DELETE FROM device_heard WHERE %s > 0", "not_watched", "never_heard"),
    ):
        execute(office, statement, linked.activation_id)
        watch(office)
        watch(office)
        assert shown(office, linked) == (state, [code] if code else []), statement
    with as_owner(office.api.urls.owner) as cursor:
        hear(cursor, linked.device_id)
        prove_intake(cursor)
        cursor.execute("UPDATE zone_versions SET valid_to = service_clock() WHERE zone_id = %s", (linked.zone_id,))
    watch(office)
    assert shown(office, linked) == ("not_watched", ["no_live_version"])


def test_a_zone_that_no_worker_has_loaded_is_not_watched(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    execute(office, "UPDATE zone_versions SET created_at = created_at - interval '1 hour'")
    watch(office, replace(IN_HOURS, unloaded=lambda _cursor, zone_ids: zone_ids))
    assert shown(office, linked) == ("not_watched", ["not_loaded"])


def test_an_address_that_was_replaced_weakens_its_zone(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    office.set_address(linked.victim_id, lat=51.6, lon=-0.2)
    watch(office)
    assert shown(office, linked) == ("weakened", ["address_ended"])


def test_out_of_hours_and_without_an_address_somebody_else_is_told_too(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    execute(office, "DELETE FROM device_heard WHERE device_id = %s", linked.device_id)
    watch(office, OUT_OF_HOURS)
    assert {who for who, *_ in notices(office)} == {"the.victim_liaison", "duty.one"}
    execute(office, "UPDATE staff SET ended_at = now() WHERE subject = 'the.victim_liaison'")
    execute(office, "TRUNCATE notices CASCADE")
    execute(office, "DELETE FROM victim_zone_states WHERE zone_id = %s", linked.zone_id)
    watch(office)
    assert {who for who, *_ in notices(office)} == {"duty.one"}


def test_a_state_that_nobody_looks_after_is_not_told_as_known(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    watch(office)
    assert shown(office, linked)[0] == "watched"
    execute(office, "UPDATE victim_zone_rounds SET looked_at = looked_at - interval '3 minutes'")
    assert shown(office, linked)[0] is None


def test_a_breach_is_a_task_once_and_a_person_settles_it(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    breach(office, linked)
    assert (keep(office), keep(office)) == (1, 0)
    (task,) = tasks(office)
    assert (task["kind"], task["status"], task["method"]) == ("breach", "waiting", "phone")
    assert [(who, template) for who, _, template, _ in notices(office)] == [("the.victim_liaison", "victim_task")]
    assert (
        office.call(
            "POST", f"/v1/victim-tasks/{task['task_id']}/told", {"told_at": "2020-01-01T00:00:00Z", "told_how": "phone"}
        ).status_code
        == 422
    )
    settle_told(office, task["task_id"])
    again = office.call("POST", f"/v1/victim-tasks/{task['task_id']}/not-told", {"reason": "x"})
    assert again.status_code == 409
    assert office.call("POST", "/v1/victim-tasks/999/not-told", {"reason": "x"}).status_code == 404
    stranger = office.call("POST", f"/v1/victim-tasks/{task['task_id']}/not-told", {"reason": "x"}, other=True)
    assert stranger.status_code == 404
    assert len(office.api.audit("victim_task.settle")) == 3, "one that was settled, and two of tasks that are not there"


def test_a_told_breach_that_is_closed_as_none_is_taken_back_and_one_not_told_is_withdrawn(
    office: LiaisonOffice,
) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    first, second = breach(office, linked), breach(office, linked)
    keep(office)
    settle_told(office, tasks(office)[0]["task_id"])
    close_as(office, first, "drift", is_breach=False)
    execute(office, "UPDATE alerts SET state = 'retracted' WHERE alert_id = %s", second)
    assert (keep(office), keep(office)) == (2, 0)
    assert [(one["kind"], one["status"]) for one in tasks(office)] == [
        ("breach", "told"),
        ("breach", "withdrawn"),
        ("retraction", "waiting"),
    ]
    execute(
        office,
        "UPDATE alert_cases SET status = 'reopened', closed_at = NULL, outcome = NULL,"
        " outcome_is_breach = NULL WHERE alert_id = %s",
        first,
    )
    keep(office)
    assert tasks(office)[2]["status"] == "withdrawn", "it may be so after all"
    close_as(office, first, "drift", is_breach=False)
    keep(office)
    assert [one["kind"] for one in tasks(office) if one["status"] == "waiting"] == ["retraction"]


def test_nothing_is_lost_when_the_duty_process_dies_in_a_round(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    for _ in range(3):
        breach(office, linked)
    connection = connect(office.api.urls.worker, "test-duty")
    with closing(connection), connection.cursor() as cursor:
        assert keep_victim_tasks(cursor, service_now(cursor), default_rules(), IN_HOURS) == 3
    assert tasks(office) == [], "it died before its commit"
    assert (keep(office), keep(office), len(tasks(office))) == (3, 0, 3)


def test_the_end_of_the_monitoring_is_told_an_hour_later_and_a_swap_is_not(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id)
    execute(office, "UPDATE victim_zones SET linked_at = linked_at - interval '9 hours'")
    execute(office, "UPDATE victim_choices SET chosen_at = chosen_at - interval '9 hours'")
    off = (
        "UPDATE device_activations SET during = tstzrange(lower(during), service_clock() - %s) WHERE activation_id = %s"
    )
    execute(office, off, timedelta(minutes=30), linked.activation_id)
    assert keep(office) == 0
    execute(office, off, timedelta(minutes=90), linked.activation_id)
    assert keep(office) == 1
    assert tasks(office)[0]["kind"] == "monitoring_ended"
    execute(office, "UPDATE device_activations SET during = tstzrange(lower(during), NULL)")
    keep(office)
    assert tasks(office)[0]["status"] == "withdrawn"


def test_a_round_over_a_thousand_zones_takes_less_than_its_second(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    choose(office, linked.victim_id, kinds=["breach"], breach_when="reviewed")
    with as_owner(office.api.urls.owner) as cursor:
        for number in range(1000):
            zone_id = publish_directly(cursor, f"EZ-{number}", linked.person_id, linked.geometry)
            cursor.execute(
                "INSERT INTO victim_zones (zone_id, victim_id, address_id, linked_by) VALUES (%s, %s, %s, 'x')",
                (zone_id, linked.victim_id, linked.address_id),
            )
    watch(office)
    with on_duty(office) as (cursor, now):
        watch_victim_zones(cursor, now, AT_ONCE, IN_HOURS)
        watched_s = (service_now(cursor) - now).total_seconds()
    assert watched_s < 1, watched_s
    with on_duty(office) as (cursor, now):
        keep_victim_tasks(cursor, now, default_rules(), IN_HOURS)
        kept_s = (service_now(cursor) - now).total_seconds()
    assert kept_s < 1, kept_s


def test_no_role_but_the_officer_s_sees_states_tasks_or_choices(office: LiaisonOffice) -> None:
    linked = office.linked_zone()
    watch(office)
    for role in Role:
        for path in ("/v1/victims", f"/v1/victims/{linked.victim_id}/zones", "/v1/victim-tasks"):
            expected = 200 if role is Role.VICTIM_LIAISON else 403
            assert office.api.get(role, path).status_code == expected, (role, path)
    with as_owner(office.api.urls.owner) as cursor:
        cursor.execute("SELECT count(*) FROM audit_log WHERE outcome = 'refused' AND action LIKE 'victim%%'")
        assert fetch_one(cursor)[0] == 3 * (len(Role) - 1)
