"""Whatever is changed of the past, and whenever: what stands at the end is what stands had it always been so."""

from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import reevaluation
from ingest.reevaluation import Stretch
from model.authorisations import Authorisation
from model.devices import FOREVER_US, Activation
from model.policies import STEADY
from model.zones import Circle, ZoneVersion
from tests.ingest.test_any_order import (
    ACTIVATION,
    AUTHORISED,
    MINUTE_US,
    PERSON_ID,
    START_US,
    ZONES,
    Arrival,
    as_fixes,
    positions,
)
from tests.support.memory_records import MemoryRecords

NOW_US = START_US + 90 * MINUTE_US
CHANGED_US = START_US + 10 * MINUTE_US
SHARED = replace(ZONES[0], zone_id=9, person_id=None, geometry=Circle(-0.1, 51.5, 200.0))
WIDENED = (  # in mid-track, with another policy
    replace(ZONES[0], valid_to_us=CHANGED_US),
    replace(ZONES[0], version=2, geometry=Circle(-0.1, 51.5, 300.0), valid_from_us=CHANGED_US, policy=STEADY),
)
SWAPPED = (
    Activation(5, PERSON_ID, 0, CHANGED_US),
    Activation(6, PERSON_ID + 1, CHANGED_US, CHANGED_US + 5 * MINUTE_US),
    Activation(7, PERSON_ID, CHANGED_US + 6 * MINUTE_US, FOREVER_US),
)


@dataclass(frozen=True)
class Registry:
    zones: tuple[ZoneVersion, ...] = (*ZONES, SHARED)
    authorisations: tuple[Authorisation, ...] = (AUTHORISED,)
    activations: tuple[Activation, ...] = (ACTIVATION,)

    def records(self, page_size: int) -> MemoryRecords:
        return MemoryRecords(self.activations, self.zones, self.authorisations, page_size)


@dataclass(frozen=True)
class Change:
    """What stood before it was entered, what stands after, and from when on that is in doubt."""

    before: Registry
    after: Registry
    since_us: int

    def enter(self, records: MemoryRecords) -> None:
        records.index.apply(self.after.zones)
        records.index.apply_authorisations(self.after.authorisations)
        records.replace_activations(self.after.activations)
        records.judge_anew(Stretch(self.since_us, FOREVER_US, NOW_US))


CHANGES = {
    "a zone entered for the past": Change(Registry(zones=(ZONES[0], *ZONES[2:], SHARED)), Registry(), 0),
    "a zone widened since": Change(Registry(), Registry(zones=(*WIDENED, *ZONES[1:], SHARED)), CHANGED_US),
    "an authorisation granted since": Change(Registry(authorisations=()), Registry(), AUTHORISED.from_us),
    "a swap of wearers entered later": Change(Registry(), Registry(activations=SWAPPED), CHANGED_US),
    "nothing, with several wearers": Change(Registry(activations=SWAPPED), Registry(activations=SWAPPED), FOREVER_US),
}


@pytest.mark.parametrize("name", CHANGES)
@given(
    arrivals=st.lists(positions, min_size=1, max_size=25),
    order=st.randoms(use_true_random=False),
    cuts=st.lists(st.integers(1, 6), min_size=25, max_size=25),
    entered_after=st.integers(0, 25),
    page_size=st.integers(1, 5),
    pages_at_once=st.integers(1, 4),
)
@settings(max_examples=25)
def test_what_stands_is_what_stands_had_it_always_been_so(
    name: str,
    arrivals: list[Arrival],
    order: Random,
    cuts: list[int],
    entered_after: int,
    page_size: int,
    pages_at_once: int,
) -> None:
    change = CHANGES[name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reevaluation, "PAGES_AT_ONCE", pages_at_once)
        always = change.after.records(page_size)
        always.take(as_fixes(sorted(arrivals, key=lambda one: one[:2]), 0))
        _end_what_has_ended(always)
        changed = change.before.records(page_size)
        remaining = list(arrivals)
        order.shuffle(remaining)
        taken, is_entered = 0, False
        for cut in cuts:
            if taken >= entered_after and taken and not is_entered:
                change.enter(changed)
                is_entered = True
            if remaining[taken : taken + cut]:
                changed.take(as_fixes(remaining[taken : taken + cut], taken))
            taken += cut
        if not is_entered:
            change.enter(changed)
        _end_what_has_ended(changed)
    assert changed.standing_visits() == always.standing_visits()
    assert changed.standing_alerts() == always.standing_alerts()
    assert {key: visit.entered_us for key, visit in changed.presence.items()} == {
        key: visit.entered_us for key, visit in always.presence.items()
    }


def _end_what_has_ended(records: MemoryRecords) -> None:
    """As workers ask of themselves now and then (``store.reevaluation_requests.reevaluate_ended``)."""
    open_in = {activation_id for activation_id, _, _ in records.presence}
    ended = [one.end_us for one in records.activations if one.activation_id in open_in and one.end_us <= NOW_US]
    if ended:
        records.judge_anew(Stretch(min(ended), FOREVER_US, NOW_US))
