"""How often detection was right, by what officers found (pure): shares with their intervals, in numbers alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from crimes.chance.proportions import wilson_interval
from model.enums import AlertKind
from model.precision import JudgedAlerts

LEAST_CASES = 5
"""Of fewer alerts that were decided nothing is said: a figure would tell of single people."""
ROUNDED_TO = 5
"""For whoever reads figures and nothing else, counts are rounded to the nearest of its multiples."""
FEW_CASES = 30
"""Below this many a share is said to be of few cases: its interval is wide, and one more case moves it."""


@dataclass(frozen=True, slots=True)
class MeasuredShare:
    """The part of the decided alerts, with its 95 % confidence interval (Wilson); None where they are too few."""

    share: float | None
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many alerts were closed in which way; None in all of them where too few were decided to say."""

    breach: int | None
    allowed: int | None
    false_alarm: int | None
    not_counted: int | None


@dataclass(frozen=True, slots=True)
class MeasuredDetection:
    """Of one kind; with a preset and a month of those alone, without them of all."""

    kind: AlertKind
    preset: str | None
    raised_month: date | None
    alerts: int
    still_open: int
    retracted: int
    outcomes: Outcomes
    reopened: int | None
    contested: int | None
    overturned: int | None
    decided: int | None  # closed as a breach or as none: what the shares are of
    right: MeasuredShare  # detection was right: all decided but false alarms
    breach: MeasuredShare  # it was a breach
    words: str


@dataclass(frozen=True, slots=True)
class DetectionPrecision:
    """``kinds`` of all months, ``months`` of each kind, preset and month."""

    least_cases: int
    few_cases: int
    rounded_to: int  # 1: every count is as it is
    kinds: tuple[MeasuredDetection, ...]
    months: tuple[MeasuredDetection, ...]


def measure(judged: Iterable[JudgedAlerts]) -> DetectionPrecision:
    """The figures of ``judged``, by kind and by month."""
    ordered = sorted(judged, key=lambda one: (one.kind, one.preset or "", one.raised_month))
    kinds = [_together(list(group)) for _, group in groupby(ordered, key=lambda one: one.kind)]
    held_back = _held_back(ordered)
    return DetectionPrecision(
        LEAST_CASES,
        FEW_CASES,
        1,
        tuple(_measured(one, preset=None, raised_month=None, is_told=_decided(one) >= LEAST_CASES) for one in kinds),
        tuple(
            _measured(one, preset=one.preset, raised_month=one.raised_month, is_told=place not in held_back)
            for place, one in enumerate(ordered)
        ),
    )


def rounded(precision: DetectionPrecision) -> DetectionPrecision:
    """The same for who reads aggregates only: no small number, and none that follows from others. Each count is rounded
    by itself, so sums are off; shares have two digits, and of few cases there is none: it would give the counts away.
    """
    return DetectionPrecision(
        precision.least_cases,
        precision.few_cases,
        ROUNDED_TO,
        tuple(_rounded_one(one) for one in precision.kinds if _round(one.alerts)),
        tuple(_rounded_one(one) for one in precision.months if _round(one.alerts)),
    )


def _rounded_one(one: MeasuredDetection) -> MeasuredDetection:
    is_told = one.decided is not None and one.decided >= FEW_CASES
    right = _two_digits(one.right, is_told=is_told)
    said = (
        f"right in {_percent(right.share)} of about {_round(one.decided)}"
        if right.share is not None
        else f"fewer than {FEW_CASES} decided: too few to say"
    )
    return MeasuredDetection(
        kind=one.kind,
        preset=one.preset,
        raised_month=one.raised_month,
        alerts=_round(one.alerts) or 0,
        still_open=_round(one.still_open) or 0,
        retracted=_round(one.retracted) or 0,
        outcomes=Outcomes(
            _round(one.outcomes.breach),
            _round(one.outcomes.allowed),
            _round(one.outcomes.false_alarm),
            _round(one.outcomes.not_counted),
        ),
        reopened=_round(one.reopened),
        contested=_round(one.contested),
        overturned=_round(one.overturned),
        decided=_round(one.decided),
        right=right,
        breach=_two_digits(one.breach, is_told=is_told),
        words=f"{said}; not final, alerts are open" if _round(one.still_open) else said,
    )


