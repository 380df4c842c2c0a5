"""In whatever order positions, crimes, events and edits come in, what stands in the end is what one search finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ingest.matching import rematches
from model.crimes import Match
from model.device_events import DeviceEventKind
from model.enums import Mechanism
from model.times import SECOND_US, from_microseconds
from tests.support.database import DatabaseUrls
from tests.support.matched_world import START_US, four, said
from tests.support.monitored_world import MonitoredWorld
from tests.support.stored_tracks import Sent

MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
LASTS_US = 4 * HOUR_US
METRES_EAST, METRES_NORTH = 1 / 69_300, 1 / 111_260  # degrees, about the centre
WEARERS = 6
CRIMES = 25

Step = tuple[int, int, Callable[[MonitoredWorld], None]]
"""When, in which order then, and what."""


@dataclass
class Story:
    """All that happens, by a seed."""

    random: np.random.Generator
    start_us: int
    serials: list[str] = field(default_factory=list)
    sent: list[tuple[int, Sent]] = field(default_factory=list)  # with the moment of its arrival
    places: list[tuple[int, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    monitored: list[str] = field(default_factory=list)  # for ever

    def tell(self) -> list[Step]:
        for number in range(WEARERS):
            self._wears(f"CRN-{number}", number)
            if self.random.random() < 0.4:
                self.monitored.append(f"CRN-{number}")
            else:
                self._is_monitored_at_times(f"CRN-{number}", f"TAG-{number}")
        self._arrivals()
        self._crimes()
        return sorted(self.steps, key=lambda step: step[:2])

    def _at(self, moment_us: int, does: Callable[[MonitoredWorld], None]) -> None:
        self.steps.append((moment_us, len(self.steps), does))

    def _wears(self, crn: str, number: int) -> None:
        """One tag for good, or one after another; some edits are recorded long after what they say."""
        random, begins_us = self.random, self.start_us - HOUR_US
        place = random.normal(0, 1500, 2) if random.random() < 0.7 else random.normal(0, 12000, 2)
        serial = f"TAG-{number}"
        self._at(begins_us, lambda world: world.activate(serial, crn, begins_us))
        self._track(serial, place)
        if random.random() < 0.5:
            ends_us = self.start_us + int(random.integers(HOUR_US, LASTS_US))
            known_us = ends_us + int(random.choice([0, 5, 60, 240])) * MINUTE_US
            self._at(known_us, lambda world: world.deactivate(serial, ends_us))
            again_us = ends_us + int(random.choice([0, 10, 60])) * MINUTE_US
            other = f"TAG-{number}-B" if random.random() < 0.5 else serial
            whose = crn if random.random() < 0.6 else f"CRN-{random.integers(WEARERS)}"
            told_us = max(again_us, known_us) + int(random.choice([0, 30, 240])) * MINUTE_US
            self._at(told_us, lambda world: world.activate(other, whose, again_us))
            if other != serial:
                self._track(other, place)
        if random.random() < 0.4:
            opened_us = self.start_us + int(random.integers(0, LASTS_US))
            for kind, moment_us in (
                (DeviceEventKind.STRAP_TAMPER, opened_us),
                (DeviceEventKind.STRAP_RESTORED, opened_us + int(random.integers(MINUTE_US, HOUR_US))),
            ):
                self._strap(serial, kind, moment_us, moment_us + int(random.choice([1, 100, 7000])) * SECOND_US)

    def _strap(self, serial: str, kind: DeviceEventKind, event_us: int, known_us: int) -> None:
        self._at(known_us, lambda world: world.strap(serial, kind, event_us))

    def _is_monitored_at_times(self, crn: str, serial: str) -> None:
        """Approved before it begins or long after, ended before its end or not; and visits that open some time, too."""
        random = self.random
        for _ in range(int(random.integers(0, 4))):
            since_us = self.start_us + int(random.integers(-HOUR_US, LASTS_US))
            until_us = since_us + int(random.integers(MINUTE_US, 3 * HOUR_US))
            known_us = since_us + int(random.choice([-30, 0, 100, 300])) * MINUTE_US
            self._at(known_us, partial(MonitoredWorld.monitor, crn=crn, since_us=since_us, until_us=until_us))
            if random.random() < 0.4:
                ended_us = int(random.integers(since_us, until_us))
                told_us = max(known_us, ended_us) + int(random.choice([0, 200])) * MINUTE_US
                self._at(told_us, partial(MonitoredWorld.end_monitoring, crn=crn, at_us=ended_us))
        for _ in range(int(random.integers(0, 3))):
            entered_us = self.start_us + int(random.integers(0, LASTS_US))
            left_us = entered_us + int(random.integers(0, HOUR_US))
            known_us = entered_us + int(random.choice([1, 60, 200])) * MINUTE_US
            self._at(known_us, partial(MonitoredWorld.visit, serial=serial, entered_us=entered_us, left_us=left_us))
            if random.random() < 0.5:
                change = str(random.choice(["state = 'retracted'", "last_inside_at = last_inside_at + interval '1 h'"]))
                told_us = known_us + int(random.choice([5, 200])) * MINUTE_US
                self._at(told_us, partial(MonitoredWorld.revise_visits, serial=serial, change=change))

    def _track(self, serial: str, place: Any) -> None:
        random = self.random
        every_s = int(random.choice([30, 60, 60, 110, 240]))
        glitches, coarse = random.choice([0.0, 0.02, 0.1]), random.choice([0.0, 0.1])
        lost, late = random.choice([0.0, 0.01]), random.choice([0.0, 0.05])
        at_us, silent_until, buffered_until = self.start_us, 0, 0
        heading = random.normal(0, 1, 2)
        self.serials.append(serial)
        while at_us < self.start_us + LASTS_US:
            at_us += every_s * SECOND_US if random.random() > 0.01 else 0  # two at one instant
            if random.random() < lost:
                silent_until = at_us + int(random.integers(MINUTE_US, HOUR_US))
            if random.random() < 0.005:
                buffered_until = at_us + int(random.integers(MINUTE_US, HOUR_US))
            heading = heading + random.normal(0, 0.5, 2)
            pace = random.choice([0.0, 0.0, 1.4, 12.0, 30.0])
            place = place + heading / max(float(np.hypot(*heading)), 1) * pace * every_s
            if at_us < silent_until:
                continue
            self.places.append((at_us, place))
            shown = place + (random.normal(0, random.choice([5000, 60000]), 2) if random.random() < glitches else 0)
            is_coarse = random.random() < coarse
            arrives = max(at_us + SECOND_US, buffered_until + int(random.integers(0, SECOND_US)))
            if random.random() < late:
                arrives += int(random.integers(0, 2 * HOUR_US))
            received = arrives
            if random.random() < 0.01:
                received = at_us - int(random.choice([20, 100, 250, 1000])) * SECOND_US  # its clock is ahead
            one = Sent(
                serial,
                at_us,
                51.5 + float(shown[1]) * METRES_NORTH,
                -0.1 + float(shown[0]) * METRES_EAST,
                float(random.choice([180.0, 900.0, 5000.0])) if is_coarse else float(random.choice([5.0, 12.0, 60.0])),
                Mechanism(int(random.choice([Mechanism.LBS, Mechanism.WIFI]))) if is_coarse else Mechanism.GPS,
                received,
            )
            self.sent.append((arrives, one))
            if random.random() < 0.01:
                self.sent.append((arrives + int(random.integers(0, HOUR_US)), one))  # sent again

    def _arrivals(self) -> None:
        batches: dict[int, list[Sent]] = {}
        every_us = int(self.random.choice([20, 90])) * SECOND_US
        for arrives, one in sorted(self.sent, key=lambda each: each[0]):
            batches.setdefault(arrives // every_us, []).append(one)
        for number, sent in batches.items():
            self._at((number + 1) * every_us, self._arrive(sent, restarts=self.random.random() < 0.02))

    @staticmethod
    def _arrive(sent: list[Sent], *, restarts: bool) -> Callable[[MonitoredWorld], None]:
        def arrive(world: MonitoredWorld) -> None:
            if restarts:
                world.restart()
            world.arrive(sent)

        return arrive

    def _crimes(self) -> None:
        for number in range(CRIMES):
            for version in range(1 + int(self.random.random() < 0.15)):
                crime, over_us = self._crime(number)
                known_us = (
                    over_us + int(self.random.choice([-30, 0, 5, 60, 200])) * MINUTE_US + version * 40 * MINUTE_US
                )
                self._at(max(known_us, self.start_us), self._report(crime))

    @staticmethod
    def _report(crime: dict[str, Any]) -> Callable[[MonitoredWorld], None]:
        return lambda world: world.report([crime])

    def _crime(self, number: int) -> tuple[dict[str, Any], int]:
        random = self.random
        at_us, place = self.places[int(random.integers(len(self.places)))]
        place = place + random.normal(0, random.choice([20, 200, 1500]), 2)
        from_us = at_us + int(random.integers(-20, 20)) * MINUTE_US
        to_us = from_us + int(random.choice([0, 0, 10, 60, 600])) * MINUTE_US
        zone = ZoneInfo(str(random.choice(["UTC", "Europe/London"])))
        return {
            "police_force": "Metropolitan",
            "crime_type_id": "KROB",
            "batch_id": "MPS20261120",
            "crime_reference": f"CRIME-{number:02}",
            "date_from": from_microseconds(from_us).astimezone(zone).strftime("%Y%m%d%H%M%S"),
            "date_to": from_microseconds(to_us).astimezone(zone).strftime("%Y%m%d%H%M%S"),
            "time_zone": zone.key,
            "time_uncertainty_min": random.choice([0, 0, 20]),
            "latitude": round(51.5 + float(place[1]) * METRES_NORTH, 6),
            "longitude": round(-0.1 + float(place[0]) * METRES_EAST, 6),
            "place_uncertainty_m": random.choice([0, 0, 300, 2000]),
        }, to_us


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> Iterator[MonitoredWorld]:
    with MonitoredWorld.on(migrated_database) as made:
        yield made


@pytest.mark.parametrize("seed", range(2))
def test_what_stands_in_the_end_is_what_one_search_would_find(world: MonitoredWorld, seed: int) -> None:
    random = np.random.default_rng(seed)
    start_us = START_US + seed * 37 * SECOND_US
    story = Story(random, start_us)
    steps = story.tell()
    world.enrol([f"CRN-{number}" for number in range(WEARERS)], story.serials, story.monitored)
    world.add_zone()
    moment_us = 0
    for moment_us, _, does in steps:
        world.clock(moment_us)
        does(world)
        if random.random() < 0.05:
            world.match()
    world.clock(moment_us + 24 * HOUR_US)
    world.match_all()
    found = differences(world)
    assert not found, "\n".join(found)


def test_so_it_is_when_a_device_s_crimes_are_answered_one_a_round(
    world: MonitoredWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rematches, "SCENES_AT_ONCE", 1)
    monkeypatch.setattr(rematches, "FOR_S", 0.0)
    test_what_stands_in_the_end_is_what_one_search_would_find(world, 7)


def differences(world: MonitoredWorld) -> list[str]:
    """Between every wearer's whole track held against each crime, one search for all, and what stands."""
    found = []
    alone = world.one_by_one()
    for what, others in (("a search", world.from_nothing()), ("what stands", world.standing())):
        for reference, (counts, matches) in alone.items():
            other_counts, other_matches = others[reference]
            true, theirs = said(matches), said(other_matches)
            found += [
                f"{reference}: {what} says of {person}: {difference(theirs.get(person), true.get(person))}"
                for person in true.keys() | theirs.keys()
                if true.get(person) != theirs.get(person)
            ]
            if four(counts) != four(other_counts):
                found.append(f"{reference}: {what} counts {other_counts}, but they are {counts}")
    return found


def difference(said_instead: Match | None, true: Match | None) -> str:
    if said_instead is None or true is None:
        return f"{said_instead and said_instead.verdict} instead of {true and true.verdict}: {true and true.reasons}"
    return "; ".join(
        f"{one.name} {getattr(said_instead, one.name)} instead of {getattr(true, one.name)}"
        for one in fields(Match)
        if getattr(said_instead, one.name) != getattr(true, one.name)
    )
