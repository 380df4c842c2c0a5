"""Which rule confirmed the stay, and why not sooner."""

from collections.abc import Sequence

from alerts.explanation.documents import ConfirmingRule
from alerts.explanation.positions import PROMPT_S, Counted
from alerts.explanation.stays import Stay
from alerts.explanation.wording import (
    counted,
    distance_words,
    duration_words,
    listed,
    probability_figure,
    time_words,
)
from geofence.schedules import ScheduleClock
from model.explanations import AlertCase, LapsedStay
from model.policies import PresencePolicy
from model.times import SECOND_US
from model.visits import TRAIL_LENGTH, Verdict

NOT_KEPT = "The older rule did not keep the positions before: what stood in the way is not known."
NOTHING_EARLIER = "The first position that spoke for it was enough: nothing before it did."
NO_CROSSING_EARLIER = "A crossing is known only with the position at the end of the way."
RECENT_S = 3600.0
"""What came into force within this time before the stay is a reason why it was not noticed sooner."""


def confirming_rule(stay: Stay) -> ConfirmingRule:
    if stay.inferred:
        return ConfirmingRule.CROSSING
    if not stay.is_weighed:
        return ConfirmingRule.PLAIN_DOT
    alone = stay.confirming is not None and stay.confirming.verdict is Verdict.FOR_ALONE
    return ConfirmingRule.ONE_ALONE if alone else ConfirmingRule.COMPANY


def confirming_words(case: AlertCase, stay: Stay, trail: Sequence[Counted]) -> str:
    match confirming_rule(stay):
        case ConfirmingRule.CROSSING:
            return _crossing_words(case, stay)
        case ConfirmingRule.ONE_ALONE:
            return _alone_words(stay)
        case ConfirmingRule.COMPANY:
            return _company_words(stay, trail)
        case _:
            return "One position whose dot lay inside the zone: that was the whole of this older rule."


def why_not_sooner(case: AlertCase, stay: Stay, trail: Sequence[Counted]) -> tuple[str, ...]:
    """One sentence for each thing that stood in the way, in the order of time."""
    if not stay.is_weighed:
        return (NOT_KEPT,)
    reasons = [_lapsed_words(stay, one) for one in case.lapsed]
    in_force = in_force_since(stay, case.alert.began_us)
    if in_force is not None and case.alert.began_us - in_force[0] <= RECENT_S * SECOND_US:
        since_us, what = in_force
        reasons.append(f"{what} at {time_words(since_us)}: what was before is not held against the wearer.")
    earlier = [one for one in trail if not one.is_confirming]
    if not stay.inferred:
        reasons += [f"The position of {time_words(one.seen.fix_time_us)} {one.counted_for}." for one in earlier]
    if len(stay.trail) == TRAIL_LENGTH and stay.confirming is not None and stay.confirming not in stay.trail:
        reasons.append(f"Any positions between the first {TRAIL_LENGTH} and the confirming one are not kept here.")
    reasons += _delays(case, stay)
    return tuple(reasons) or (NO_CROSSING_EARLIER if stay.inferred else NOTHING_EARLIER,)


def _delays(case: AlertCase, stay: Stay) -> list[str]:
    """What the tag and what we took from the position that decided to the alert."""
    told_by = stay.confirming or stay.entry
    upload_s = (told_by.received_us - told_by.fix_time_us) / SECOND_US
    ours_s = (case.raised_us - told_by.received_us) / SECOND_US
    found = []
    if upload_s > PROMPT_S:
        what = "position by which the crossing was known" if stay.inferred else "confirming position"
        found.append(
            f"The {what} was taken at {time_words(told_by.fix_time_us)}; the tag uploaded it"
            f" {duration_words(upload_s)} later, at {time_words(told_by.received_us)}."
        )
    if ours_s > PROMPT_S:
        found.append(
            f"We took {duration_words(ours_s)} from the receipt to the alert, at {time_words(case.raised_us)}."
        )
    if ours_s < 0:
        found.append(
            f"The alert was raised before that position came, at {time_words(case.raised_us)}, by what was known then."
        )
    return found


