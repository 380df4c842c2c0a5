"""However a stream is cut into batches, and whatever restarts between them, the same comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.columns import Fixes
from model.devices import FOREVER_US, Activation
from model.enums import Mechanism, PositionFlag, ZoneKind
from model.policies import STEADY, PresencePolicy
from model.times import DAY_US, SECOND_US
from model.zones import MultiPolygon, Ring, ZoneVersion
from tests.support.memory_world import MemoryWorld
from tests.support.pings import START_US
from tests.support.pings import fixes as plain_fixes
from tests.support.policies import BUFFERED

MINUTE_US = 60 * SECOND_US
SQUARE: Ring = ((-0.101, 51.499), (-0.099, 51.499), (-0.099, 51.501), (-0.101, 51.501), (-0.101, 51.499))
BESIDE: Ring = ((-0.1, 51.5), (-0.097, 51.5), (-0.097, 51.502), (-0.1, 51.502), (-0.1, 51.5))
PLACES = [
    (51.5, -0.1),
    (51.5005, -0.0995),
    (51.5015, -0.0985),
    (51.51, -0.12),
    (51.4991, -0.1),
    (51.5, -0.103),
    (51.5, -0.097),
    (-30.0, 150.0),
]
"""(lat, lon): on a corner, in both zones, in one, in none, in the other, to the west, to the east, far away."""
MANNERS = [
    (8.0, Mechanism.GPS),
    (8.0, Mechanism.GPS),
    (30.0, Mechanism.GPS),
    (500.0, Mechanism.GPS),
    (np.nan, Mechanism.GPS),
    (50.0, Mechanism.WIFI),
    (np.nan, Mechanism.RF),
]
"""Accuracy in metres and mechanism."""
CHANGE_US = START_US + 6 * MINUTE_US
"""When device 1 goes from person 1 to person 2, and device 2 from nobody to person 3."""

ACTIVATIONS = {
    1: (Activation(11, 1, START_US - DAY_US, CHANGE_US), Activation(12, 2, CHANGE_US, FOREVER_US)),
    2: (Activation(21, 3, CHANGE_US, FOREVER_US),),
    3: (),
}


def zone(
    zone_id: int,
    ring: Ring,
    person_id: int | None,
    version: int = 1,
    kind: ZoneKind = ZoneKind.EXCLUSION,
    policy: PresencePolicy = STEADY,
    **ends: int,
) -> ZoneVersion:
    return ZoneVersion(
        zone_id=zone_id,
        version=version,
        reference=f"Z{zone_id}",
        name=f"Zone {zone_id}",
        kind=kind,
        person_id=person_id,
        geometry=MultiPolygon(((ring,),)),
        valid_from_us=ends.get("valid_from_us", START_US - DAY_US),
        valid_to_us=ends.get("valid_to_us"),
        active_from_us=None,
        active_to_us=None,
        policy=policy,
    )


QUICK = replace(BUFFERED, alone_depth_m=20.0, leave_count=1, leave_dwell_s=0.0)
PATIENT_ABSENCE = replace(STEADY, confirm_dwell_s=120.0, company_s=180.0, crossing_gap_s=0.0)
ZONES = [
    zone(1, SQUARE, None, policy=BUFFERED),
    zone(2, BESIDE, 1),
    zone(2, SQUARE, 1, version=2, policy=QUICK, valid_from_us=CHANGE_US + 2 * MINUTE_US),
    zone(3, BESIDE, 2, policy=QUICK, valid_to_us=CHANGE_US + 3 * MINUTE_US),
    zone(4, BESIDE, None, kind=ZoneKind.CRIME_SCENE),
    zone(5, SQUARE, 2, kind=ZoneKind.CURFEW, policy=PATIENT_ABSENCE),
]


@dataclass(frozen=True)
class Arrival:
    """One fix of the stream; those with the same ``message`` came in one array."""

    device_id: int
    minute: int
    place: int
    manner: int = 0
    impossible: bool = False
    with_the_one_before: bool = False


arrivals = st.lists(
    st.builds(
        Arrival,
        device_id=st.sampled_from([1, 1, 2, 3]),
        minute=st.integers(0, 11),
        place=st.integers(0, len(PLACES) - 1),
        manner=st.integers(0, len(MANNERS) - 1),
        impossible=st.sampled_from([False] * 9 + [True]),
        with_the_one_before=st.booleans(),
    ),
    max_size=40,
)


def stream(arrived: Sequence[Arrival]) -> tuple[Fixes, list[int]]:
    """The fixes in the order of arrival, and their devices; an array is of one device."""
    offsets: list[int] = []
    for at, one in enumerate(arrived):
        joins = at > 0 and one.with_the_one_before and arrived[at - 1].device_id == one.device_id
        offsets.append(offsets[-1] if joins else (offsets[-1] + 1 if offsets else 0))
    times = [START_US + one.minute * MINUTE_US - 500 * DAY_US * one.impossible for one in arrived]
    fixes = plain_fixes(
        times,
        lat=[PLACES[one.place][0] for one in arrived],
        lon=[PLACES[one.place][1] for one in arrived],
        offsets=offsets,
        received_us=[START_US + 41 * MINUTE_US + offset * SECOND_US for offset in offsets],
    )
    accuracy_m = np.array([MANNERS[one.manner][0] for one in arrived], np.float64)
    mechanism = np.array([MANNERS[one.manner][1] for one in arrived], np.int64)
    return replace(fixes, accuracy_m=accuracy_m, mechanism=mechanism), [one.device_id for one in arrived]


def run(arrived: Sequence[Arrival], cuts: set[int], crashes: set[int]) -> MemoryWorld:
    """Feed the stream in batches that begin at the messages in ``cuts``; before those in ``crashes`` memory is lost."""
    world = MemoryWorld(ACTIVATIONS, ZONES)
    fixes, devices = stream(arrived)
    batch = np.cumsum([offset in cuts for offset in range(len(arrived) + 1)])[fixes.message_offset]
    for number in np.unique(batch):
        places = np.flatnonzero(batch == number)
        if int(fixes.message_offset[places[0]]) in crashes:
            world.start_again()
        world.take(fixes.take(places), [devices[at] for at in places])
    return world


offsets = st.sets(st.integers(0, 40))


@settings(max_examples=120, deadline=None)
@given(arrivals, offsets, offsets)
def test_batches_decide_nothing(arrived: list[Arrival], cuts: set[int], other_cuts: set[int]) -> None:
    whole = run(arrived, set(), set())
    for world in (run(arrived, set(range(41)), set()), run(arrived, cuts, set()), run(arrived, other_cuts, set())):
        assert world.written() == whole.written()


@settings(max_examples=80, deadline=None)
@given(arrivals, offsets, offsets)
def test_restarts_decide_nothing(arrived: list[Arrival], cuts: set[int], crashes: set[int]) -> None:
    """Where no fix comes late: the two newest of a device, which a restart reads anew, are then those in memory."""
    in_order = sorted(
        {(one.device_id, one.minute): one for one in arrived if not one.impossible}.values(),
        key=lambda one: one.minute,
    )
    alone = [replace(one, with_the_one_before=False) for one in in_order]
    assert run(alone, cuts, crashes).written() == run(alone, set(), set()).written()


@settings(max_examples=80, deadline=None)
@given(arrivals, offsets)
def test_an_alert_is_raised_once_and_ended_at_most_once_after_it(arrived: list[Arrival], cuts: set[int]) -> None:
    world = run(arrived, cuts, set())
    for alert_id, visits in groupby(sorted(world.changes, key=lambda change: change[0]), key=lambda change: change[0]):
        assert [kind for _, kind in visits] in (["raised"], ["raised", "ended"]), alert_id


@settings(max_examples=80, deadline=None)
@given(arrivals, offsets)
def test_every_fix_is_a_position_or_quarantined_and_repeated_ones_are_one(
    arrived: list[Arrival], cuts: set[int]
) -> None:
    world = run(arrived, cuts, set())
    told = {_content(one) for one in arrived if not one.impossible}
    wild = {_content(one) for one in arrived if one.impossible}
    assert (len(world.positions), len(world.quarantined)) == (len(told), len(wild))


@settings(max_examples=60, deadline=None)
@given(arrivals, offsets)
def test_a_stream_sent_twice_changes_nothing(arrived: list[Arrival], cuts: set[int]) -> None:
    world = run(arrived, cuts, set())
    before = repr(world.written())
    fixes, devices = stream(arrived)
    if arrived:
        world.take(fixes, devices)
    assert repr(world.written()) == before


def _content(one: Arrival) -> tuple[object, ...]:
    accuracy_m, mechanism = MANNERS[one.manner]
    return one.device_id, one.minute, one.place, str(accuracy_m), mechanism


def test_two_places_at_one_instant_neither_end_a_visit_nor_begin_it_anew() -> None:
    """Which of them is judged first is settled by their content, so one may stand between two that are inside."""
    latitudes = [51.5, 51.5, 51.5001, 51.5002, 51.5003, 51.5004, 51.52]
    times = [START_US, *[START_US + MINUTE_US] * 6]
    world = MemoryWorld(ACTIVATIONS, ZONES[:1])
    world.take(plain_fixes(times, lat=latitudes, lon=[-0.1] * 7, offsets=[0] * 7), [1] * 7)
    assert [kind for _, kind in world.changes] == ["raised", "raised"], "an approach and a breach"
    assert [(visit.positions_inside, visit.left_us) for visit in world.visits.values()] == [(6, None), (6, None)]


def test_flags_say_what_became_of_a_fix() -> None:
    arrived = [
        Arrival(1, 10, 0),
        Arrival(1, 5, 0),
        Arrival(2, 4, 0),
        Arrival(1, 11, 7),
    ]
    world = run(arrived, set(), set())
    flags = {key[:2]: row[-1] for key, row in world.positions.items()}
    assert flags == {
        (1, START_US + 10 * MINUTE_US): 0,
        (1, START_US + 5 * MINUTE_US): PositionFlag.LATE,
        (2, START_US + 4 * MINUTE_US): PositionFlag.DEVICE_ON_NOBODY,
        (1, START_US + 11 * MINUTE_US): PositionFlag.IMPLIED_SPEED | PositionFlag.OUTSIDE_REGION,
    }
