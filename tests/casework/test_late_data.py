"""What late data does to a case, in SQL, is what the table of steps says; and nobody waits in a circle."""

import threading
from contextlib import closing
from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest

from alerts.case_words import ticked
from alerts.casework import CaseConflictError, act
from alerts.lifecycle import STEPS, Step, refusal, take
from model.alerts import Alert, AlertChange, ToldAlert
from model.casework import AlertCase, CaseAction, CaseStatus
from model.enums import AlertChangeKind, AlertKind, AlertState, Severity
from store.alert_rows import ALERT, alert_of
from store.alert_writes import write_alerts
from store.cases import find_case, list_entries
from store.database import Cursor, connect, fetch_one
from store.late_data import ACTIONS
from store.response_plans import find_plan
from tests.support.cases import CaseWorld, seed_case_world
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_alert, seed_wearer, seed_zone

OFFICER = "officer.a"


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> CaseWorld:
    return seed_case_world(migrated_database)


def stored_alert(cursor: Cursor, alert_id: UUID) -> Alert:
    cursor.execute(f"SELECT {ALERT} FROM alerts alert WHERE alert_id = %s", (str(alert_id),))
    return alert_of(fetch_one(cursor))


def stored_case(cursor: Cursor, alert_id: UUID) -> AlertCase:
    found = find_case(cursor, alert_id)
    assert found is not None
    return found


def put_in(cursor: Cursor, alert_id: UUID, status: CaseStatus, *, breach_decided: bool) -> None:
    """The case in that status with everything set that may be, as no single way of working leads to."""
    closed = "now(), 'officer.b', 'warning', true, 0" if status is CaseStatus.CLOSED else "NULL, NULL, NULL, NULL, NULL"
    cursor.execute("SET LOCAL session_replication_role = replica")  # whose triggers let cases change by actions alone
    cursor.execute(
        "UPDATE alert_cases SET status = %s, acknowledged_at = raised_at, acknowledged_by = 'officer.a',"
        " first_action_at = raised_at, first_action_by = 'officer.b', account_invited_at = raised_at,"
        " breach_decided = %s, assigned_to = 'officer.c', contested_at = raised_at, review_due_at = raised_at,"
        f" (closed_at, closed_by, outcome, outcome_is_breach, outcome_rules_version) = ROW({closed})"
        " WHERE alert_id = %s",
        (status.value, breach_decided, str(alert_id)),
    )
    cursor.execute("SET LOCAL session_replication_role = origin")


def tell(urls: DatabaseUrls, *told: tuple[UUID, AlertChangeKind], was_breach: bool = False) -> None:
    """As a worker writes it at the end of a batch; ``was_breach``: it is none any more."""
    with closing(connect(urls.worker, "test")) as worker, worker, worker.cursor() as cursor:
        changes = [AlertChange(kind, stored_alert(cursor, alert_id)) for alert_id, kind in told]
        write_alerts(cursor, [no_breach_now(one) if was_breach else one for one in changes], ["kafka"])


@pytest.mark.parametrize("breach_decided", [False, True])
@pytest.mark.parametrize("was_breach", [False, True])
def test_the_sql_does_what_the_table_says_for_every_status_and_change(
    migrated_database: DatabaseUrls, *, breach_decided: bool, was_breach: bool
) -> None:
    told: dict[UUID, tuple[CaseStatus, AlertChangeKind]] = {}
    with as_owner(migrated_database.owner) as cursor:
        wearer = seed_wearer(cursor, "X1")
        zone_id = seed_zone(cursor, "OWN")
        for pair in product(CaseStatus, AlertChangeKind):
            told[seed_alert(cursor, wearer, zone_id, MORNING)] = pair
        for alert_id, (status, _) in told.items():
            put_in(cursor, alert_id, status, breach_decided=breach_decided)
        before = {alert_id: stored_case(cursor, alert_id) for alert_id in told}
    tell(migrated_database, *((alert_id, kind) for alert_id, (_, kind) in told.items()), was_breach=was_breach)
    with as_owner(migrated_database.owner) as cursor:
        for alert_id, (status, kind) in told.items():
            after, entries = stored_case(cursor, alert_id), list_entries(cursor, alert_id)
            is_downgrade = was_breach and kind not in {AlertChangeKind.RETRACTED, AlertChangeKind.REOPENED}
            action = CaseAction.DOWNGRADE if is_downgrade else ACTIONS.get(kind)
            if action is None:
                assert (after, entries) == (before[alert_id], []), (status, kind)
                continue
            (entry,) = entries
            assert (entry.case_version, entry.action, entry.acted_by) == (2, action, "cordon")
            step = Step(action, "cordon", after.clocks_from, Severity.BREACH)
            assert refusal(before[alert_id], step) is None
            assert after == take(before[alert_id], step), (status, kind)
            is_to_undo = after.status is CaseStatus.REOPENED is not STEPS[action].leads_to[status]
            begins_anew = (
                status in STEPS[action].anew_from
                or is_to_undo
                or (status is CaseStatus.REOPENED and action is CaseAction.RETRACT and breach_decided)
            )
            assert (after.clocks_from > before[alert_id].clocks_from) is begins_anew


def no_breach_now(change: AlertChange) -> AlertChange:
    alert = change.alert
    told = ToldAlert(
        alert.kind, alert.severity, alert.urgency, alert.state, alert.began_us, alert.last_evidence_us, alert.ended_us
    )
    return replace(change, alert=replace(alert, severity=Severity.INFORMATION), before=told)