def in_force_since(stay: Stay, time_us: int) -> tuple[int, str] | None:
    """From when on the zone was in force without a break at a time, and what began then; None without a beginning."""
    zone = stay.zone
    begins = [(zone.valid_from_us, f"Version {zone.version} of the zone began to hold")]
    if zone.active_from_us is not None:
        begins.append((zone.active_from_us, "The condition began"))
    if zone.schedule is not None:
        window = ScheduleClock(zone.schedule).window_of(time_us)
        if window is not None:
            begins.append((window[0], "The zone's hours began"))
    held_before = any(one.version != zone.version and one.valid_to_us == zone.valid_from_us for one in stay.versions)
    if held_before:
        begins = begins[1:]
    return max(begins, default=None)


def _alone_words(stay: Stay) -> str:
    confirming = stay.confirming
    if confirming is None:
        raise ValueError("a stay that one position confirmed has a confirming position")
    policy, p_stay = stay.policy_at(confirming.fix_time_us), stay.p_stay(confirming) or 0.0
    sure = f"probability {probability_figure(p_stay)}, and {policy.alone_probability:g} is enough"
    if policy.alone_depth_m <= 0:
        return f"One position alone: {sure}."
    deep = f"{distance_words(stay.towards_m(confirming))} deep, and {distance_words(policy.alone_depth_m)} is enough"
    return f"One position alone: {sure}; {deep}."


def _company_words(stay: Stay, trail: Sequence[Counted]) -> str:
    confirming = next(one for one in trail if one.is_confirming)
    policy = stay.policy_at(confirming.seen.fix_time_us)
    at_least = "At least " if stay.confirming not in stay.trail else ""
    since_us = confirming.seen.fix_time_us if confirming.since_us is None else confirming.since_us
    span_s = (confirming.seen.fix_time_us - since_us) / SECOND_US
    found = f"{at_least}{counted(confirming.count, 'position')} in company within {duration_words(span_s)}"
    if confirming.count == 1:
        found = "One position"
    each = "each " * (confirming.count > 1)
    return f"{found}, {each}of probability {policy.for_probability:g} or more. {company_rule_words(policy)}"


def company_rule_words(policy: PresencePolicy) -> str:
    needs = [counted(int(policy.confirm_count), "such position")]
    if policy.confirm_dwell_s > 0:
        needs.append(f"{duration_words(policy.confirm_dwell_s)} from the first to the last")
    rule = f"The zone asks for {listed(needs)}"
    if policy.confirm_count > 1 or policy.confirm_dwell_s > 0:
        rule += f", and no more than {duration_words(policy.company_s)} from one that speaks for it to the next"
    return f"{rule}."


def _crossing_words(case: AlertCase, stay: Stay) -> str:
    policy, end = stay.policy_at(stay.entry.fix_time_us), stay.entry
    gap_s = (end.fix_time_us - case.alert.began_us) / SECOND_US
    return (
        f"Inferred, not observed: the positions of {time_words(case.alert.began_us)} and {time_words(end.fix_time_us)}"
        f" both lie outside, {duration_words(gap_s)} apart (at most {duration_words(policy.crossing_gap_s)}), and the"
        f" straight way between them leads {distance_words(stay.deepest.depth_m)} deep through the zone (at least"
        f" {distance_words(policy.crossing_depth_m)}). The wearer may have gone another way."
    )


def _lapsed_words(stay: Stay, lapsed: LapsedStay) -> str:
    return (
        f"An earlier sign at {time_words(lapsed.entered_us)}"
        f" ({counted(lapsed.positions_inside, 'position')}, the last at {time_words(lapsed.last_inside_us)})"
        " came to nothing: before it was confirmed, a position spoke against it or too much time went by"
        f" ({duration_words(stay.policy_at(lapsed.last_inside_us).company_s)} at most between two)."
    )
