"""Victims' zones on a real database: what became of them, and who is told of it."""

from collections.abc import Iterator

import pytest

from access.roles import Role
from alerts.victim_duty import keep_victim_tasks, watch_victim_zones
from store.clock import service_now
from store.database import fetch_one
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner
from tests.support.victim_duty import IN_HOURS, OUT_OF_HOURS, choose, execute, notices, on_duty, shown, watch
from tests.support.victims import LiaisonOffice, hear, liaison_office, prove_intake, publish_directly


@pytest.fixture
def api(migrated_database: DatabaseUrls) -> Iterator[RunningApi]:
    with running_api(migrated_database) as running:
        yield running


@pytest.fixture
def office(api: RunningApi) -> LiaisonOffice:
    return liaison_office(api)


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
    watch(office)
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
        watch_victim_zones(cursor, now, IN_HOURS)
        watched_s = (service_now(cursor) - now).total_seconds()
    assert watched_s < 1, watched_s
    with on_duty(office) as (cursor, now):
        keep_victim_tasks(cursor, now, IN_HOURS)
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
