"""How a stay goes on, for the reference engine: one position's word after the other, in plain sentences."""

from dataclasses import dataclass, replace

from model.enums import Aspect, Regime, VisitState
from model.policies import PresencePolicy
from model.times import SECOND_US
from model.zones import ZoneVersion


@dataclass(frozen=True, slots=True)
class Says:
    """What one position says about a zone that is in force."""

    version: int
    regime: Regime
    policy: PresencePolicy
    speaks_for: bool
    speaks_against: bool
    counts: bool  # it can confirm and end; what does not count only hints
    is_sure: bool
    is_far: bool


@dataclass(frozen=True, slots=True)
class Stay:
    zone_id: int
    aspect: Aspect
    version: int
    regime: Regime
    state: VisitState
    inferred: bool
    entered_us: int
    confirmed_us: int | None
    last_us: int
    left_us: int | None
    closed_us: int | None
    positions: int
    supporters_us: tuple[int, ...] = ()  # times of those that count for it
    doubters_us: tuple[int, ...] = ()  # and of those against it since

    @classmethod
    def crossed(cls, version: ZoneVersion, before_us: int, there_us: int, after_us: int) -> "Stay":
        return cls(
            zone_id=version.zone_id,
            aspect=Aspect.ZONE,
            version=version.version,
            regime=Regime.IN_FORCE,
            state=VisitState.ENDED,
            inferred=True,
            entered_us=before_us,
            confirmed_us=None,
            last_us=there_us,
            left_us=after_us,
            closed_us=after_us,
            positions=0,
        )

    def over(self, time_us: int) -> "Stay":
        """Ended now; it was left when the first of those spoke that ended it."""
        state = VisitState.LAPSED if self.confirmed_us is None else VisitState.ENDED
        return replace(self, state=state, left_us=(*self.doubters_us, time_us)[0], closed_us=time_us)


def judge(
    stay: Stay | None, says: Says | None, time_us: int, zone_id: int, aspect: Aspect
) -> tuple[list[Stay], Stay | None]:
    """The stays that this position ends, and the one that goes on."""
    ended: list[Stay] = []
    if stay is not None and (says is None or says.regime is not stay.regime):
        ended, stay = [stay.over(time_us)], None
    if says is None:
        return ended, None
    too_late_s = says.policy.company_s
    alone = stay is not None and stay.confirmed_us is None and time_us - stay.last_us > too_late_s * SECOND_US
    if stay is not None and says.speaks_for and alone:
        ended, stay = [*ended, stay.over(time_us)], None
    if says.speaks_for:
        return ended, _supported(stay, says, time_us, zone_id, aspect)
    if stay is None or not says.speaks_against or (says.counts and time_us == stay.last_us):
        return ended, stay  # of two places at one instant neither is the truth
    return _doubted(ended, stay, says, time_us)


def _supported(stay: Stay | None, says: Says, time_us: int, zone_id: int, aspect: Aspect) -> Stay:
    if stay is None:
        state, regime = VisitState.POSSIBLE, says.regime
        stay = Stay(zone_id, aspect, says.version, regime, state, False, time_us, None, time_us, None, None, 0)
    stay = replace(stay, last_us=time_us, positions=stay.positions + 1)
    if not says.counts:
        return stay
    stay = replace(stay, supporters_us=(*stay.supporters_us, time_us), doubters_us=())
    long_enough = time_us - stay.supporters_us[0] >= says.policy.confirm_dwell_s * SECOND_US
    enough = len(stay.supporters_us) >= says.policy.confirm_count
    if stay.confirmed_us is not None:
        return replace(stay, state=VisitState.CONFIRMED)
    if says.is_sure or (enough and long_enough):
        return replace(stay, state=VisitState.CONFIRMED, confirmed_us=time_us)
    return stay


def _doubted(ended: list[Stay], stay: Stay, says: Says, time_us: int) -> tuple[list[Stay], Stay | None]:
    if stay.confirmed_us is None:
        return ([*ended, stay.over(time_us)], None) if says.counts else (ended, stay)
    if not says.counts:
        return ended, replace(stay, state=VisitState.ENDING)
    doubters_us = (*stay.doubters_us, time_us)
    long_enough = time_us - doubters_us[0] >= says.policy.leave_dwell_s * SECOND_US
    if says.is_far or (len(doubters_us) >= says.policy.leave_count and long_enough):
        return [*ended, stay.over(time_us)], None
    return ended, replace(stay, state=VisitState.ENDING, doubters_us=doubters_us)
