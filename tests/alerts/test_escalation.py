"""Who is told next: the rules of the timetable one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.escalation import Plan, Situation, Telling, TellingOutcome, Told, next_tellings
from model.casework_rules import EscalationStep
from model.notices import NoticeChannel
from model.staff import StaffMember, StaffRole

RAISED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
BOTH = (NoticeChannel.SMS, NoticeChannel.EMAIL)
STEPS = (
    EscalationStep(StaffRole.PRACTITIONER, BOTH, 300),
    EscalationStep(StaffRole.DUTY_OFFICER, BOTH, 300),
    EscalationStep(StaffRole.MANAGER, BOTH, 600),
)


def member(role: StaffRole, subject: str | None = None, mobile: str | None = "+447700900001") -> StaffMember:
    return StaffMember(subject or role.value, role.value, role, None, f"{role.value}@example.org", mobile)


EVERYBODY = {step.role: (member(step.role),) for step in STEPS}


def situation(
    told: Sequence[Told] = (),
    on_duty: Mapping[StaffRole, Sequence[StaffMember]] = EVERYBODY,
    managers: Sequence[StaffMember] = (),
    list_s: float | None = None,
) -> Situation:
    return Situation(STEPS, RAISED, tuple(told), on_duty, managers, 60, list_s)


def at(seconds: float) -> datetime:
    return RAISED + timedelta(seconds=seconds)


def sms(step: int, second: float, received: float | None = None) -> Told:
    received_at = None if received is None else at(received)
    return Told(step, STEPS[min(step, 2)].role.value, NoticeChannel.SMS, at(second), received_at=received_at)


def email(step: int, second: float) -> Told:
    return replace(sms(step, second), channel=NoticeChannel.EMAIL)


def told(plan: Plan) -> list[tuple[int, str | None, str | None]]:
    return [(one.step, one.recipient, one.channel) for one in plan.tellings if one.outcome is TellingOutcome.TOLD]


def test_the_practitioner_is_told_first_by_the_first_channel() -> None:
    plan = next_tellings(situation(), RAISED)
    assert told(plan) == [(0, "practitioner", "sms")]
    assert plan.look_at == at(60)


def test_nothing_happens_before_it_is_due() -> None:
    assert next_tellings(situation([sms(0, 0)]), at(59.9)) == Plan((), at(60))


def test_without_a_receipt_the_next_channel_then_the_next_person() -> None:
    second = next_tellings(situation([sms(0, 0)]), at(60))
    assert (told(second), second.look_at) == ([(0, "practitioner", "email")], at(120))
    third = next_tellings(situation([sms(0, 0), email(0, 60)]), at(120))
    assert told(third) == [(1, "duty_officer", "sms")]


def test_a_receipt_without_an_acknowledgement_leaves_the_step_its_time() -> None:
    received = [sms(0, 0, received=30)]
    assert next_tellings(situation(received), at(60)) == Plan((), at(300))
    assert told(next_tellings(situation(received), at(300))) == [(1, "duty_officer", "sms")]


def test_the_time_for_a_receipt_runs_from_when_it_was_sent() -> None:
    sent = [replace(sms(0, 0), sent_at=at(45))]
    assert next_tellings(situation(sent), at(60)) == Plan((), at(105))


def test_what_is_not_sent_within_that_time_is_not_waited_for() -> None:
    for sent_at in (None, at(61)):
        assert told(next_tellings(situation([replace(sms(0, 0), sent_at=sent_at)]), at(60))) != []


def test_a_role_that_nobody_holds_is_passed_over_at_once_and_recorded() -> None:
    plan = next_tellings(situation(on_duty=EVERYBODY | {StaffRole.PRACTITIONER: ()}), RAISED)
    assert plan.tellings[0] == Telling(0, StaffRole.PRACTITIONER, TellingOutcome.NOBODY)
    assert told(plan) == [(1, "duty_officer", "sms")]


def test_somebody_without_any_address_is_passed_over_at_once_and_recorded() -> None:
    unreachable = replace(member(StaffRole.PRACTITIONER, mobile=None), email=None)
    plan = next_tellings(situation(on_duty=EVERYBODY | {StaffRole.PRACTITIONER: (unreachable,)}), RAISED)
    assert plan.tellings[0].outcome is TellingOutcome.NO_ADDRESS
    assert told(plan) == [(1, "duty_officer", "sms")]


def test_a_channel_without_an_address_is_left_out() -> None:
    by_email_only = member(StaffRole.PRACTITIONER, mobile=None)
    plan = next_tellings(situation(on_duty=EVERYBODY | {StaffRole.PRACTITIONER: (by_email_only,)}), RAISED)
    assert told(plan) == [(0, "practitioner", "email")]


def test_the_next_one_on_duty_is_told_before_the_next_step() -> None:
    two = (member(StaffRole.PRACTITIONER), member(StaffRole.PRACTITIONER, "second"))
    plan = next_tellings(
        situation([sms(0, 0), email(0, 60)], on_duty=EVERYBODY | {StaffRole.PRACTITIONER: two}), at(120)
    )
    assert told(plan) == [(0, "second", "sms")]


def test_the_last_step_begins_again_until_somebody_acknowledges() -> None:
    through = [sms(2, 0), email(2, 60)]
    assert next_tellings(situation(through), at(120)) == Plan((), at(600))
    assert told(next_tellings(situation(through), at(600))) == [(3, "manager", "sms")]
    again = [*through, sms(3, 600)]
    assert told(next_tellings(situation(again), at(660))) == [(3, "manager", "email")]
    assert told(next_tellings(situation([*again, email(3, 660)]), at(1200))) == [(4, "manager", "sms")]


def test_where_the_last_step_reaches_nobody_the_one_before_it_begins_again() -> None:
    no_manager = EVERYBODY | {StaffRole.MANAGER: ()}
    plan = next_tellings(situation([sms(1, 0), email(1, 60)], on_duty=no_manager), at(120))
    assert told(plan) == [(3, "duty_officer", "sms")]


def test_where_nobody_holds_any_role_every_manager_is_told() -> None:
    managers = (member(StaffRole.MANAGER, "one"), member(StaffRole.MANAGER, "two", mobile=None))
    plan = next_tellings(situation(on_duty={}, managers=managers), RAISED)
    assert told(plan) == [(3, "one", "email"), (3, "one", "sms"), (3, "two", "email")]
    assert not plan.reaches_nobody


def test_that_nobody_at_all_can_be_told_is_said_and_tried_again() -> None:
    plan = next_tellings(situation(on_duty={}), RAISED)
    assert plan.reaches_nobody
    assert plan.look_at == at(60)
    assert [one.outcome for one in plan.tellings] == [TellingOutcome.NOBODY] * 3


def test_a_late_look_goes_on_by_one_telling_only() -> None:
    plan = next_tellings(situation([sms(0, 0)]), at(7200))
    assert told(plan) == [(0, "practitioner", "email")]
    assert plan.look_at == at(7260)


def test_a_morning_s_list_may_wait_for_its_acknowledgement_without_a_receipt() -> None:
    plan = next_tellings(situation(list_s=10_800), RAISED)
    assert plan.look_at == at(10_800)
    assert told(next_tellings(situation([sms(0, 0)], list_s=10_800), at(10_800))) == [(1, "duty_officer", "sms")]
    after = next_tellings(situation([sms(0, 0), sms(1, 10_800)], list_s=10_800), at(10_860))
    assert told(after) == [(1, "duty_officer", "email")]


def test_without_a_timetable_it_stays_on_the_list() -> None:
    assert next_tellings(replace(situation(), steps=()), RAISED) == Plan((), None)