def _round(count: int | None) -> int | None:
    """To the nearest multiple; never half-way, for the step is odd."""
    return None if count is None else ROUNDED_TO * round(count / ROUNDED_TO)


def _two_digits(share: MeasuredShare, *, is_told: bool) -> MeasuredShare:
    if not is_told or share.share is None or share.least is None or share.most is None:
        return MeasuredShare(None, None, None)
    return MeasuredShare(round(share.share, 2), round(share.least, 2), round(share.most, 2))


def _held_back(ordered: Sequence[JudgedAlerts]) -> set[int]:
    """Which months nothing is said of: those with too few decided; and beside them the next larger ones, where the
    sum of their kind less the months that are told would tell of too few.
    """
    held_back: set[int] = set()
    for _, group in groupby(sorted(enumerate(ordered), key=lambda one: one[1].kind), key=lambda one: one[1].kind):
        few = 0
        for decided, place in sorted((_decided(one), place) for place, one in group):
            if decided >= LEAST_CASES and (few == 0 or few >= LEAST_CASES):
                break
            held_back.add(place)
            few += decided
    return held_back


def _decided(one: JudgedAlerts) -> int:
    return one.breach + one.allowed + one.false_alarm


def _together(group: list[JudgedAlerts]) -> JudgedAlerts:
    return JudgedAlerts(
        kind=group[0].kind,
        preset=None,
        raised_month=group[0].raised_month,
        alerts=sum(one.alerts for one in group),
        still_open=sum(one.still_open for one in group),
        retracted=sum(one.retracted for one in group),
        breach=sum(one.breach for one in group),
        allowed=sum(one.allowed for one in group),
        false_alarm=sum(one.false_alarm for one in group),
        not_counted=sum(one.not_counted for one in group),
        reopened=sum(one.reopened for one in group),
        contested=sum(one.contested for one in group),
        overturned=sum(one.overturned for one in group),
    )


def _measured(one: JudgedAlerts, preset: str | None, raised_month: date | None, *, is_told: bool) -> MeasuredDetection:
    decided = _decided(one)
    right = _share(one.breach + one.allowed, decided, is_told=is_told)
    return MeasuredDetection(
        kind=one.kind,
        preset=preset,
        raised_month=raised_month,
        alerts=one.alerts,
        still_open=one.still_open,
        retracted=one.retracted,
        outcomes=Outcomes(one.breach, one.allowed, one.false_alarm, one.not_counted)
        if is_told
        else Outcomes(None, None, None, None),
        reopened=one.reopened if is_told else None,
        contested=one.contested if is_told else None,
        overturned=one.overturned if is_told else None,
        decided=decided if is_told else None,
        right=right,
        breach=_share(one.breach, decided, is_told=is_told),
        words=_words(one, decided, right),
    )


def _share(times: int, cases: int, *, is_told: bool) -> MeasuredShare:
    if not is_told:
        return MeasuredShare(None, None, None)
    interval = wilson_interval(times, cases)
    return MeasuredShare(times / cases, interval.least, interval.most)


def _words(one: JudgedAlerts, decided: int, right: MeasuredShare) -> str:
    """Such as "right in 84 % (64 % to 95 %) of 19, few cases; not final, 11 of 30 alerts are open"."""
    if right.share is None or right.least is None or right.most is None:
        few = f"fewer than {LEAST_CASES}"
        said = (
            f"{few} decided: too few to say" if decided < LEAST_CASES else f"not said: it would tell of {few} beside it"
        )
    else:
        said = f"right in {_percent(right.share)} ({_percent(right.least)} to {_percent(right.most)}) of {decided}"
        said += ", few cases" if decided < FEW_CASES else ""
    return f"{said}; not final, {one.still_open} of {one.alerts} alerts are open" if one.still_open else said


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
