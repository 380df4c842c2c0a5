"""Whatever rota there is and whatever anybody does: no open alert lies on nobody, and whoever is told can open it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alerts.case_details import BadDetailError
from alerts.casework import IllegalStepError, act
from alerts.duty.shifts import LOOKED_EVERY
from model.casework import SERVICE_SUBJECT, CaseAction
from model.enums import Severity, Urgency
from model.staff import StaffRole
from tests.conftest import fresh_database
from tests.duty.conftest import MONDAY_AT_TEN
from tests.servers.timescale import DatabaseServer
from tests.support.database import DatabaseUrls
from tests.support.duty import DutyWorld, duty_world
from tests.support.seed import as_owner
from tests.support.world import rows

STAFF = {
    "pat": StaffRole.PRACTITIONER,
    "jo": StaffRole.PRACTITIONER,
    "dara": StaffRole.DUTY_OFFICER,
    "noor": StaffRole.DUTY_OFFICER,
    "mina": StaffRole.MANAGER,
    "mika": StaffRole.MANAGER,
}
LYING = """
    SELECT alert_case.alert_id, alert_case.status, alert_case.assigned_to, look.look_at
    FROM alert_cases alert_case JOIN alerts alert USING (alert_id) JOIN escalation_looks look USING (alert_id)
    LEFT JOIN staff ON staff.subject = alert_case.assigned_to AND staff.ended_at IS NULL
    WHERE alert_case.status NOT IN ('closed', 'retracted') AND alert.severity <> 'information'
      AND NOT (alert_case.acknowledged_at IS NOT NULL AND staff.subject IS NOT NULL)
      AND (look.look_at IS NULL OR look.look_at <= service_clock()
           OR look.look_at > service_clock() + interval '30 hours')
"""
"""Neither acknowledged and on somebody who is here, nor under escalation; no look waits longer than for a morning."""

TOLD_AND_BLIND = """
    SELECT notice.notice_id, notice.template, staff.subject, alert.person_id
    FROM notices notice JOIN staff ON staff.subject = notice.recipient
    LEFT JOIN escalations USING (notice_id)
    JOIN alerts alert ON alert.alert_id = coalesce(notice.alert_id, escalations.alert_id)
    WHERE notice.created_at = service_clock() AND notice.cancelled_at IS NULL
      AND NOT (notice.template = 'alert_changed' AND notice.detail ->> 'change' = 'retracted')
      AND staff.ended_at IS NULL AND NOT caller_may_see(staff.subject, staff.role, alert.person_id)
"""
"""Told just now, of an alert that row security would not show them. Of a retraction whoever was told before is told."""
HELD_AND_BLIND = """
    SELECT alert_case.alert_id, assigned_to FROM alert_cases alert_case JOIN staff ON staff.subject = assigned_to
    WHERE alert_case.status NOT IN ('closed', 'retracted') AND staff.ended_at IS NULL
      AND NOT caller_may_see(staff.subject, staff.role, alert_case.person_id)
      AND EXISTS (
        SELECT FROM staff other WHERE other.ended_at IS NULL
          AND caller_may_see(other.subject, other.role, alert_case.person_id))
