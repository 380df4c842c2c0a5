"""What the tags of the scenario send: pings and events, each with the moment at which it reaches the gateway."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cli.scenario.places import Place, home

EVERY = timedelta(minutes=30)
"""A tag at rest speaks as seldom as the limit of silence allows."""
ACCURACY_M = 8.0


def serial(person: int) -> str:
    return f"TAG-{person:02d}"


def crn(person: int) -> str:
    return f"X7{person:05d}"


@dataclass(frozen=True, slots=True)
class Sent:
    """``document`` is one ping, or one event where ``is_event``; it reaches the gateway at ``at``."""

    at: datetime
    document: dict[str, Any]
    is_event: bool = False


def ping(person: int, fixed_at: datetime, place: Place, sent_at: datetime | None = None, **fields: Any) -> Sent:
    """A position by GPS, sent as it is fixed unless ``sent_at`` says later."""
    lat, lon = place
    document = {
        "device_id": serial(person),
        "fix_time": fixed_at.isoformat(),
        "lat": lat,
        "lon": lon,
        "accuracy_m": ACCURACY_M,
        **fields,
    }
    return Sent(sent_at or fixed_at, document)


def event(person: int, at: datetime, kind: str, **fields: Any) -> Sent:
    return Sent(at, {"device_id": serial(person), "event": kind, "event_time": at.isoformat(), **fields}, is_event=True)


def at_rest(person: int, starts: datetime, ends: datetime, away: list[tuple[datetime, datetime]]) -> list[Sent]:
    """At home, but for the times in ``away``; half of all tags speak a quarter of an hour after the others."""
    moment = starts + (EVERY / 2 if person % 2 else timedelta(0))
    sent = []
    while moment < ends:
        if not any(since <= moment < until for since, until in away):
            sent.append(ping(person, moment, home(person)))
        moment += EVERY
    return sent
