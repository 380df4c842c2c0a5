"""What happens to one wearer: the pings and events of it, the zone that it takes, and how many alerts it raises."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cli.scenario.places import CIRCLE_OF_HOME_M, PROTECTED_ADDRESS, STADIUM, WARD, Place, feature, home, moved
from cli.scenario.tags import EVERY, Sent, crn, event, ping

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
EXCLUDED_M = 200
BUFFER_M = 150
NORTH_M = 1500.0
HOME_AREA_M = 15_000
NIGHT = {
    "time_zone": "Europe/London",
    "weekly": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "19:00", "to": "07:00"}],
}
SATURDAY_DAY = {"time_zone": "Europe/London", "weekly": [{"days": ["sat"], "from": "10:00", "to": "16:00"}]}


@dataclass(frozen=True, slots=True)
class Story:
    """``away`` is when the tag does not send what one at rest sends."""

    person: int
    alerts: int
    sent: Sequence[Sent]
    away: Sequence[tuple[datetime, datetime]] = ()
    zones: Sequence[dict[str, Any]] = field(default_factory=list)


def excluded_place(person: int) -> Place:
    return moved(home(person), NORTH_M, 0)


def exclusion(person: int, **properties: Any) -> dict[str, Any]:
    """The person's own exclusion zone."""
    given = {"crn": crn(person), "policy": "steady", **properties}
    return feature(
        f"EZ-{person:02d}", f"Exclusion {person:02d}", "exclusion", excluded_place(person), EXCLUDED_M, **given
    )


def curfew(person: int) -> dict[str, Any]:
    return feature(
        f"CF-{person:02d}",
        f"Home {person:02d}",
        "curfew",
        home(person),
        CIRCLE_OF_HOME_M,
        crn=crn(person),
        schedule=NIGHT,
    )


def stays_in(person: int, place: Place, since: datetime, minutes: int) -> list[Sent]:
    """Two positions there two minutes apart, more while it lasts, and two outside again."""
    inside = [ping(person, since + n * MINUTE, place) for n in (0, 2, *range(20, minutes, 20))]
    outside = [ping(person, since + (minutes + n) * MINUTE, moved(place, -800, 0)) for n in (0, 2)]
    return [*inside, *outside]


def breach(person: int, since: datetime, minutes: int = 25, **zone: Any) -> Story:
    """One stay in the own exclusion zone."""
    until = since + minutes * MINUTE
    return Story(
        person,
        1,
        stays_in(person, excluded_place(person), since, minutes),
        [(since - 5 * MINUTE, until + 5 * MINUTE)],
        [exclusion(person, **zone)],
    )


def in_victims_zone(person: int, since: datetime, minutes: int = 40) -> Story:
    """One stay at the very address that the zone protects; the zone itself is drawn for it (cast.py)."""
    away = [(since - 15 * MINUTE, since + (minutes + 15) * MINUTE)]
    far = moved(PROTECTED_ADDRESS, 0, 6000)
    stay = [ping(person, since + n * MINUTE, PROTECTED_ADDRESS) for n in (0, 2, *range(20, minutes, 20))]
    left = [ping(person, since + (minutes + n) * MINUTE, far) for n in (6, 8)]
    return Story(person, 1, [*stay, *left], away)


def near_then_in(person: int, since: datetime) -> Story:
    """Ten minutes beside a zone with a buffer, then in it: a warning, and a breach."""
    beside = moved(excluded_place(person), -(EXCLUDED_M + BUFFER_M / 2), 0)
    entered = since + 10 * MINUTE
    return Story(
        person,
        2,
        [ping(person, since, beside), *stays_in(person, excluded_place(person), entered, 30)],
        [(since - 5 * MINUTE, entered + 35 * MINUTE)],
        [exclusion(person, policy={"preset": "fast", "buffer_m": BUFFER_M})],
    )


def at_the_stadium(person: int, since: datetime, minutes: int = 30) -> Story:
    """One stay in the shared zone about the stadium."""
    return Story(
        person, 1, stays_in(person, STADIUM, since, minutes), [(since - 5 * MINUTE, since + (minutes + 5) * MINUTE)]
    )


def in_authority_area(person: int, since: datetime, minutes: int = 40) -> Story:
    """One stay in the area of the stop-and-search authority, while it is open."""
    until = since + minutes * MINUTE
    away = [(since - 10 * MINUTE, until + 25 * MINUTE)]
    return Story(person, 1, stays_in(person, WARD, since, minutes), away)


