"""The words of a match: plain, exact, with their numbers, and never more than the track shows."""

from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from crimes.scenes import Scene
from model.crimes import CoverageGap, GapReason, MatchedPosition, MatchingSettings, Window
from model.enums import Mechanism
from model.times import from_microseconds

KILOMETRES_AN_HOUR = 3.6
LONDON = ZoneInfo("Europe/London")
MILES_AN_HOUR = 3600 / 1609.344
WALK_MPS = 1.4
SHOWN_GAPS = 5
GAP_WORDS = {
    GapReason.NO_FIX: "the tag was heard and gave no position that could be used",
    GapReason.FLAT_BATTERY: "the battery was low and the tag fell silent",
    GapReason.TAG_OFF: "the tag was switched off or its strap was open",
    GapReason.NO_COMMUNICATION: "the tag was not heard",
    GapReason.NOT_MONITORED: "no condition or other legal basis let the wearer's positions be looked at all the time",
    GapReason.NOT_YET_ACTIVATED: "no tag was on the wearer yet",
    GapReason.NO_LONGER_ACTIVATED: "no tag was on the wearer any more",
    GapReason.SHORT_GAP: "positions came as usual, but so near the scene that there was time for it between them",
}
MECHANISM_WORDS = {
    Mechanism.GPS: "GPS",
    Mechanism.RF: "home beacon",
    Mechanism.LBS: "cell tower",
    Mechanism.WIFI: "WiFi",
}


@lru_cache(maxsize=4096)
def clock(moment_us: int) -> str:
    """Such as ``2026-03-16 14:02:10 UTC``, in summer ``2026-07-16 14:02:10 UTC (15:02:10+01:00)``.

    Parts of a second are cut off. The time in brackets is London's, where that is another one.
    """
    moment = from_microseconds(moment_us).replace(microsecond=0)
    there = moment.astimezone(LONDON)
    said = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    if not there.utcoffset():
        return said
    date, _, time = there.isoformat().partition("T")
    return f"{said} ({time})" if there.date() == moment.date() else f"{said} ({date} {time})"


def metres(distance_m: float) -> str:
    return f"{distance_m:,.0f} m"


def pace(speed_mps: float) -> str:
    return f"{speed_mps * KILOMETRES_AN_HOUR:.0f} km/h ({speed_mps * MILES_AN_HOUR:.0f} mph)"


def share(part: float) -> str:
    return f"{part:.0%}"


def how_many(count: int, noun: str = "position") -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def spanned(positions: Sequence[MatchedPosition]) -> str:
    first, last = clock(positions[0].fix_time_us), clock(positions[-1].fix_time_us)
    return f"at {first}" if first == last else f"between {first} and {last}"


def counting(positions: Sequence[MatchedPosition], settings: MatchingSettings) -> str:
    nearest_m = metres(min(one.distance_m for one in positions))
    away, verb, whose = (
        (f"{nearest_m} away", "counts", "its")
        if len(positions) == 1
        else (f"the nearest {nearest_m} away", "count", "each")
    )
    return (
        f"{how_many(len(positions))} {spanned(positions)}, {away}, {verb}: "
        f"at least {share(settings.least_overlap)} of {whose} circle lies within {metres(settings.radius_m)} "
        "of the stated place"
    )


def too_few(best: int, settings: MatchingSettings) -> str:
    return (
        f"to say present takes {settings.least_positions} that count, at different times in one window: "
        f"there {'is' if best == 1 else 'are'} {best}"
    )


def no_satellites(positions: Sequence[MatchedPosition]) -> str:
    kinds = sorted({MECHANISM_WORDS[one.mechanism] for one in positions})
    return f"all of them were found by {' and '.join(kinds)}, which does not suffice alone"


def place_unsure(scene: Scene, settings: MatchingSettings) -> str:
    return (
        f"the crime's place is known within {metres(scene.place_uncertainty_m)} only, "
        f"which is more than the radius of {metres(settings.radius_m)}"
    )


def contradiction() -> str:
    return "positions of the window contradict each other: nobody can have got from one to the next in the time"