"""
"""On somebody who does not see it, though somebody else does."""

Deed = Callable[[DutyWorld], None]
LATE_DATA = (CaseAction.UPGRADE, CaseAction.DOWNGRADE, CaseAction.RETRACT, CaseAction.REVIVE)
subjects = st.sampled_from(sorted(STAFF))
number = st.integers(0, 50)
TEAMS = (1, 2)
teams = st.one_of(st.none(), st.sampled_from(TEAMS))


def raise_alert(severity: Severity, urgency: Urgency, practitioner: str | None, team: int | None) -> Deed:
    return lambda world: (world.raise_alert(world.add_person(practitioner, team), severity, urgency), None)[1]


def pass_time(minutes: float) -> Deed:
    return lambda world: world.set_clock(world.clock + timedelta(minutes=minutes))


def add_shift(role: StaffRole, subject: str, in_minutes: float, minutes: float, area: list[int]) -> Deed:
    def add(world: DutyWorld) -> None:
        starts_at = world.clock + timedelta(minutes=in_minutes)
        world.add_shift(role, subject, starts_at, starts_at + timedelta(minutes=minutes), area)

    return add


def cover(covered: str, by: str, minutes: float) -> Deed:
    def add(world: DutyWorld) -> None:
        if covered != by:
            world.execute(
                "INSERT INTO caseload_covers (covered, covered_by, during, reason, granted_by)"
                " VALUES (%s, %s, tstzrange(%s, %s), 'x', 'x')",
                covered,
                by,
                world.clock,
                world.clock + timedelta(minutes=minutes),
            )

    return add


def move(subject: str, team: int | None) -> Deed:
    return lambda world: world.execute("UPDATE staff SET team_id = %s WHERE subject = %s", team, subject)


def leave(subject: str) -> Deed:
    return lambda world: world.end_staff(subject)


def alert_of(world: DutyWorld, place: int) -> UUID | None:
    found = rows(world.database.owner, "SELECT alert_id::text FROM alerts ORDER BY sequence")
    return UUID(found[place % len(found)][0]) if found else None


def work(action: CaseAction, by: str, place: int, detail: Mapping[str, str] = MappingProxyType({})) -> Deed:
    def do(world: DutyWorld) -> None:
        alert_id = alert_of(world, place)
        here = rows(world.database.owner, "SELECT subject FROM staff WHERE ended_at IS NULL")
        if alert_id is None or any((who,) not in here for who in (by, detail.get("to", by)) if who != SERVICE_SUBJECT):
            return
        with as_owner(world.database.owner) as cursor:
            try:
                act(cursor, by, alert_id, None, action, detail)
            except (IllegalStepError, BadDetailError):  # or whoever it is given to would not see it
                cursor.connection.rollback()

    return do


def close(by: str, place: int, outcome: str) -> Deed:
    """Reviewed, the wearer asked, and closed."""
    steps = [
        work(CaseAction.START_REVIEW, by, place),
        work(CaseAction.INVITE_ACCOUNT, by, place),
        work(CaseAction.CLOSE, by, place, {"outcome": outcome, "text": "As it was."}),
    ]

    def do(world: DutyWorld) -> None:
        for step in steps:
            step(world)

    return do


deeds = st.one_of(
    st.builds(raise_alert, st.sampled_from(Severity), st.sampled_from(Urgency), st.one_of(st.none(), subjects), teams),
    st.builds(pass_time, st.floats(0.5, 900)),
    st.builds(
        add_shift,
        st.sampled_from([StaffRole.DUTY_OFFICER, StaffRole.MANAGER]),
        subjects,
        number,
        st.floats(1, 900),
        st.lists(st.sampled_from(TEAMS), max_size=2, unique=True),
    ),
    st.builds(cover, subjects, subjects, st.floats(1, 900)),
    st.builds(move, subjects, teams),
    st.builds(work, st.just(CaseAction.ACKNOWLEDGE), subjects, number),
    st.builds(lambda by, place, to: work(CaseAction.ASSIGN, by, place, {"to": to}), subjects, number, subjects),
    st.builds(work, st.sampled_from(LATE_DATA), st.just(SERVICE_SUBJECT), number),
    st.builds(close, subjects, number, st.sampled_from(["warning", "drift"])),
    st.builds(lambda by, place: work(CaseAction.CONTEST, by, place, {"by": "wearer", "text": "No."}), subjects, number),
    st.builds(lambda by, place: work(CaseAction.REOPEN, by, place, {"text": "Once more."}), subjects, number),
    st.builds(leave, subjects),
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each try is a database: to shrink takes minutes
)
@given(st.lists(deeds, min_size=5, max_size=40))
def test_at_every_moment_each_alert_is_on_somebody_or_is_being_told(
    embedded_server: DatabaseServer, embedded_template: str, given_deeds: list[Deed]
) -> None:
    with (
        fresh_database(embedded_server, embedded_template) as url,
        duty_world(DatabaseUrls.of(url), MONDAY_AT_TEN) as world,
    ):
        for team in TEAMS:
            world.add_team(f"Team {team}")
        for subject, role in STAFF.items():
            world.add_staff(subject, role, TEAMS[len(subject) % 2])
        for deed in given_deeds:
            deed(world)
            world.after(seconds=LOOKED_EVERY.total_seconds())
            for wrong in (LYING, TOLD_AND_BLIND, HELD_AND_BLIND):
                assert rows(world.database.owner, wrong) == []
