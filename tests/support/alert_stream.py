"""What an alert stream sends, as a client reads it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass
class Event:
    id: str | None = None
    name: str | None = None
    data: Any = None
    comment: str | None = None


def read_events(answer: httpx.Response) -> Iterator[Event]:
    """The events of a stream, those without data too."""
    event = Event()
    for line in answer.iter_lines():
        field, _, value = line.partition(": ")
        if not line:
            yield event
            event = Event()
        elif line.startswith(":"):
            event.comment = line[2:]
        elif field == "id":
            event.id = value
        elif field == "event":
            event.name = value
        elif field == "data":
            event.data = json.loads(value)
