"""The timetable on a database: who is told of an alert, when, and that a restart changes nothing."""

from datetime import timedelta

from model.casework import CaseAction, CaseStatus
from model.enums import Severity, Urgency
from model.staff import StaffRole
from tests.duty.conftest import MONDAY_AT_TEN
from tests.support.duty import DutyWorld
from tests.support.world import rows

ALERT = "alert"
STEPS = "SELECT step, role, outcome FROM escalations ORDER BY escalation_id"


def test_a_breach_goes_from_channel_to_channel_and_person_to_person(office: DutyWorld) -> None:
    office.raise_alert(office.add_person("jones"))
    for _ in range(6):
        office.look()
        office.look()
        office.send()
        office.after(seconds=60)
    assert office.notices()[:6] == [
        (whom, channel, ALERT) for whom in ("jones", "dara", "mina") for channel in ("sms", "email")
    ]
    actions = "SELECT action, detail->>'role' FROM alert_actions ORDER BY case_version"
    assert rows(office.database.owner, actions) == [("escalate", "duty_officer"), ("escalate", "manager")]


def test_a_receipt_gives_them_time_to_acknowledge(office: DutyWorld) -> None:
    office.raise_alert(office.add_person("jones"))
    office.look()
    office.send(received=True)
    office.after(seconds=299)
    assert office.notices() == [("jones", "sms", ALERT)]
    office.after(seconds=1)
    assert ("dara", "sms", ALERT) in office.notices()


