"""Shifts that end: their holders are told, and nothing is left on somebody who has gone home."""

from datetime import timedelta

from model.casework import CaseAction
from model.staff import StaffRole
from tests.duty.conftest import MONDAY_AT_TEN
from tests.support.duty import DutyWorld
from tests.support.world import rows

DARA_ENDS = MONDAY_AT_TEN + timedelta(hours=10)


def test_the_holder_is_told_before_the_shift_ends_how_much_is_open_and_who_comes(office: DutyWorld) -> None:
    office.acknowledge(office.raise_alert(office.add_person("jones")), "dara")
    office.add_staff("noor", StaffRole.DUTY_OFFICER)
    office.add_shift(StaffRole.DUTY_OFFICER, "noor", DARA_ENDS, DARA_ENDS + timedelta(hours=12))
    office.set_clock(DARA_ENDS - timedelta(minutes=30))
    office.look()
    office.after(minutes=1)
    told = "SELECT recipient, detail->>'count', detail->>'next' FROM notices WHERE template = 'shift_ending'"
    assert rows(office.database.owner, told) == [("dara", "1", "Noor")]


def test_what_is_open_goes_to_whoever_comes_on_duty_in_one_notice(office: DutyWorld) -> None:
    alerts = [office.raise_alert(office.add_person("jones")) for _ in range(3)]
    for alert_id in alerts:
        office.acknowledge(alert_id, "dara")
    office.add_staff("noor", StaffRole.DUTY_OFFICER)
    office.add_shift(StaffRole.DUTY_OFFICER, "noor", DARA_ENDS, DARA_ENDS + timedelta(hours=12))
    office.set_clock(DARA_ENDS)
    office.look()
    office.look()
    assert {office.assigned_to(one) for one in alerts} == {"noor"}
    told = "SELECT recipient, detail FROM notices WHERE template = 'handed_over'"
    assert rows(office.database.owner, told) == [("noor", {"count": 3, "breach": 3, "warning": 0, "information": 0})]
    acted = "SELECT DISTINCT acted_by, detail->>'to', detail->>'from' FROM alert_actions WHERE action = 'hand_over'"
    assert rows(office.database.owner, acted) == [("cordon", "noor", "dara")]


def test_what_an_officer_assigns_is_told_to_whom_it_is_on(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.acknowledge(alert_id, "dara")
    office.look()
    office.act(alert_id, CaseAction.ASSIGN, assigned_to="mina")
    office.after(seconds=1)
    assert office.notices() == [("mina", "sms", "assigned")]


def test_where_nobody_comes_it_goes_to_the_practitioner_in_hours_and_to_a_manager_out_of_hours(
    office: DutyWorld,
) -> None:
    for ends_at, whose in ((MONDAY_AT_TEN.replace(hour=12), "jones"), (MONDAY_AT_TEN.replace(hour=22), "mina")):
        office.execute("DELETE FROM rota_shifts")
        office.add_shift(StaffRole.DUTY_OFFICER, "dara", MONDAY_AT_TEN, ends_at)
        alert_id = office.raise_alert(office.add_person("jones"))
        office.acknowledge(alert_id, "dara")
        office.set_clock(ends_at)
        office.look()
        assert office.assigned_to(alert_id) == whose


def test_a_wearer_s_own_practitioner_keeps_theirs_after_a_shift(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("dara"))
    office.acknowledge(alert_id, "dara")
    office.set_clock(DARA_ENDS)
    office.look()
    assert office.assigned_to(alert_id) == "dara"


def test_who_stays_on_duty_keeps_what_they_have(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.acknowledge(alert_id, "dara")
    office.add_shift(StaffRole.MANAGER, "dara", DARA_ENDS, DARA_ENDS + timedelta(hours=2))
    office.set_clock(DARA_ENDS)
    office.look()
    assert office.assigned_to(alert_id) == "dara"
    assert ("dara", "email", "shift_ending") not in office.notices()
    office.after(hours=2)
    assert office.assigned_to(alert_id) == "mina"


def test_where_there_is_nobody_else_it_goes_over_once_there_is(office: DutyWorld) -> None:
    office.end_staff("mina")
    alert_id = office.raise_alert(office.add_person())
    office.acknowledge(alert_id, "dara")
    office.set_clock(DARA_ENDS)
    office.look()
    assert office.assigned_to(alert_id) == "dara"
    office.add_staff("mika", StaffRole.MANAGER)
    office.after(minutes=5)
    assert office.assigned_to(alert_id) == "mika"


def test_what_is_on_somebody_who_leaves_goes_to_who_is_there(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person("jones"))
    office.acknowledge(alert_id, "jones")
    office.after(minutes=1)
    office.end_staff("jones")
    office.after(seconds=1)
    assert office.assigned_to(alert_id) == "dara"


def test_what_is_on_somebody_who_leaves_is_told_again_where_nobody_can_take_it_over(office: DutyWorld) -> None:
    alert_id = office.raise_alert(office.add_person())
    office.acknowledge(alert_id, "jones")
    office.look()
    office.execute("UPDATE staff SET ended_at = service_clock()")
    office.add_staff("lone", StaffRole.VICTIM_LIAISON)
    office.after(seconds=1)
    looked_at_again = f"SELECT look_at - service_clock() FROM escalation_looks WHERE alert_id = '{alert_id}'"
    assert rows(office.database.owner, looked_at_again) == [(timedelta(seconds=60),)]
    office.add_staff("mika", StaffRole.MANAGER)
    office.after(seconds=60)
    assert office.assigned_to(alert_id) == "mika"
