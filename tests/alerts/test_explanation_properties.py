"""Whatever detection raises is explained, and the rule that is named is the one that confirmed."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.decide import alert_of, alerts
from alerts.explanation import explain
from alerts.explanation.documents import ConfirmingRule
from model.enums import Aspect, Mechanism, PositionFlag, Urgency, ZoneKind
from model.policies import CURFEW, STEADY, PresencePolicy
from model.visits import Visit
from model.zones import ZoneVersion
from tests.support.explained import Ping, case_of, detected, zone
from tests.support.policies import BUFFERED

NEVER_ALONE = 2.0
NEVER_IN_COMPANY = 1000

PINGS = st.lists(
    st.builds(
        Ping,
        at_s=st.integers(0, 3600).map(float),
        away_m=st.integers(-600, 600).map(float),
        accuracy_m=st.sampled_from([None, 0.0, 3.0, 8.0, 30.0, 90.0, 200.0, 900.0]),
        mechanism=st.sampled_from([Mechanism.GPS] * 5 + list(Mechanism)),
        delay_s=st.sampled_from([0.0, 2.0, 1800.0]),
        flags=st.sampled_from([PositionFlag.NONE, PositionFlag.IMPLIED_SPEED | PositionFlag.LATE]),
    ),
    max_size=40,
    unique_by=lambda one: one.at_s,
).map(lambda pings: sorted(pings, key=lambda one: one.at_s))
POLICIES = st.sampled_from(
    [BUFFERED, STEADY, replace(BUFFERED, alone_depth_m=0.0, confirm_count=3), replace(STEADY, confirm_count=1)]
)
ZONES = st.one_of(
    POLICIES.map(zone),
    st.sampled_from([ZoneKind.CURFEW, ZoneKind.INCLUSION]).map(lambda kind: zone(CURFEW, kind)),
)


def told(pings: Sequence[Ping], stood: ZoneVersion) -> list[Visit]:
    return [one.after for one in detected(pings, stood) if alerts(one.after)]


def confirmed_without(pings: Sequence[Ping], visit: Visit, stood: ZoneVersion, **changed: float) -> bool:
    """Whether the same visit is confirmed by the same position under a policy that lacks something."""
    policy: PresencePolicy = replace(stood.policy, **changed)  # type: ignore[arg-type]
    again = told(pings, replace(stood, policy=policy))
    return (visit.visit_id, visit.confirmed_us) in {(one.visit_id, one.confirmed_us) for one in again}


@settings(max_examples=150, deadline=None)
@given(PINGS, ZONES)
def test_every_alert_is_explained(pings: list[Ping], stood: ZoneVersion) -> None:
    for visit in told(pings, stood):
        found = explain(case_of(alert_of(visit, Urgency.IMMEDIATE), stood))
        assert asdict(found)["sections"]
        assert all(one.heading and all(one.paragraphs) for one in found.sections)
        assert found.why_not_sooner
        assert len(found.positions) == len({*visit.evidence.trail, visit.evidence.confirming} - {None})
        if visit.confirmed_us is not None:
            assert found.positions[-1].counted_for.startswith("confirmed it")
            assert not any(one.counted_for.startswith("confirmed it") for one in found.positions[:-1])


@settings(max_examples=150, deadline=None)
@given(PINGS, ZONES)
def test_the_rule_that_is_named_is_the_one_that_confirmed(pings: list[Ping], stood: ZoneVersion) -> None:
    """One that confirmed alone still does where no company is ever enough, and the other way round."""
    for visit in told(pings, stood):
        rule = explain(case_of(alert_of(visit, Urgency.IMMEDIATE), stood)).rule.confirmed_by
        assert (rule is ConfirmingRule.CROSSING) == visit.inferred
        if visit.aspect is Aspect.BUFFER:
            continue  # its policy is derived: alone cannot be taken from it
        if rule is ConfirmingRule.ONE_ALONE:
            assert confirmed_without(pings, visit, stood, confirm_count=NEVER_IN_COMPANY)
        if rule is ConfirmingRule.COMPANY:
            assert confirmed_without(pings, visit, stood, alone_probability=NEVER_ALONE)


@settings(max_examples=150, deadline=None)
@given(PINGS, ZONES)
def test_no_reason_contradicts_the_figures(pings: list[Ping], stood: ZoneVersion) -> None:
    """A position that is said to be too unsure is less sure than the policy asks; one that counts is not."""
    for visit in told(pings, stood):
        found = explain(case_of(alert_of(visit, Urgency.IMMEDIATE), stood))
        for one in found.positions:
            assert one.p_stay is not None
            if one.verdict in {"for", "for_alone"}:
                assert one.p_stay >= stood.policy.for_probability - 0.001
            if one.counted_for.startswith("decided nothing: probability"):
                assert one.p_stay <= stood.policy.for_probability