def touching(positions: Sequence[MatchedPosition], scene: Scene, settings: MatchingSettings) -> str:
    most = max(one.overlap for one in positions)
    place = "the stated place"
    if scene.place_uncertainty_m > 0:
        place += f", known within {metres(scene.place_uncertainty_m)}"
    return (
        f"{how_many(len(positions))} {spanned(positions)} may be within {metres(settings.radius_m)} of {place}, but "
        f"{share(most)} of a confidence circle at the most lies there, and {share(settings.least_overlap)} are needed"
    )


def jumped(positions: Sequence[MatchedPosition], settings: MatchingSettings) -> str:
    return (
        f"{how_many(len(positions))} {spanned(positions)} at the scene do not count: "
        f"reached or left faster than {pace(settings.plausible_speed_mps)}"
    )


def outliers(positions: Sequence[MatchedPosition], settings: MatchingSettings) -> str:
    return (
        f"{how_many(len(positions))} {spanned(positions)} at the scene left out: by the positions before and after, "
        f"nobody can have been there at {pace(settings.plausible_speed_mps)} or less"
    )


def passing(before_us: int, after_us: int) -> str:
    return f"the straight way between the positions of {clock(before_us)} and {clock(after_us)} leads over the scene"


def hint(position: MatchedPosition, *, open_strap: bool) -> str:
    kind = f"a {MECHANISM_WORDS[position.mechanism]} position of {clock(position.fix_time_us)}"
    if open_strap:
        return f"{kind} puts the tag at the scene, but its strap was open: it does not speak for the wearer"
    return (
        f"{kind} covers the scene: {metres(position.distance_m)} from the stated place, known within "
        f"{metres(position.accuracy_m)}, which is too coarse to count"
    )


def two_instants(windows: Sequence[Window]) -> str:
    said = " and ".join(f"{clock(one.from_us)} to {clock(one.to_us)}" for one in windows)
    return f"the crime's time is one of {len(windows)} stretches, all of which are searched: {said}"


def ruled_out(covered: Window, hull: Window, scene: Scene, settings: MatchingSettings) -> str:
    return (
        f"the track goes on from {clock(covered.from_us)} to {clock(covered.to_us)}, and between none of its positions "
        f"was there time for a journey at {pace(settings.plausible_speed_mps)} or less to within "
        f"{metres(settings.radius_m + scene.place_uncertainty_m)} of the stated place "
        f"from {clock(hull.from_us)} to {clock(hull.to_us)}"
    )


def nearest(distance_m: float, moment_us: int, count: int) -> str:
    return f"of {how_many(count)} in that time the nearest, at {clock(moment_us)}, is {metres(distance_m)} away"


def gaps_in_words(gaps: Sequence[CoverageGap], hull: Window) -> list[str]:
    """One sentence a gap, for the longest few."""
    longest = sorted(gaps, key=lambda one: _length_us(one, hull), reverse=True)[:SHOWN_GAPS]
    said = [gap_in_words(one, hull) for one in gaps if one in longest]
    left_out = len(gaps) - len(said)
    return [*said, f"and {how_many(left_out, 'shorter gap')}"] if left_out else said


def gap_in_words(gap: CoverageGap, hull: Window) -> str:
    why = GAP_WORDS[gap.reason]
    if gap.from_us is None and gap.to_us is None:
        return f"there is no usable position from {clock(hull.from_us)} to {clock(hull.to_us)}: {why}"
    if gap.from_us is None and gap.to_us is not None:
        return f"the track begins at {clock(gap.to_us)}, later than the padded window at {clock(hull.from_us)}: {why}"
    if gap.to_us is None and gap.from_us is not None:
        ends = f"the track ends at {clock(gap.from_us)}, earlier than the padded window at {clock(hull.to_us)}"
        return f"{ends}, and what came after cannot be said until a later position comes: {why}"
    between = f"between {clock(gap.from_us or 0)} and {clock(gap.to_us or 0)} {why}"
    if gap.needed_speed_mps is None:
        return f"{between}; the two positions contradict each other, so neither rules out a journey"
    if gap.needed_speed_mps < WALK_MPS:
        return f"{between}; a walk by way of the scene was fast enough"
    return f"{between}; a journey by way of the scene took a mean speed of at least {pace(gap.needed_speed_mps)}"


def _length_us(gap: CoverageGap, hull: Window) -> int:
    from_us = hull.from_us if gap.from_us is None else gap.from_us
    to_us = hull.to_us if gap.to_us is None else gap.to_us
    return to_us - from_us
