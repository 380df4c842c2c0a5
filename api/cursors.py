"""Cursors: where the next page begins, opaque to clients. They grant nothing: each page is checked anew."""

import base64
import uuid
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar
from urllib.parse import urlencode

import msgspec

from api.errors import ProblemError
from api.security import LARGEST_BIGINT
from model.times import from_microseconds, to_microseconds
from store.audit_reads import AuditKey
from store.police_matches import MatchKey
from store.tracks import TrackKey

T = TypeVar("T")
EpisodeKey = tuple[bool, int, int, uuid.UUID]
"""As ``alerts.episodes.urgency_key`` gives it."""

Bigint = Annotated[int, msgspec.Meta(ge=-LARGEST_BIGINT - 1, le=LARGEST_BIGINT)]
Integer = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]


def encode_number(number: int) -> str:
    return _encode(number)


def decode_number(text: str | None) -> int | None:
    return None if text is None else _decode(text, Bigint)


def encode_text(text: str) -> str:
    return _encode(text)


def decode_text(text: str | None) -> str | None:
    return None if text is None else _decode(text, str)


def encode_moment(moment: datetime) -> str:
    return _encode(to_microseconds(moment))


def decode_moment(text: str | None) -> datetime | None:
    return None if text is None else _moment(_decode(text, Bigint))


def encode_track_key(key: TrackKey) -> str:
    return _encode((to_microseconds(key.fix_time), key.device_id, key.fix_key))


def decode_track_key(text: str | None) -> TrackKey | None:
    if text is None:
        return None
    microseconds, device_id, fix_key = _decode(text, tuple[Bigint, Integer, Bigint])
    return TrackKey(_moment(microseconds), device_id, fix_key)


def encode_visit_key(entered_at: datetime, visit_id: uuid.UUID) -> str:
    return _encode((to_microseconds(entered_at), visit_id))


def decode_visit_key(text: str | None) -> tuple[datetime, uuid.UUID] | None:
    if text is None:
        return None
    microseconds, visit_id = _decode(text, tuple[Bigint, uuid.UUID])
    return _moment(microseconds), visit_id


def encode_delivery_key(event_id: int, channel: str) -> str:
    return _encode((event_id, channel))


def decode_delivery_key(text: str | None) -> tuple[int, str] | None:
    return None if text is None else _decode(text, tuple[Bigint, str])


def encode_match_key(key: MatchKey) -> str:
    return _encode((key.rank, key.result_id))


def decode_match_key(text: str | None) -> MatchKey | None:
    return None if text is None else MatchKey(*_decode(text, tuple[Integer, Bigint]))


def encode_episode_key(key: EpisodeKey) -> str:
    return _encode(key)


def decode_episode_key(text: str | None) -> EpisodeKey | None:
    return None if text is None else _decode(text, tuple[bool, Integer, Bigint, uuid.UUID])


def encode_audit_key(key: AuditKey) -> str:
    return _encode((to_microseconds(key.happened_at), key.audit_id))


def decode_audit_key(text: str | None) -> AuditKey | None:
    if text is None:
        return None
    microseconds, audit_id = _decode(text, tuple[Bigint, Bigint])
    return AuditKey(_moment(microseconds), audit_id)


def next_link(path: str, parameters: Mapping[str, str | int | None], cursor: str | None) -> str | None:
    """The address of the next page, relative to the service, with the filters of this one; None without a cursor."""
    if cursor is None:
        return None
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode({**given, 'cursor': cursor})}"


def _encode(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def _decode(text: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _foreign() from None


def _moment(microseconds: int) -> datetime:
    try:
        return from_microseconds(microseconds)
    except OverflowError:
        raise _foreign() from None


def _foreign() -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The cursor is not one of this route's: follow the link `next` of the page before, unchanged.",
        errors=[{"where": "query.cursor", "problem": "not a cursor of this route"}],
    )
