"""What holds of the timetable whatever is received, acknowledged and looked at when."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.escalation import Situation, TellingOutcome, Told, next_tellings
from model.casework_rules import EscalationStep
from model.notices import NoticeChannel
from model.staff import StaffMember, StaffRole

RAISED = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # the clocks go back in this night
RECEIPT_S = 60.0
ROLES = (StaffRole.PRACTITIONER, StaffRole.DUTY_OFFICER, StaffRole.MANAGER)

channels = st.permutations(list(NoticeChannel)).flatmap(
    lambda both: st.integers(1, 2).map(lambda count: tuple(both[:count]))
)
timetables = st.lists(
    st.builds(EscalationStep, st.sampled_from(ROLES), channels, st.floats(RECEIPT_S, 1800)), min_size=1, max_size=4
).map(tuple)


def member(role: StaffRole, number: int, email: str | None, mobile: str | None) -> StaffMember:
    return StaffMember(f"{role.value}-{number}", role.value, role, None, email, mobile)


def holders(role: StaffRole, least: int = 0) -> st.SearchStrategy[tuple[StaffMember, ...]]:
    address = st.tuples(st.sampled_from([None, "a@example.org"]), st.sampled_from([None, "+447700900001"]))
    return st.lists(address, min_size=least, max_size=2).map(
        lambda given: tuple(member(role, number, *addresses) for number, addresses in enumerate(given))
    )


rotas = st.fixed_dictionaries({role: holders(role) for role in ROLES})


@dataclass
class Played:
    situation: Situation
    nobody: int = 0


def play(
    situation: Situation, looks_s: list[float], receipts: dict[int, float], acknowledged_s: float = float("inf")
) -> Played:
    """Look after each of the pauses; the n-th telling is received so many seconds after it was told."""
    now, played = RAISED, Played(situation)
    for pause_s in [0.0, *looks_s]:
        now += timedelta(seconds=pause_s)
        if (now - RAISED).total_seconds() >= acknowledged_s:
            break
        seen = tuple(
            replace(one, received_at=one.told_at + timedelta(seconds=receipts[number]))
            if number in receipts and one.told_at + timedelta(seconds=receipts[number]) <= now
            else one
            for number, one in enumerate(played.situation.told)
        )
        plan = next_tellings(replace(played.situation, told=seen), now)
        played.nobody += plan.reaches_nobody
        assert plan.look_at is not None
        assert plan.look_at > now
        told = tuple(
            Told(one.step, str(one.recipient), NoticeChannel(str(one.channel)), now)
            for one in plan.tellings
            if one.outcome is TellingOutcome.TOLD
        )
        played.situation = replace(played.situation, told=(*seen, *told))
    return played


def begun(steps: tuple[EscalationStep, ...], on_duty: dict[StaffRole, tuple[StaffMember, ...]]) -> Situation:
    return Situation(steps, RAISED, (), on_duty, on_duty[StaffRole.MANAGER], RECEIPT_S)


looks = st.lists(st.floats(0.1, 900), max_size=60)
receipts = st.dictionaries(st.integers(0, 20), st.floats(0, 59))


@given(timetables, rotas)
def test_unanswered_it_reaches_everybody_of_every_step_by_every_channel_in_time(
    steps: tuple[EscalationStep, ...], on_duty: dict[StaffRole, tuple[StaffMember, ...]]
) -> None:
    legs = {
        (number, one.subject, channel)
        for number, step in enumerate(steps)
        for one in on_duty[step.role]
        for channel in step.channels
        if (one.email if channel is NoticeChannel.EMAIL else one.mobile) is not None
    }
    played = play(begun(steps, on_duty), [5.0] * int(len(legs) * (RECEIPT_S + 5) / 5 + 1), {})
    assert legs <= {(one.step, one.recipient, one.channel) for one in played.situation.told}


@given(timetables, rotas, receipts)
def test_received_and_not_acknowledged_it_reaches_every_step_in_the_sum_of_their_times(
    steps: tuple[EscalationStep, ...], on_duty: dict[StaffRole, tuple[StaffMember, ...]], received: dict[int, float]
) -> None:
    reachable = {
        number
        for number, step in enumerate(steps)
        if any(
            (one.email if channel is NoticeChannel.EMAIL else one.mobile) is not None
            for one in on_duty[step.role]
            for channel in step.channels
        )
    }
    total_s = sum(step.acknowledge_within_s + 4 * RECEIPT_S for step in steps)
    played = play(begun(steps, on_duty), [20.0] * int(total_s / 20 + 6 * len(steps)), received)
    assert reachable <= {one.step for one in played.situation.told}


@given(timetables, rotas, looks, receipts)
def test_nobody_is_told_twice_by_one_step_and_channel(
    steps: tuple[EscalationStep, ...],
    on_duty: dict[StaffRole, tuple[StaffMember, ...]],
    pauses: list[float],
    received: dict[int, float],
) -> None:
    told = play(begun(steps, on_duty), pauses, received).situation.told
    assert max(Counter((one.step, one.recipient, one.channel) for one in told).values(), default=0) <= 1
    assert [one.step for one in told] == sorted(one.step for one in told)


@given(timetables, rotas, looks, receipts)
def test_each_look_is_never_silent_without_saying_so(
    steps: tuple[EscalationStep, ...],
    on_duty: dict[StaffRole, tuple[StaffMember, ...]],
    pauses: list[float],
    received: dict[int, float],
) -> None:
    played = play(begun(steps, on_duty), pauses, received)
    assert played.situation.told or played.nobody


@given(timetables, rotas, st.lists(st.floats(0.5, 20), max_size=60), receipts)
def test_how_often_one_looks_changes_nothing_but_when(
    steps: tuple[EscalationStep, ...],
    on_duty: dict[StaffRole, tuple[StaffMember, ...]],
    pauses: list[float],
    received: dict[int, float],
) -> None:
    """Who is told, in which order: beyond the lateness of looks the one list begins as the other does."""
    often = play(begun(steps, on_duty), [2.0] * 300, received).situation.told
    seldom = play(begun(steps, on_duty), pauses, received).situation.told
    common = min(len(often), len(seldom))
    assert [(one.step, one.recipient, one.channel) for one in often[:common]] == [
        (one.step, one.recipient, one.channel) for one in seldom[:common]
    ]


@given(timetables, rotas, looks, st.floats(0, 5000))
def test_an_acknowledgement_ends_it(
    steps: tuple[EscalationStep, ...],
    on_duty: dict[StaffRole, tuple[StaffMember, ...]],
    pauses: list[float],
    acknowledged_s: float,
) -> None:
    told = play(begun(steps, on_duty), pauses, {}, acknowledged_s).situation.told
    assert all((one.told_at - RAISED).total_seconds() < acknowledged_s for one in told)