def test_changes_of_one_alert_in_one_batch_follow_one_another(world: CaseWorld) -> None:
    world.act(OFFICER, CaseAction.ACKNOWLEDGE)
    kinds = (AlertChangeKind.RETRACTED, AlertChangeKind.UPDATED, AlertChangeKind.REOPENED, AlertChangeKind.AMENDED)
    tell(world.urls, *((world.alert_id, kind) for kind in kinds))
    case = world.case()
    assert (case.status, case.version, case.acknowledged_at) == (CaseStatus.REOPENED, 5, None)
    assert [entry.action for entry in world.history()] == [
        CaseAction.ACKNOWLEDGE,
        CaseAction.RETRACT,
        CaseAction.REVIVE,
        CaseAction.AMEND,
    ]


def test_an_officer_who_read_before_the_data_came_is_told(world: CaseWorld) -> None:
    tell(world.urls, (world.alert_id, AlertChangeKind.RETRACTED))
    with pytest.raises(CaseConflictError) as conflict:
        world.act(OFFICER, CaseAction.ACKNOWLEDGE, 1)
    assert [(one.acted_by, one.action) for one in conflict.value.since] == [("cordon", CaseAction.RETRACT)]


def test_an_alert_that_goes_on_as_it_was_raises_no_version(world: CaseWorld) -> None:
    tell(world.urls, (world.alert_id, AlertChangeKind.UPDATED), (world.alert_id, AlertChangeKind.ENDED))
    assert (world.case().version, world.history()) == (1, [])


def test_an_upgraded_alert_takes_the_plan_of_its_new_kind(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        wearer = seed_wearer(cursor, "X1")
        breach = stored_alert(cursor, seed_alert(cursor, wearer, seed_zone(cursor, "OWN"), MORNING))
        approach = replace(breach, alert_id=UUID(int=7), kind=AlertKind.APPROACH_WARNING, visit_id=None)
        write_alerts(cursor, [AlertChange(AlertChangeKind.RAISED, approach)], [])
        raised = stored_case(cursor, approach.alert_id)
        upgraded = replace(approach, kind=AlertKind.EXCLUSION_ZONE_BREACH)
        write_alerts(cursor, [AlertChange(AlertChangeKind.UPGRADED, upgraded)], [])
        plans = [
            find_plan(cursor, one.response_plan_id or 0) for one in (raised, stored_case(cursor, approach.alert_id))
        ]
    kinds = [plan.alert_kind for plan in plans if plan is not None]
    assert kinds == ["approach_warning", "exclusion_zone_breach"]


def test_a_step_that_was_done_of_the_plan_before_is_not_done_of_the_new_one(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        wearer = seed_wearer(cursor, "X1")
        breach = stored_alert(cursor, seed_alert(cursor, wearer, seed_zone(cursor, "OWN"), MORNING))
        approach = replace(breach, alert_id=UUID(int=7), kind=AlertKind.APPROACH_WARNING, visit_id=None)
        write_alerts(cursor, [AlertChange(AlertChangeKind.RAISED, approach)], [])
        act(cursor, OFFICER, approach.alert_id, None, CaseAction.COMPLETE_STEP, {"step": "call_wearer"})
        upgraded = replace(approach, kind=AlertKind.EXCLUSION_ZONE_BREACH)
        write_alerts(cursor, [AlertChange(AlertChangeKind.UPGRADED, upgraded)], [])
        case = stored_case(cursor, approach.alert_id)
        assert ticked(list_entries(cursor, case.alert_id), case.response_plan_id) == {}
        act(cursor, OFFICER, approach.alert_id, None, CaseAction.COMPLETE_STEP, {"step": "call_wearer"})
        assert list(ticked(list_entries(cursor, case.alert_id), case.response_plan_id)) == ["call_wearer"]


def test_an_alert_that_was_raised_and_taken_back_at_once_is_a_case_of_its_own(world: CaseWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        raised = replace(stored_alert(cursor, world.alert_id), alert_id=UUID(int=8), visit_id=None)
        taken_back = replace(raised, state=AlertState.RETRACTED)
        changes = [AlertChange(AlertChangeKind.RAISED, raised), AlertChange(AlertChangeKind.RETRACTED, taken_back)]
        write_alerts(cursor, changes, [])
        assert stored_case(cursor, UUID(int=8)).status is CaseStatus.RETRACTED


@pytest.mark.timeout(120)
def test_officers_and_workers_at_once_never_wait_in_a_circle(world: CaseWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        wearer = seed_wearer(cursor, "X2")
        alerts = [world.alert_id, *(seed_alert(cursor, wearer, world.zone_id, MORNING) for _ in range(3))]
    rounds, errors = 25, []
    barrier = threading.Barrier(4)

    def repeat(order: list[UUID], *, late: bool) -> None:
        barrier.wait()
        try:
            for _ in range(rounds):
                if late:
                    tell(world.urls, *((alert_id, AlertChangeKind.AMENDED) for alert_id in order))
                else:
                    with as_owner(world.urls.owner) as cursor:
                        for alert_id in order:
                            act(cursor, OFFICER, alert_id, None, CaseAction.NOTE, {"text": "x"})
        except Exception as error:  # noqa: BLE001  looked at below
            errors.append(error)

    threads = [
        threading.Thread(target=repeat, args=(order,), kwargs={"late": late})
        for order, late in product((alerts, alerts[::-1]), (True, False))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with as_owner(world.urls.owner) as cursor:
        versions = {stored_case(cursor, alert_id).version for alert_id in alerts}
    assert versions == {1 + 4 * rounds}
