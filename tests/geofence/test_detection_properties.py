"""The engine against the rules written down plainly: the same visits, however the track is cut into batches."""

from hypothesis import given, settings
from hypothesis import strategies as st

from model.authorisations import Authorisation
from model.zones import ZoneVersion
from tests.support import engine_walks
from tests.support.engine_walks import (
    PERSON_ID,
    PROJECTION,
    REFERENCE_LIMITS,
    Step,
    detected,
    index_of,
    seen_of,
    told,
    told_by_reference,
    track,
)
from tests.support.reference_engine import reference_visits

ZONE_IDS = (1, 2, 3)


@settings(max_examples=120, deadline=None)
@given(
    walk=engine_walks.walks,
    versions=st.tuples(*map(engine_walks.zones, ZONE_IDS)),
    authorised=engine_walks.authorisations(ZONE_IDS),
    cuts=st.sets(st.integers(1, 29)),
)
def test_the_engine_finds_exactly_the_visits_of_the_rules(
    walk: list[Step], versions: tuple[list[ZoneVersion], ...], authorised: list[Authorisation], cuts: set[int]
) -> None:
    every = [version for zone in versions for version in zone]
    walked, index = track(walk), index_of(every, authorised)
    stays = reference_visits(seen_of(walked), PERSON_ID, every, authorised, PROJECTION, REFERENCE_LIMITS)
    expected = sorted(map(told_by_reference, stays), key=repr)
    assert sorted(map(told, detected(walked, index)), key=repr) == expected
    assert sorted(map(told, detected(walked, index, cuts)), key=repr) == expected
