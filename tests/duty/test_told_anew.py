"""What comes back after it was decided: who is told, and when the clocks run out once more."""

import threading
from contextlib import closing

from model.casework import CaseAction, CaseStatus
from model.enums import Severity
from store.database import connect
from store.escalations import Look, lock_due_cases, look_again
from tests.support.duty import DutyWorld
from tests.support.world import rows

CLOSED = {
    "closed_by": "dara",
    "outcome": "recall_requested",
    "outcome_is_breach": True,
    "outcome_rules_version": 0,
    "breach_decided": True,
}
REOPENED = {
    "closed_at": None,
    "closed_by": None,
    "outcome": None,
    "outcome_is_breach": None,
    "outcome_rules_version": None,
}
OVERDUE = "SELECT count(*) FROM overdue_clocks WHERE clock = 'outcome'"


def test_a_recall_for_a_breach_that_was_none_is_told_until_somebody_acknowledges_it(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.look()
    office.send()
    office.acknowledge(alert_id, "dara")
    office.act(alert_id, CaseAction.CLOSE, CaseStatus.CLOSED, closed_at=office.clock, **CLOSED)
    office.after(minutes=1)
    told = len(office.notices())
    office.act(
        alert_id,
        CaseAction.RETRACT,
        CaseStatus.REOPENED,
        acknowledged_at=None,
        acknowledged_by=None,
        clocks_from=office.clock,
        **REOPENED,
    )
    office.after(seconds=1)
    assert office.notices()[told:] == [("dara", "sms", "alert"), ("jones", "sms", "alert_changed")]
    office.send()
    office.after(seconds=60)
    assert office.notices()[told + 2 :] == [("dara", "email", "alert")]


def test_a_breach_that_became_information_is_told_to_whoever_decided_it(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.acknowledge(alert_id, "dara")
    office.act(alert_id, CaseAction.CLOSE, CaseStatus.CLOSED, closed_at=office.clock, **CLOSED)
    office.look()
    office.execute("UPDATE alerts SET severity = 'information', urgency = 'morning'")
    office.act(
        alert_id, CaseAction.DOWNGRADE, CaseStatus.REOPENED, acknowledged_at=None, acknowledged_by=None, **REOPENED
    )
    office.after(seconds=1)
    assert office.notices() == [("dara", "email", "alert_changed")]


def test_a_clock_that_began_anew_runs_out_anew(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"), Severity.WARNING)
    office.acknowledge(alert_id, "dara")
    office.after(hours=200)
    assert rows(office.database.owner, OVERDUE) == [(1,)]
    office.execute("UPDATE alerts SET severity = 'breach'")
    office.act(alert_id, CaseAction.UPGRADE, acknowledged_at=None, acknowledged_by=None, clocks_from=office.clock)
    office.look()
    office.acknowledge(alert_id, "dara")
    office.after(seconds=1)
    assert rows(office.database.owner, OVERDUE) == [(1,)], "not before it is due"
    office.after(hours=200)
    assert rows(office.database.owner, OVERDUE) == [(2,)]
    office.after(hours=1)
    assert rows(office.database.owner, OVERDUE) == [(2,)]


def test_whoever_leaves_while_the_timetable_looks_at_their_alert_is_not_overlooked(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.look()
    office.acknowledge(alert_id, "dara")
    ended = threading.Event()

    def leave() -> None:
        office.end_staff("dara")
        ended.set()

    with closing(connect(office.database.worker, "test")) as connection:
        with connection, connection.cursor() as cursor:
            (due,) = lock_due_cases(cursor, office.clock, 10)
            leaving = threading.Thread(target=leave)
            leaving.start()
            assert not ended.wait(0.5), "it waits until the look is written"
            look_again(cursor, [Look(alert_id, due.round, due.round_began_at, None)])
        leaving.join()
    assert rows(office.database.owner, "SELECT look_at = '-infinity' FROM escalation_looks") == [(True,)]