def left_home_area(person: int, since: datetime, until: datetime) -> Story:
    """For hours at a place outside of the home area."""
    elsewhere = moved(home(person), HOME_AREA_M + 5000, 0)
    area = feature(f"HA-{person:02d}", f"County {person:02d}", "home_area", home(person), HOME_AREA_M, crn=crn(person))
    sent = [ping(person, since + n * EVERY, elsewhere) for n in range(int((until - since) / EVERY))]
    return Story(person, 1, sent, [(since, until)], [area])


def approach(person: int, since: datetime) -> Story:
    """A quarter of an hour beside a zone with a buffer, never in it."""
    beside = moved(excluded_place(person), -(EXCLUDED_M + BUFFER_M / 2), 0)
    return Story(
        person,
        1,
        stays_in(person, beside, since, 15),
        [(since - 5 * MINUTE, since + 20 * MINUTE)],
        [exclusion(person, policy={"preset": "fast", "buffer_m": BUFFER_M})],
    )


def crossing(person: int, at: datetime) -> Story:
    """From one side of a zone to the other between two positions."""
    centre = excluded_place(person)
    sides = [moved(centre, 0, side * (EXCLUDED_M + 150)) for side in (-1, 1)]
    sent = [ping(person, at + n * 150 * timedelta(seconds=1), side) for n, side in enumerate(sides)]
    return Story(person, 1, sent, [(at - 5 * MINUTE, at + 10 * MINUTE)], [exclusion(person, policy="fast")])


def out_at_night(person: int, since: datetime, until: datetime) -> Story:
    """Not at home in the hours of the curfew."""
    elsewhere = moved(home(person), 0, 700)
    moments = [since, since + 6 * MINUTE, since + 12 * MINUTE]
    while moments[-1] + EVERY < until:
        moments.append(moments[-1] + EVERY)
    sent = [*(ping(person, moment, elsewhere) for moment in moments), ping(person, until, home(person))]
    return Story(person, 1, sent, [(since, until)], [curfew(person)])


def late_for(person: int, arrives: datetime, leaves: datetime) -> Story:
    """At home while the inclusion zone already has them elsewhere, and there in the end."""
    place = excluded_place(person)
    zone = feature(
        f"IZ-{person:02d}",
        f"Course {person:02d}",
        "inclusion",
        place,
        EXCLUDED_M,
        crn=crn(person),
        schedule=SATURDAY_DAY,
    )
    there = [ping(person, arrives + n * EVERY, place) for n in range(int((leaves - arrives) / EVERY))]
    return Story(person, 1, [*there, ping(person, leaves, home(person))], [(arrives, leaves)], [zone])


def strap_opened(person: int, at: datetime, minutes: int = 10) -> Story:
    return Story(person, 1, [event(person, at, "strap_tamper"), event(person, at + minutes * MINUTE, "strap_restored")])


def silent(person: int, since: datetime, until: datetime, zones: Sequence[dict[str, Any]] = ()) -> Story:
    return Story(person, 1, [ping(person, until, home(person))], [(since, until)], zones)


def without_position(person: int, since: datetime, until: datetime) -> Story:
    """It talks, and finds no position."""
    sent = [event(person, since + n * 10 * MINUTE, "alive") for n in range(int((until - since) / (10 * MINUTE)))]
    return Story(person, 1, sent, [(since, until)])


def battery_low(person: int, at: datetime, charged: datetime) -> Story:
    sent = [
        event(person, at, "battery_low", battery_pct=18),
        event(person, charged, "charging_started", battery_pct=12),
    ]
    return Story(person, 1, sent)


def battery_empty(person: int, at: datetime) -> Story:
    """Low, and two hours and a half later critical: two alerts."""
    sent = [
        event(person, at, "battery_low", battery_pct=15),
        event(person, at + 150 * MINUTE, "battery_critical", battery_pct=4),
        event(person, at + 200 * MINUTE, "charging_started", battery_pct=4),
    ]
    return Story(person, 2, sent)


def not_charging(person: int, at: datetime, times: int) -> Story:
    """Low once and never charged for longer than a moment: off and on again, 1 + ``times`` alerts."""
    sent = [event(person, at, "battery_low", battery_pct=15)]
    for n in range(times):
        off = at + 4 * HOUR + n * 3 * HOUR
        sent += [event(person, off, "power_off"), event(person, off + 20 * MINUTE, "power_on")]
    return Story(person, 1 + times, sent)


def drift(person: int, at: datetime, uploaded_at: datetime) -> Story:
    """One position deep in the zone raises a breach; what is uploaded later shows that nobody could have got there."""
    inside = ping(person, at, PROTECTED_ADDRESS)
    late = [ping(person, at + seconds * timedelta(seconds=1), home(person), uploaded_at) for seconds in (-5, 5)]
    after = ping(person, at + 10 * MINUTE, home(person))
    return Story(person, 1, [inside, after, *late], [(at - MINUTE, at + 12 * MINUTE)])
