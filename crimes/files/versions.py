"""What a crime that was sent again says differently."""

from math import isclose

from model.crimes import Crime

COMPARED = ("crime_type", "description", "lat", "lon", "place_uncertainty_m", "windows")
"""All that a force states. The notes follow from it."""

PLACE_DEG = 1e-9
UNCERTAINTY_M = 1e-3


def changed_fields(before: Crime, after: Crime) -> tuple[str, ...]:
    """The fields of ``Crime`` in which two reports of one crime differ, in their order; none: nothing changed.

    The last digits of a number that was stored do not count. Raises ValueError for two different crimes.
    """
    if (before.force, before.reference) != (after.force, after.reference):
        raise ValueError(f"{before.force} {before.reference} and {after.force} {after.reference} are different crimes")
    return tuple(name for name in COMPARED if not _same(name, getattr(before, name), getattr(after, name)))


def _same(name: str, before: object, after: object) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return isclose(before, after, rel_tol=0, abs_tol=UNCERTAINTY_M if name == "place_uncertainty_m" else PLACE_DEG)
    return before == after
