"""The managers who may decide on a police request are told of it, once; nobody is told of a number that is nobody's."""

from datetime import timedelta

from model.staff import StaffRole
from tests.support.duty import DutyWorld
from tests.support.world import rows


def test_the_managers_who_see_the_person_and_did_not_ask_are_told_once(office: DutyWorld) -> None:
    office.add_staff("hana", StaffRole.MANAGER, email=False)
    office.add_staff("left", StaffRole.MANAGER)
    office.end_staff("left")
    office.add_staff("asks", StaffRole.MANAGER)
    person = office.add_person("jones", rows(office.database.owner, "SELECT min(team_id) FROM teams")[0][0])
    ((crn,),) = rows(office.database.owner, f"SELECT crn FROM people WHERE person_id = {person}")
    for number in (crn, "X999999"):
        office.execute(
            "INSERT INTO trail_requests (force, crn, operation, reason, legal_basis, basis_reference, from_time,"
            " to_time, lat, lon, radius_m, requested_by) VALUES"
            " ('Metropolitan', %s, 'Op Larch', 'seen', 'court_order', 'no 1', %s, %s, 51.5, -0.1, 100, 'Asks')",
            number,
            office.clock - timedelta(hours=3),
            office.clock - timedelta(hours=2),
        )
    office.look()
    office.after(minutes=1)
    told = office.notices()
    assert ("mina", "email", "trail_requested") in told
    assert len(told) == len(set(told)), "once"
    assert {(recipient, template) for recipient, _, template in told} <= {
        ("mina", "trail_requested"),
        ("hana", "trail_requested"),
    }, "not who asked, who has left, or who is no manager"
    counted = rows(office.database.owner, "SELECT managers FROM trail_request_tellings ORDER BY trail_request_id")
    assert counted == [(len(told),), (0,)]
