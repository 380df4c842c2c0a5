"""Whoever is no candidate was elsewhere: held against a plain check of everything that is stored of everybody."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from psycopg2.extras import execute_values

from crimes.reach import disc_m
from crimes.scenes import Candidates, Scene
from geofence.columns import Floats
from model.crimes import CLOCK_AHEAD_US, USABLE_ACCURACY_M, MatchingSettings, Window
from model.enums import Mechanism
from model.times import SECOND_US, from_microseconds
from store.database import Connection, connect
from store.match_reads import find_candidates, find_candidates_of
from tests.support.database import DatabaseUrls
from tests.support.pings import START_US
from tests.support.stored_tracks import PROJECTION, Sent, TrackWriter
from tests.support.world import monitor_trails

MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
METRES_EAST = 1 / 69_300  # degrees, about the centre
METRES_NORTH = 1 / 111_260
SETTINGS = MatchingSettings()
WEARERS = 24
SCENES = 60


@dataclass
class World:
    """What the wearers wear and send, by a seed."""

    random: np.random.Generator
    worn: list[tuple[str, int, int, int | None]] = field(default_factory=list)  # serial, person, from, until
    sent: list[Sent] = field(default_factory=list)
    glitches: set[Sent] = field(default_factory=set)  # where the wearer was not

    def add(self, person: int) -> None:
        """A wearer with a habit of losing touch, and perhaps another tag for the second half."""
        serials = [f"TAG-{person}", f"TAG-{person}-B"] if self.random.random() < 0.3 else [f"TAG-{person}"]
        begins = START_US + int(self.random.choice([-HOUR_US, 0, HOUR_US]))
        changes = max(begins, START_US) + int(self.random.integers(1, 3 * HOUR_US))
        self.worn.append(
            (serials[0], person, begins, changes if len(serials) > 1 or self.random.random() < 0.2 else None)
        )
        if len(serials) > 1:
            self.worn.append((serials[1], person, changes, None))
        for serial in serials:
            self.sent += self._track(serial)

    def _track(self, serial: str) -> Iterator[Sent]:
        place, random = self.random.normal(0, 3000, 2), self.random
        at_us, outage = START_US, random.choice([0.0, 0.01, 0.05])
        coarse, glitches = random.choice([0.0, 0.1, 0.4]), random.choice([0.0, 0.01])
        ends_us = START_US + int(random.choice([HOUR_US, 3 * HOUR_US, 4 * HOUR_US]))
        heading = random.normal(0, 1, 2)
        while at_us < ends_us:
            lasts_s = (
                int(random.choice([20, 60, 60, 60, 100]))
                if random.random() > outage
                else int(random.integers(130, 3000))
            )
            at_us += lasts_s * SECOND_US
            heading = heading + random.normal(0, 0.3, 2)
            way = heading / max(float(np.hypot(*heading)), 1) * min(random.choice([0.0, 1.4, 12.0, 30.0]), 30) * lasts_s
            place = place + np.where(np.abs(place + way) > 8000, -way, way)
            is_glitch, poor = random.random() < glitches, random.random() < coarse
            shown = place + (random.normal(0, 6000, 2) if is_glitch else 0)
            one = Sent(
                serial,
                at_us,
                51.5 + float(shown[1]) * METRES_NORTH,
                -0.1 + float(shown[0]) * METRES_EAST,
                float(random.choice([200.0, 900.0, 5000.0])) if poor else 12.0,
                Mechanism(int(random.choice([Mechanism.LBS, Mechanism.WIFI]))) if poor else Mechanism.GPS,
                at_us - int(random.choice([-1, -1, -1, 60])) * SECOND_US if poor else None,
            )
            if is_glitch:
                self.glitches.add(one)
            yield one

    def batches(self) -> Iterator[list[Sent]]:
        """In the order of their times, but for those that come late, which are true: they contradict no others."""
        delay = self.random.integers(0, HOUR_US, len(self.sent)) * (self.random.random(len(self.sent)) < 0.05)
        late = [0 if one in self.glitches else by for one, by in zip(self.sent, delay.tolist(), strict=True)]
        arrival = np.argsort([one.fix_us + by for one, by in zip(self.sent, late, strict=True)])
        for part in np.array_split(arrival, 25):
            yield [self.sent[place] for place in part.tolist()]

    def scenes(self) -> list[Scene]:
        made = []
        for number in range(SCENES):
            east, north = self.random.normal(0, 4000, 2)
            first = START_US + int(self.random.integers(-HOUR_US, 4 * HOUR_US))
            windows = [Window(first, first + int(self.random.choice([0, 5, 45])) * MINUTE_US)]
            if number % 5 == 0:
                windows.append(Window(windows[0].from_us + HOUR_US, windows[0].to_us + HOUR_US))
            uncertainty = float(self.random.choice([0.0, 300.0]))
            made.append(
                Scene(number, 51.5 + north * METRES_NORTH, -0.1 + east * METRES_EAST, uncertainty, tuple(windows))
            )
        return made


def enrol(connection: Connection, world: World) -> None:
    with connection, connection.cursor() as cursor:
        people = [(person, f"CRN-{person}") for person in range(1, WEARERS + 1)]
        execute_values(
            cursor,
            "INSERT INTO people (person_id, crn, name, date_of_birth) OVERRIDING SYSTEM VALUE VALUES %s",
            [(*one, "X", "1930-01-01") for one in people],
        )
        execute_values(cursor, "INSERT INTO devices (serial) VALUES %s", [(serial,) for serial, *_ in world.worn])
        execute_values(
            cursor,
            "INSERT INTO device_activations (device_id, person_id, during, revision)"
            " SELECT device_id, person, tstzrange(since::timestamptz, til::timestamptz), 0"
            " FROM (VALUES %s) AS given (tag, person, since, til) JOIN devices ON serial = tag",
            [
                (tag, person, from_microseconds(since), None if til is None else from_microseconds(til))
                for tag, person, since, til in world.worn
            ],
        )
        monitor_trails(cursor)


def wears(world: World, person: int, window: Window) -> bool:
    return any(
        whose == person and since <= window.to_us and (until is None or until > window.from_us)
        for _, whose, since, until in world.worn
    )


def theirs(world: World, person: int) -> list[Sent]:
    worn = {serial: (since, until) for serial, whose, since, until in world.worn if whose == person}
    return sorted(
        (
            one
            for one in world.sent
            if one.serial in worn
            and worn[one.serial][0] <= one.fix_us
            and (worn[one.serial][1] is None or one.fix_us < (worn[one.serial][1] or 0))
        ),
        key=lambda one: one.fix_us,
    )


def is_usable(one: Sent) -> bool:
    ahead_us = 0 if one.received_us is None else one.fix_us - one.received_us
    return one.mechanism != Mechanism.LBS and one.accuracy_m <= USABLE_ACCURACY_M and ahead_us <= CLOCK_AHEAD_US


def metres(sent: Sequence[Sent], scene: Scene) -> tuple[Floats, Floats]:
    """East and north of the scene."""
    x, y = PROJECTION.forward(np.array([one.lon for one in sent]), np.array([one.lat for one in sent]))
    east, north = PROJECTION.forward(np.array([scene.lon]), np.array([scene.lat]))
    return x - east[0], y - north[0]


def may_have_been_there(track: Sequence[Sent], scene: Scene, padded: Sequence[Window]) -> bool:
    """By the plain definition, position by position: no index, nothing noted."""
    near = np.hypot(*metres(track, scene)) if track else np.zeros(0)
    for one, away_m in zip(track, near.tolist(), strict=True):
        in_window = any(window.from_us <= one.fix_us <= window.to_us for window in padded)
        if in_window and away_m <= max(disc_m(scene, SETTINGS) + one.accuracy_m, SETTINGS.near_m):
            return True
    pinned = [one for one in track if is_usable(one)]
    if not pinned or pinned[0].fix_us > min(one.from_us for one in padded):
        return True
    if pinned[-1].fix_us < max(one.to_us for one in padded):
        return True
    x, y = metres(pinned, scene)
    speed = SETTINGS.plausible_speed_mps / SECOND_US
    for place, (before, after) in enumerate(pairwise(pinned)):
        lasts_us = after.fix_us - before.fix_us
        way_m = float(np.hypot(x[place + 1] - x[place], y[place + 1] - y[place]))
        contradict = way_m - before.accuracy_m - after.accuracy_m > speed * lasts_us
        away_m = np.maximum(np.hypot(x, y)[place : place + 2] - disc_m(scene, SETTINGS) - 100, 0)
        for window in padded:
            earliest = max(before.fix_us + (0 if contradict else away_m[0] / speed), window.from_us)
            latest = min(after.fix_us - (0 if contradict else away_m[1] / speed), window.to_us)
            if earliest <= latest:
                return True
    return False


def found_for(found: Candidates, scene: int) -> set[int]:
    return set(found.tracks.person[found.tracks.scene == scene].tolist())


@pytest.mark.parametrize("seed", range(6))
def test_whoever_is_no_candidate_was_elsewhere(migrated_database: DatabaseUrls, seed: int) -> None:
    world = World(np.random.default_rng(seed))
    for person in range(1, WEARERS + 1):
        world.add(person)
    with closing(connect(migrated_database.owner, "test")) as connection:
        enrol(connection, world)
    left_out = 0
    with closing(connect(migrated_database.worker, "test")) as connection:
        writer = TrackWriter(connection)
        for batch in world.batches():
            if world.random.random() < 0.2:
                writer.start_again()
            writer.take(batch)
        scenes = world.scenes()
        with connection, connection.cursor() as cursor:
            found = find_candidates(cursor, scenes, SETTINGS)
    tracks = {person: theirs(world, person) for person in range(1, WEARERS + 1)}
    for place, scene in enumerate(scenes):
        padded = [window.padded(round(SETTINGS.padding_s * SECOND_US)) for window in scene.windows]
        population = {person for person in tracks if any(wears(world, person, window) for window in padded)}
        assert found.population[place] == len(population)
        assert found_for(found, place) <= population
        for person in population - found_for(found, place):
            assert not may_have_been_there(tracks[person], scene, padded), (scene, person)
            left_out += 1
    assert left_out > SCENES, "few are ruled out: the check says nothing"


def test_the_tracks_hold_the_window_and_the_usable_positions_about_it(
    migrated_timescale_database: DatabaseUrls,
) -> None:
    world = World(np.random.default_rng(99))
    for person in range(1, WEARERS + 1):
        world.add(person)
    with closing(connect(migrated_timescale_database.owner, "test")) as connection:
        enrol(connection, world)
    with closing(connect(migrated_timescale_database.worker, "test")) as connection:
        writer = TrackWriter(connection)
        for batch in world.batches():
            writer.take(batch)
        scenes = world.scenes()
        with connection, connection.cursor() as cursor:
            found = find_candidates(cursor, scenes, SETTINGS).tracks
            for person in range(1, WEARERS + 1):
                alone = find_candidates_of(cursor, scenes, person, SETTINGS)
                assert set(found.scene[found.person == person].tolist()) <= set(alone.scene.tolist())
    assert len(found) > SCENES
    for pair in range(len(found)):
        scene, track = scenes[found.scene[pair]], theirs(world, int(found.person[pair]))
        window = scene.hull.padded(round(SETTINGS.padding_s * SECOND_US))
        times = found.rows.fixes.fix_time_us[found.start[pair] : found.start[pair + 1]].tolist()
        assert times == sorted(times)
        before = [one.fix_us for one in track if is_usable(one) and one.fix_us <= window.from_us]
        after = [one.fix_us for one in track if is_usable(one) and one.fix_us >= window.to_us]
        least = max(before, default=window.from_us)
        most = min(after, default=window.to_us)
        assert {one.fix_us for one in track if least <= one.fix_us <= most} <= set(times)
