"""One person's track. A page is fetched and recorded before its first byte goes out; then its body streams."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from access.audit import Action, Subject
from access.roles import Permission
from api.cursors import decode_track_key, encode_track_key, next_link
from api.documentation import documented
from api.errors import ProblemError
from api.fields import CursorText, Moment, PersonId
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from model.enums import Mechanism, PositionFlag
from store.people import person_is_visible
from store.tracks import TrackPage, TrackPoint, read_track

router = APIRouter(tags=["people"])

LONGEST_WINDOW = timedelta(days=31)
MEDIA_TYPE = "application/geo+json"
FEATURES_PER_CHUNK = 250

_TRACK = {
    "type": "FeatureCollection",
    "person_id": 17,
    "from": "2026-11-22T00:00:00Z",
    "to": "2026-11-23T00:00:00Z",
    "count": 1,
    "next": None,
    "lawful_times": [{"from": "2026-11-22T09:00:00Z", "to": "2026-11-23T00:00:00Z"}],
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-0.1419, 51.5014]},
            "properties": {
                "fix_time": "2026-11-22T09:58:12Z",
                "received_at": "2026-11-22T09:58:14Z",
                "device_id": 4,
                "device_serial": "TAG-0004",
                "accuracy_m": 8.0,
                "mechanism": "gps",
                "speed_mps": 1.2,
                "heading_deg": 271.0,
                "satellites": 9,
                "hdop": 0.9,
                "battery_pct": 81.0,
                "sequence": 5120,
                "flags": [],
                "fix_key": "-4611686018427387904",
            },
        }
    ],
}


@router.get(
    "/v1/people/{person_id}/track",
    response_class=StreamingResponse,
    **documented(Permission.TRACK_READ, _TRACK, HTTPStatus.NOT_FOUND, media_type=MEDIA_TYPE),
)
def read_person_track(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.TRACK_READ, Action.TRACK_READ))],
    services: CurrentServices,
    person_id: PersonId,
    from_time: Annotated[Moment, Query(alias="from", examples=["2026-11-22T00:00:00Z"])],
    to_time: Annotated[Moment, Query(alias="to", examples=["2026-11-23T00:00:00Z"])],
    cursor: CursorText = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="The most positions of one page")] = 1_000,
) -> StreamingResponse:
    """Positions in the half-open window [from, to), at most 31 days, in order of fix time, as GeoJSON.

    Only those of `lawful_times`: the times of the window with trail monitoring or another recorded legal basis, and
    those in and around visits. Outside of them nothing is given, whether the tag made positions or not.

    Exactly one person a request. `next` is there whenever there are more. Each page is a read of its own in the audit.
    """
    _check_window(from_time, to_time)
    after = decode_track_key(cursor)
    page: TrackPage | None = None
    with services.pool.transaction(caller.identity) as transaction:
        if person_is_visible(transaction, person_id):
            page = read_track(transaction, person_id, from_time, to_time, after=after, limit=limit)
    if page is None:
        about = Subject(person_id, from_time, to_time)
        raise refuse_unseen(services, caller, Action.TRACK_READ, about, "person")
    more = None
    if page.goes_on:
        window: dict[str, str | int | None] = {"from": from_time.isoformat(), "to": to_time.isoformat(), "limit": limit}
        more = next_link(request.url.path, window, encode_track_key(page.points[-1].key))
    head = {
        "type": "FeatureCollection",
        "person_id": person_id,
        "from": from_time,
        "to": to_time,
        "count": len(page.points),
        "next": more,
        "lawful_times": [{"from": begins_at, "to": ends_at} for begins_at, ends_at in page.lawful_times],
    }
    return StreamingResponse(_body(head, page.points), media_type=MEDIA_TYPE)


def _check_window(from_time: datetime, to_time: datetime) -> None:
    if from_time >= to_time:
        raise _wrong_window("from must be before to")
    if to_time - from_time > LONGEST_WINDOW:
        raise _wrong_window(f"the window is at most {LONGEST_WINDOW.days} days: ask for it in parts")


def _wrong_window(fault: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"The window is wrong: {fault}.", errors=[{"where": "query", "problem": fault}]
    )


async def _body(head: dict[str, Any], points: list[TrackPoint]) -> AsyncIterator[bytes]:
    """The collection in chunks; the page is in memory already, so nothing here can fail half-way."""
    yield msgspec.json.encode(head)[:-1] + b',"features":['
    waiting = iter(points)
    separator = b""
    while chunk := [msgspec.json.encode(_feature(point)) for point in islice(waiting, FEATURES_PER_CHUNK)]:
        yield separator + b",".join(chunk)
        separator = b","
    yield b"]}"


def _feature(point: TrackPoint) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": (point.lon, point.lat)},
        "properties": {
            "fix_time": point.fix_time,
            "received_at": point.received_at,
            "device_id": point.device_id,
            "device_serial": point.serial,
            "accuracy_m": point.accuracy_m,
            "mechanism": Mechanism(point.mechanism).word,
            "speed_mps": point.speed_mps,
            "heading_deg": point.heading_deg,
            "satellites": point.satellites,
            "hdop": point.hdop,
            "battery_pct": point.battery_pct,
            "sequence": point.sequence,
            "flags": PositionFlag(point.flags).words,
            "fix_key": str(point.fix_key),  # 64 bits: more than a number of JSON carries everywhere
        },
    }
