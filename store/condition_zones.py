"""Zones that come with a condition are not drawn by hand: a second person's approval publishes them."""

from collections.abc import Sequence

from geofence.drafts import ZoneDraft
from model.conditions import ZONE_KINDS_OF_CONDITIONS
from ops.errors import InputError
from store.condition_list import references_of_conditions
from store.database import Cursor
from store.zone_decisions import ZoneRefusal

REMEDY = "draft a condition with it (POST /v1/people/{person_id}/conditions), which a second person approves"


def refusals_of_zones(cursor: Cursor, drafts: Sequence[ZoneDraft], *, owners_may: bool = False) -> list[ZoneRefusal]:
    """One for each zone that watches one person, and each that a condition has published, or is drafted with.

    ``owners_may``: the back office brings in zones of people that no condition stands behind yet.
    """
    references = [draft.reference for draft in drafts]
    taken = references_of_conditions(cursor, references, with_drafts=True) | _without_zone(cursor, references)
    refusals = []
    for draft in drafts:
        if draft.reference in taken:
            refusals.append(ZoneRefusal(draft.reference, "the zone comes with a licence condition", REMEDY))
        elif draft.crn is not None and draft.kind in ZONE_KINDS_OF_CONDITIONS and not owners_may:
            refusals.append(ZoneRefusal(draft.reference, "a person's zone comes with a licence condition", REMEDY))
    return refusals


def _without_zone(cursor: Cursor, references: Sequence[str]) -> set[str]:
    """Those that a condition has taken which never came to a zone: it may be drafted anew."""
    cursor.execute(
        "SELECT taken_references(%(wanted)s) EXCEPT SELECT reference FROM zones WHERE reference = ANY (%(wanted)s)",
        {"wanted": list(references)},
    )
    return {reference for (reference,) in cursor.fetchall()}


def refuse_end_without_condition(cursor: Cursor, reference: str) -> None:
    """Raises InputError where an approved condition stands behind the zone: it would go on without it."""
    if references_of_conditions(cursor, [reference], with_drafts=False):
        raise InputError(f"zone {reference} comes with a licence condition: `cordon conditions end` ends both")
