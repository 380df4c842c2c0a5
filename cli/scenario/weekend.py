"""The weekend: Friday, 6 November 2026, 15:00 to Monday, 9 November 2026, 10:30, in London. All of it is fixed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cli.scenario import stories
from cli.scenario.places import STADIUM, feature
from cli.scenario.stories import HOUR, MINUTE, Story
from cli.scenario.tags import Sent, at_rest

LONDON = ZoneInfo("Europe/London")
PEOPLE = 45
ALERTS = 60


def moment(day: int, clock: str) -> datetime:
    """Of that day of November 2026, by the clock of London."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=LONDON)


ENROLLED = moment(6, "14:00")
STARTS, ENDS = moment(6, "15:00"), moment(9, "10:30")
FRIDAY, SATURDAY, SUNDAY, MONDAY = 6, 7, 8, 9

VICTIMS_WEARERS = (11, 12, 19)
VICTIMS_BREACHED, STADIUM_ZONE = "EZ-11", "EZ-STADIUM"
SHARED_ZONES: tuple[dict[str, Any], ...] = (
    feature(STADIUM_ZONE, "The stadium on match days", "exclusion", STADIUM, 300, policy="steady"),
)
PLANS: Mapping[str, Mapping[str, Any]] = {
    STADIUM_ZONE: {
        "steps": [{"code": "ring_wearer", "text": "Ring the wearer and ask them to leave", "minutes": 15}],
        "emergency_when": "Where somebody says that there is a fight.",
    },
    VICTIMS_BREACHED: {
        "steps": [
            {"code": "ring_police", "text": "Ring the control room", "phone": "101", "minutes": 5},
            {"code": "ring_wearer", "text": "Ring the wearer and ask them to leave", "minutes": 15},
        ],
        "emergency_when": "At once.",
    },
}
"""What is to be done about alerts of a zone, by its reference."""


def all_stories() -> list[Story]:
    """One of each person, in the order of their numbers; 60 alerts together."""
    burst = moment(SATURDAY, "22:00")
    told = [
        stories.not_charging(1, moment(SATURDAY, "02:10"), 13),
        *(stories.at_the_stadium(number, burst + (number - 2) * timedelta(seconds=4)) for number in range(2, 10)),
        stories.breach(10, moment(SATURDAY, "01:30"), 55),
        stories.in_victims_zone(11, moment(SATURDAY, "18:40")),
        stories.silent(12, moment(SUNDAY, "03:00"), moment(SUNDAY, "05:10")),
        *(
            stories.out_at_night(
                13 + n, moment(FRIDAY, "20:00") + n * 40 * MINUTE, moment(FRIDAY, "23:00") + n * 10 * MINUTE
            )
            for n in range(6)
        ),
        stories.drift(19, moment(SUNDAY, "01:30"), moment(SUNDAY, "02:05")),
        stories.strap_opened(20, moment(FRIDAY, "15:40")),
        *(stories.strap_opened(21 + n, moment(SATURDAY, "09:12") + n * 5 * HOUR) for n in range(4)),
        *(stories.crossing(25 + n, moment(SUNDAY, "11:03") + n * 2 * HOUR) for n in range(3)),
        *(
            stories.silent(28 + n, moment(SUNDAY, "06:00") + n * 4 * HOUR, moment(SUNDAY, "08:00") + n * 4 * HOUR)
            for n in range(4)
        ),
        stories.battery_low(32, moment(SATURDAY, "06:20"), moment(SATURDAY, "10:00")),
        stories.in_authority_area(33, moment(SATURDAY, "13:10")),
        stories.left_home_area(34, moment(SATURDAY, "11:30"), moment(SATURDAY, "17:30")),
        stories.battery_low(35, moment(SATURDAY, "21:20"), moment(SUNDAY, "01:00")),
        stories.battery_empty(36, moment(SUNDAY, "19:00")),
        *(stories.late_for(37 + n, moment(SATURDAY, "12:00") + n * HOUR, moment(SATURDAY, "16:05")) for n in range(2)),
        stories.breach(39, moment(SUNDAY, "15:10")),
        stories.without_position(40, moment(SATURDAY, "13:00"), moment(SATURDAY, "14:40")),
        *(stories.approach(41 + n, moment(SATURDAY, "16:07") + n * 90 * MINUTE) for n in range(4)),
        stories.near_then_in(45, moment(SUNDAY, "16:35")),
    ]
    return sorted(told, key=lambda one: one.person)


def all_sent(told: Sequence[Story]) -> list[Sent]:
    """What all tags send, in the order in which it reaches the gateway."""
    sent = [one for story in told for one in story.sent]
    sent += [one for story in told for one in at_rest(story.person, STARTS, ENDS, list(story.away))]
    return sorted(sent, key=lambda one: (one.at, one.document["device_id"], str(one.document)))
