"""Whatever is applied, edited and forgotten, in any order: the index answers as the oracle does."""

from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.naive import NaiveIndex
from geofence.zone_index import ZoneIndex
from model.zones import ZoneVersion
from tests.geofence.examples import PEOPLE, PROJECTION, expected, found, index_of, probes, zone_versions

SEEDS = st.integers(0, 2**32 - 1)
HISTORIES = st.lists(
    st.one_of(st.lists(zone_versions(), max_size=5), st.sets(st.sampled_from(PEOPLE), min_size=1)),
    min_size=1,
    max_size=5,
)


def key(one: ZoneVersion) -> tuple[int, int]:
    return one.zone_id, one.version


@settings(max_examples=150, deadline=None)
@given(HISTORIES, SEEDS)
def test_agrees_with_the_oracle_after_every_change(history: list[list[ZoneVersion] | set[int]], seed: int) -> None:
    index = ZoneIndex(PROJECTION)
    held: dict[tuple[int, int], ZoneVersion] = {}
    for change in history:
        if isinstance(change, set):
            index.forget_people(change)
            held = {at: one for at, one in held.items() if one.person_id not in change}
        else:
            index.apply(change)
            held |= {key(one): one for one in change}
        columns = probes(held.values(), seed)
        assert found(index, columns) == expected(held.values(), columns)
        assert len(index) == len(held)


@settings(max_examples=50, deadline=None)
@given(st.lists(zone_versions(), min_size=1, max_size=8, unique_by=key), st.randoms(use_true_random=False), SEEDS)
def test_the_order_of_edits_decides_nothing(versions: list[ZoneVersion], random: Random, seed: int) -> None:
    shuffled = random.sample(versions, len(versions))
    columns = probes(versions, seed)
    one_by_one = ZoneIndex(PROJECTION)
    for one in shuffled:
        one_by_one.apply([one])
    assert found(one_by_one, columns) == found(index_of(*versions), columns)


@settings(max_examples=50, deadline=None)
@given(st.lists(zone_versions(), min_size=1, max_size=8, unique_by=key), SEEDS)
def test_forgetting_and_reloading_changes_no_answer(versions: list[ZoneVersion], seed: int) -> None:
    index, columns = index_of(*versions), probes(versions, seed)
    before = found(index, columns)
    index.forget_people(PEOPLE)
    index.apply(versions)
    assert found(index, columns) == before


@settings(max_examples=50, deadline=None)
@given(st.lists(zone_versions(), min_size=1, max_size=8, unique_by=key), SEEDS)
def test_agrees_with_the_naive_way(versions: list[ZoneVersion], seed: int) -> None:
    person_id, points, fix_time_us = probes(versions, seed)
    finite = np.isfinite(points.x)
    columns = person_id[finite], points.take(finite), fix_time_us[finite]
    assert NaiveIndex(versions, PROJECTION).match(*columns) == found(index_of(*versions), columns)


@settings(max_examples=50, deadline=None)
@given(st.lists(zone_versions(), min_size=1, max_size=8, unique_by=key), SEEDS)
def test_hits_come_in_order_once_each_and_with_agreeing_depth(versions: list[ZoneVersion], seed: int) -> None:
    index, columns = index_of(*versions), probes(versions, seed)
    hits = index.match(*columns)
    pairs = list(zip(hits.position.tolist(), hits.row.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert (index.depth_m(hits.row, columns[1].take(hits.position)) >= 0).all()


@settings(max_examples=25, deadline=None)
@given(zone_versions(), SEEDS)
def test_closing_a_version_and_adding_the_next_leaves_no_gap_and_no_overlap(edited: ZoneVersion, seed: int) -> None:
    before = replace(edited, version=1, valid_from_us=0, valid_to_us=20, active_from_us=None, active_to_us=None)
    after = replace(before, version=2, valid_from_us=20, valid_to_us=None)
    always = replace(before, valid_to_us=None)
    index = index_of(always)
    columns = probes([edited], seed)
    untouched = {position for position, _, _ in found(index, columns)}
    index.apply([before, after])
    assert [position for position, _, _ in sorted(found(index, columns))] == sorted(untouched)