def test_after_an_acknowledgement_nothing_is_told_and_what_waits_is_not_sent(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.look()
    office.send()
    office.after(seconds=60)
    office.acknowledge(alert_id, "jones")
    office.after(seconds=1)
    assert office.notices() == [("jones", "sms", ALERT)]  # the e-mail had not been sent
    office.after(minutes=10)
    assert office.notices() == [("jones", "sms", ALERT)]


def test_a_retraction_ends_it_and_whoever_was_told_is_told_so(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.look()
    office.send()
    office.after(seconds=60)
    office.send()
    office.after(seconds=60)  # the duty officer's waits to be sent: they need not know
    office.act(alert_id, CaseAction.RETRACT, CaseStatus.RETRACTED)
    office.after(seconds=1)
    office.after(minutes=30)
    assert office.notices()[2:] == [("jones", "email", "alert_changed"), ("jones", "sms", "alert_changed")]


def test_an_upgrade_is_told_from_the_first_step_again(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"), Severity.WARNING)
    office.look()
    office.send()
    office.execute("UPDATE alerts SET severity = 'breach'")
    office.act(alert_id, CaseAction.UPGRADE)
    office.after(seconds=5)
    assert office.notices() == [("jones", "email", ALERT), ("jones", "sms", "alert_changed")]
    assert rows(office.database.owner, "SELECT max(round) FROM escalations") == [(2,)]


def test_an_upgrade_of_one_that_is_worked_on_is_told_to_whoever_works_on_it(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"), Severity.WARNING)
    office.look()
    office.send()
    office.acknowledge(alert_id, "dara")
    office.act(alert_id, CaseAction.UPGRADE)
    office.after(seconds=5)
    assert office.notices()[1:] == [("dara", "email", "alert_changed")]


def test_out_of_hours_the_duty_officer_is_first_and_a_timetable_is_kept(office: DutyWorld) -> None:
    person_id = office.add_person("jones")
    office.set_clock(MONDAY_AT_TEN.replace(hour=16, minute=59))
    office.raise_alert(person_id)
    office.look()
    office.send(received=True)
    office.set_clock(MONDAY_AT_TEN.replace(hour=17, minute=1))
    office.raise_alert(person_id)
    office.look()
    assert [whom for whom, _, _ in office.notices()] == ["jones", "dara"]
    office.after(minutes=5)
    assert rows(office.database.owner, "SELECT count(*) FROM escalations WHERE role = 'duty_officer'") == [(3,)]


def test_what_can_wait_is_one_list_in_the_morning(office: DutyWorld) -> None:
    office.set_clock(MONDAY_AT_TEN.replace(hour=22))
    person_id = office.add_person("jones")
    for severity in (Severity.BREACH, Severity.WARNING, Severity.WARNING, Severity.INFORMATION):
        office.raise_alert(person_id, severity, Urgency.MORNING)
    office.look()
    office.set_clock(MONDAY_AT_TEN + timedelta(hours=20, minutes=59))
    office.look()
    assert office.notices() == []
    office.after(minutes=1)
    assert office.notices() == [("jones", "sms", "morning_list")]
    lists = "SELECT detail FROM notices"
    assert rows(office.database.owner, lists) == [({"count": 3, "breach": 1, "warning": 2, "information": 0},)]
    office.raise_alert(person_id, Severity.WARNING, Urgency.MORNING)
    office.look()  # of the same instant, while the list is not sent
    assert rows(office.database.owner, lists) == [({"count": 4, "breach": 1, "warning": 3, "information": 0},)]
    office.send()
    office.after(minutes=30)
    assert office.notices() == [("jones", "sms", "morning_list")]


def test_nobody_on_the_rota_and_no_address_lead_to_the_next_step_at_once(office: DutyWorld) -> None:
    office.execute("UPDATE staff SET email = NULL, mobile = NULL WHERE subject = 'jones'")
    office.execute("DELETE FROM rota_shifts")
    office.raise_alert(office.add_person("jones"))
    office.look()
    assert office.notices() == [("mina", "sms", ALERT)]
    assert rows(office.database.owner, STEPS) == [
        (0, "practitioner", "no_address"),
        (1, "duty_officer", "nobody"),
        (2, "manager", "told"),
    ]


def test_where_nobody_is_there_it_is_counted_and_told_as_soon_as_somebody_is(empty_office: DutyWorld) -> None:
    empty_office.raise_alert(empty_office.add_person())
    for _ in range(3):
        empty_office.after(seconds=60)
    assert rows(empty_office.database.owner, "SELECT count(*) FROM escalations") == [(3,)]
    empty_office.add_staff("mina", StaffRole.MANAGER)
    empty_office.after(seconds=60)
    assert empty_office.notices() == [("mina", "sms", ALERT)]


def test_a_restart_at_any_moment_neither_loses_nor_repeats_a_notice(office: DutyWorld) -> None:
    office.raise_alert(office.add_person("jones"))
    for _ in range(5):
        office.restart()
        office.look()
        office.restart()
        office.look()
        office.after(seconds=60)
    told = [whom for whom, _, template in office.notices() if template == ALERT]
    assert told == ["jones", "jones", "dara", "dara", "mina", "mina"]


def test_after_hours_without_a_look_there_is_no_storm(office: DutyWorld) -> None:
    office.raise_alert(office.add_person("jones"))
    office.look()
    office.after(hours=5)
    assert [one for one in office.notices() if one[2] == ALERT] == [("jones", "sms", ALERT), ("jones", "email", ALERT)]


def test_each_clock_that_runs_out_is_told_once_to_whom_it_is_on_and_their_manager(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.acknowledge(alert_id, "jones")
    for _ in range(4):
        office.after(minutes=10)
    overdue = [("jones", "sms", "overdue"), ("mina", "sms", "overdue")]
    assert office.notices() == overdue
    assert rows(office.database.owner, "SELECT clock FROM overdue_clocks") == [("first_action",)]
    office.set_clock(MONDAY_AT_TEN + timedelta(days=1))
    office.look()
    assert office.notices() == overdue * 2


def test_nobody_is_told_of_the_clocks_of_information(office: DutyWorld) -> None:
    office.raise_alert(office.add_person("jones"), Severity.INFORMATION)
    office.set_clock(MONDAY_AT_TEN + timedelta(days=8))
    office.look()
    assert office.notices() == []


def test_a_second_look_is_asked_for_at_once_and_told_again_when_it_is_due(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.acknowledge(alert_id, "jones")
    office.act(
        alert_id,
        CaseAction.CONTEST,
        CaseStatus.CONTESTED,
        first_action_at=office.clock,
        review_due_at=office.clock + timedelta(hours=2),
    )
    office.after(hours=1)
    asked = [("mina", "sms", "review_due")]
    assert office.notices() == asked, "before the deadline: whoever has the alert may be the one who decided"
    office.after(minutes=59)
    assert office.notices() == asked
    office.after(minutes=1)
    assert sorted(office.notices()) == [("jones", "sms", "review_due"), *asked * 2]
