"""How probable is it that a wearer is at a scene by routine alone? It orders review, and is never guilt."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crimes.chance.phia import yardstick_words
from crimes.chance.proportions import rule_of_succession
from crimes.chance.routine_stretches import NIGHT_HOURS, Stretch

LEAST_WINDOWS = 7
"""With fewer to compare nothing is said; weekdays and weekends are kept apart only where the kind has so many."""

LEAST_OCCASIONS = 3  # nights or days: fewer are no pattern
OFTEN = 0.5
CROWDED = "Crimes are reported here so often that the days of others are compared, too."
CAUTION = (
    "This orders review and is never guilt: it says nothing of what the wearer did or saw, and a rare visit may be an"
    " innocent one."
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the track says of one stretch."""

    stretch: Stretch
    positions_there: int  # usable ones within the radius of the scene
    parts_covered: int  # parts of the stretch with a usable position

    @property
    def is_covered(self) -> bool:
        return 2 * self.parts_covered >= self.stretch.parts


@dataclass(frozen=True, slots=True)
class ChanceWeight:
    """How a presence compares with the wearer's routine in the weeks before."""

    probability: float | None  # of being counted present by routine alone; None: too little history
    windows_compared: int  # earlier days whose same time of day can be compared
    windows_there: int  # of these, on which the wearer would have been counted present
    kind_of_day: str  # "weekday", "weekend day" or "day": what was compared
    nights_there: int
    nights_compared: int
    days_there: int
    days_compared: int
    words: tuple[str, ...]
    yardstick: str | None  # of the Professional Head of Intelligence Assessment

    def document(self) -> dict[str, Any]:
        """As ``matching_results.weight`` holds it."""
        return {**asdict(self), "words": list(self.words)}


def weigh_chance(
    seen: Sequence[Seen], *, is_weekend: bool, least_positions: int, place_unsure_m: float = 0.0
) -> ChanceWeight:
    """The weight of a presence on a weekday or at a weekend, by what was ``seen`` on the days before, in any order.

    The probability is the rule of succession over the days whose same time of day can be compared: those whose track
    covers at least half of it, or on which the wearer would have been counted present, with ``least_positions``
    positions within the radius. Weekdays are compared with weekdays and weekends with weekends where either has enough
    of its kind, since work and rest differ; else all days are. Stretches that touch another crime are left out where
    enough days remain without them: else nothing could be said of a place where crimes are reported every day. Where
    the place is known within ``place_unsure_m`` only, ``seen`` is of all that may be it, and the words say so.
    """
    apart = [one for one in seen if not one.stretch.touches_another]
    is_apart = len(_comparable(apart, least_positions)) >= LEAST_WINDOWS
    seen = apart if is_apart else seen
    comparable = _comparable(seen, least_positions)
    alike = [one for one in comparable if one.stretch.is_weekend == is_weekend]
    kind_of_day = ("weekend day" if is_weekend else "weekday") if len(alike) >= LEAST_WINDOWS else "day"
    compared = alike if len(alike) >= LEAST_WINDOWS else comparable
    there = sum(one.positions_there >= least_positions for one in compared)
    probability = rule_of_succession(there, len(compared)) if len(compared) >= LEAST_WINDOWS else None
    nights_there, nights_compared = _nights(seen)
    days_there, days_compared = _days(seen, least_positions)
    bare = ChanceWeight(
        probability=probability,
        windows_compared=len(compared),
        windows_there=there,
        kind_of_day=kind_of_day,
        nights_there=nights_there,
        nights_compared=nights_compared,
        days_there=days_there,
        days_compared=days_compared,
        words=(),
        yardstick=None if probability is None else yardstick_words(probability),
    )
    return ChanceWeight(**{**asdict(bare), "words": _words(bare, place_unsure_m, is_apart=is_apart)})


def _comparable(seen: Sequence[Seen], least_positions: int) -> list[Seen]:
    """The same time of day on the days of which the track tells."""
    return [one for one in seen if one.stretch.look_hour is None and _tells(one, least_positions)]


def _tells(one: Seen, least_positions: int) -> bool:
    return one.is_covered or one.positions_there >= least_positions


def _nights(seen: Sequence[Seen]) -> tuple[int, int]:
    """Nights at the scene, and nights on which the track tells."""
    looks: dict[int, list[bool]] = {}
    for one in seen:
        if one.stretch.look_hour in NIGHT_HOURS and _tells(one, 1):
            looks.setdefault(one.stretch.day, []).append(one.positions_there > 0)
    told = [night for night in looks.values() if len(night) == len(NIGHT_HOURS)]
    return sum(map(all, told)), len(told)


def _days(seen: Sequence[Seen], least_positions: int) -> tuple[int, int]:
    """Days on which the wearer was seen at the scene at any time, and days on which the track tells."""
    looks: dict[int, list[bool]] = {}
    there = set()
    for one in seen:
        if one.stretch.look_hour is not None:
            looks.setdefault(one.stretch.day, []).append(one.is_covered)
        if one.positions_there >= (least_positions if one.stretch.look_hour is None else 1):
            there.add(one.stretch.day)
    told = {day for day, covered in looks.items() if 2 * sum(covered) >= len(covered)}
    return len(there), len(told | there)


def _words(weight: ChanceWeight, place_unsure_m: float, *, is_apart: bool) -> tuple[str, ...]:
    crowded = [] if is_apart or weight.probability is None else [CROWDED]
    unsure = (
        [f"The place is known within {place_unsure_m:,.0f} m only: the scene is all of that."] if place_unsure_m else []
    )
    return (_same_time(weight), *unsure, *crowded, *_patterns(weight), CAUTION)


def _same_time(weight: ChanceWeight) -> str:
    compared = _counted(weight.windows_compared, f"earlier {weight.kind_of_day}")
    if weight.probability is None:
        few = f"only {compared}" if weight.windows_compared else "no earlier day"
        return (
            f"Chance is not weighed, for there is too little history: {few} can be compared at this time of day, and"
            f" at least {LEAST_WINDOWS} are needed."
        )
    return (
        f"Probability of being counted present here by routine alone: {weight.yardstick}"
        f" ({percent(weight.probability)}). At this time of day the wearer was at the scene on {weight.windows_there}"
        f" of the {compared} that can be compared."
    )


def _patterns(weight: ChanceWeight) -> list[str]:
    said = []
    nights = f"{weight.nights_there} of {_counted(weight.nights_compared, 'night')}"
    if weight.nights_compared >= LEAST_OCCASIONS and weight.nights_there >= OFTEN * weight.nights_compared:
        said.append(f"The wearer was at the scene on {nights}: lives there or next door.")
    elif weight.nights_there:
        said.append(f"The wearer was at the scene on {nights}.")
    days = f"{weight.days_there} of {_counted(weight.days_compared, 'day')}"
    if weight.days_compared >= LEAST_OCCASIONS and weight.days_there >= OFTEN * weight.days_compared:
        said.append(f"The wearer was at the scene at some time on {days}: is there, or passes, on most days.")
    elif weight.days_there:
        said.append(f"The wearer was at the scene at some time on {days}.")
    elif weight.days_compared:
        said.append(f"The wearer was not seen at the scene on any of {_counted(weight.days_compared, 'day')} before.")
    return said


def percent(probability: float) -> str:
    """In words, with no more digits than the figure can bear."""
    if probability < 0.001:  # noqa: PLR2004  a tenth of a percent
        return "under 0.1 %"
    return f"about {100 * probability:.2g} %" if probability < 0.995 else "over 99 %"  # noqa: PLR2004


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
