"""What a later result says otherwise, in words: for whoever holds a bundle of the earlier one."""

from model.crimes import Match

RULED_OUT = "the wearer is ruled out now, and was never near the scene"


def changes_between(before: Match, after: Match | None) -> tuple[str, ...]:
    """``after`` is None where the later run found no reason to report the wearer. Empty where nothing changed."""
    if after is None:
        return (RULED_OUT,)
    changes = []
    if before.verdict != after.verdict:
        changes.append(f"the result was {_words(before)} and is {_words(after)} now")
    counted_before, counted = _counted(before), _counted(after)
    if counted_before != counted:
        changes.append(f"{len(counted_before)} positions counted and {len(counted)} count now")
    if len(before.positions) != len(after.positions):
        changes.append(f"{len(before.positions)} positions were near the scene and {len(after.positions)} are now")
    if before.gaps != after.gaps:
        changes.append(f"{len(before.gaps)} gaps left room for the scene and {len(after.gaps)} do now")
    if not changes and before != after:
        changes.append("details of the positions, the coverage or the reasons changed")
    return tuple(changes)


def _words(match: Match) -> str:
    return match.verdict.value.replace("_", " ")


def _counted(match: Match) -> list[tuple[int, int, int]]:
    return [(one.device_id, one.fix_time_us, one.fix_key) for one in match.positions if one.label]
