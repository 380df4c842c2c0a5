"""Each position of the evidence: what it says, and what it counted for on the way to the confirmation."""

from dataclasses import dataclass

from alerts.explanation.documents import ExplainedPosition
from alerts.explanation.stays import DECIDE_FOR, Seen, Stay
from alerts.explanation.wording import (
    MECHANISMS,
    distance_words,
    duration_words,
    listed,
    moment_words,
    place_words,
    probability_figure,
)
from model.enums import Mechanism, PositionFlag
from model.policies import PresencePolicy
from model.times import SECOND_US, from_microseconds
from model.visits import Verdict

DOT_INSIDE = "the dot lay inside, which was the whole of that rule"
PROMPT_S = 60.0
"""An upload later than this is worth a word."""
HALF_A_METRE_M = 0.5
"""Accuracies nearer to each other than this read alike."""

FLAGGED_SPEED, FLAGGED_ACCURACY, FLAGGED_INFERRED = (
    flag.words[0] for flag in (PositionFlag.IMPLIED_SPEED, PositionFlag.POOR_ACCURACY, PositionFlag.INFERRED)
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A position of the trail and what it counted for; ``count`` and ``since_us`` are of the deciding ones so far."""

    seen: Seen
    is_confirming: bool
    count: int
    since_us: int | None
    counted_for: str


def counted_trail(stay: Stay) -> tuple[Counted, ...]:
    """The trail in order, and the confirming position behind it where the trail was full before that."""
    confirming = stay.confirming
    trail = stay.trail
    if confirming is not None and confirming not in trail:
        trail = (*trail, confirming)
    found: list[Counted] = []
    count, since_us = 0, None
    for seen in trail:
        if seen.verdict in DECIDE_FOR:
            count += 1
            since_us = seen.fix_time_us if since_us is None else since_us
        confirms = seen == confirming
        found.append(Counted(seen, confirms, count, since_us, _counted_for(stay, seen, confirms, count, since_us)))
    return tuple(found)


def explained(stay: Stay, seen: Seen, counted_for: str) -> ExplainedPosition:
    document = seen.document
    return ExplainedPosition(
        fix_time=from_microseconds(seen.fix_time_us),
        received_at=from_microseconds(seen.received_us),
        upload_delay_s=(seen.received_us - seen.fix_time_us) / SECOND_US,
        lat=document["lat"],
        lon=document["lon"],
        mechanism=document["mechanism"],
        accuracy_m=seen.accuracy_m,
        reckoned_accuracy_m=seen.reckoned_accuracy_m,
        depth_m=seen.depth_m,
        place=place_words(seen.depth_m),
        p_inside=seen.p_inside,
        p_stay=stay.p_stay(seen),
        verdict=None if seen.verdict is None else seen.verdict.value,
        flags=seen.flags,
        counted_for=counted_for,
        in_words=f"{moment_words(from_microseconds(seen.fix_time_us))}: {position_words(stay, seen)}; {counted_for}.",
    )


def position_words(stay: Stay, seen: Seen) -> str:
    """Such as `GPS, within 8 m, 34 m inside, probability 0.998 of being inside the zone`."""
    parts = [MECHANISMS[seen.mechanism.word], _accuracy_words(seen), place_words(seen.depth_m)]
    p_stay = stay.p_stay(seen)
    if FLAGGED_INFERRED in seen.flags:
        return f"a place on the straight way between two positions, {place_words(seen.depth_m)}"
    if p_stay is not None:
        parts.append(f"probability {probability_figure(p_stay)} of being {stay.being}")
    if seen.flags:
        parts.append(f"flagged {listed([flag.replace('_', ' ') for flag in seen.flags])}")
    delay_s = (seen.received_us - seen.fix_time_us) / SECOND_US
    if delay_s > PROMPT_S:
        parts.append(f"uploaded {duration_words(delay_s)} after it was taken")
    return ", ".join(parts)


def _accuracy_words(seen: Seen) -> str:
    if seen.accuracy_m is None:
        return f"accuracy not stated (taken as {distance_words(seen.reckoned_accuracy_m)})"
    if seen.reckoned_accuracy_m - seen.accuracy_m < HALF_A_METRE_M:
        return f"within {distance_words(seen.reckoned_accuracy_m)}"
    stated = "less than 1 m" if seen.accuracy_m < 1 else distance_words(seen.accuracy_m)
    return f"accuracy stated as {stated} (taken as {distance_words(seen.reckoned_accuracy_m)})"


def _counted_for(stay: Stay, seen: Seen, confirms: bool, count: int, since_us: int | None) -> str:
    if stay.inferred:
        return "the end of the way that led through the zone"
    policy = stay.policy_at(seen.fix_time_us)
    match seen.verdict:
        case None:
            words = DOT_INSIDE
        case Verdict.FOR_ALONE:
            words = "confirmed it by itself"
        case Verdict.FOR if confirms:
            words = "confirmed it" + (f", as number {count} of those that decide" if count > 1 else "")
        case Verdict.FOR:
            words = f"speaks for it and could not confirm yet: {_company_lacks(seen, policy, count, since_us)}"
        case Verdict.HINT_FOR:
            words = f"can only hint: {_why_a_hint(seen)}"
        case Verdict.UNSURE:
            words = f"decided nothing: {_why_unsure(stay, seen, policy)}"
        case Verdict.HINT_AGAINST:
            words = f"hints against it, and cannot decide: {_why_a_hint(seen)}"
        case _:
            words = "speaks against it"
    return words


def _company_lacks(seen: Seen, policy: PresencePolicy, count: int, since_us: int | None) -> str:
    lacks = []
    if count < policy.confirm_count:
        lacks.append(f"number {count} of the {policy.confirm_count} needed")
    dwell_s = (seen.fix_time_us - (seen.fix_time_us if since_us is None else since_us)) / SECOND_US
    if dwell_s < policy.confirm_dwell_s:
        lacks.append(f"{duration_words(dwell_s)} of the {duration_words(policy.confirm_dwell_s)} needed had passed")
    return listed(lacks) or "the zone asked for more then than it does in this version"


def _why_a_hint(seen: Seen) -> str:
    """Only a plausible and exact enough GPS position decides; by what the position is, the reason is one of three."""
    if seen.mechanism is not Mechanism.GPS:
        return f"a {MECHANISMS[seen.mechanism.word]} fix never confirms"
    reasons = []
    if FLAGGED_ACCURACY in seen.flags:
        reasons.append("its accuracy is too poor")
    if FLAGGED_SPEED in seen.flags or not reasons:
        reasons.append("nobody can have got there so fast from the position before (implied speed)")
    return " and ".join(reasons)


def _why_unsure(stay: Stay, seen: Seen, policy: PresencePolicy) -> str:
    p_stay = stay.p_stay(seen)
    if seen.mechanism is Mechanism.RF:
        return "it was taken at the home beacon"
    if p_stay is None or p_stay >= policy.for_probability:
        return f"its dot does not lie {stay.being}"
    return f"probability {probability_figure(p_stay)} is below {policy.for_probability:g}"
