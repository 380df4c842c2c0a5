"""What the database and the documents of others hold of matching, as JSON; read again it is the same to the last bit.

Times are ISO 8601 in UTC, windows microseconds since 1970 as the table of crime versions has them, and a position's key
is text: it has 64 bits, more than a number of JSON carries everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from model.crimes import CoverageGap, GapReason, Match, MatchedPosition, MatchingSettings, MatchVerdict, Window
from model.enums import Mechanism
from model.times import from_microseconds, microseconds_or_none, text_or_none, to_microseconds

FORMAT = 1
"""Of a match's document; raised when it changes, and what was stored before must still be read."""


def match_document(match: Match) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "person_id": match.person_id,
        "verdict": match.verdict.value,
        "reasons": list(match.reasons),
        "positions": [_position_document(one) for one in match.positions],
        "gaps": [_gap_document(one) for one in match.gaps],
        "nearest_m": match.nearest_m,
        "nearest_at": text_or_none(match.nearest_us),
        "position_count": match.position_count,
        "covered_from": text_or_none(match.covered_from_us),
        "covered_to": text_or_none(match.covered_to_us),
    }


def read_match(document: Mapping[str, Any]) -> Match:
    """Raises ValueError for a document of a format that this version does not know."""
    if document.get("format") != FORMAT:
        raise ValueError(
            f"the match is stored in format {document.get('format')!r} and this version reads {FORMAT}: "
            "run the version that wrote it, or match the crime again"
        )
    return Match(
        person_id=document["person_id"],
        verdict=MatchVerdict(document["verdict"]),
        reasons=tuple(document["reasons"]),
        positions=tuple(_read_position(one) for one in document["positions"]),
        gaps=tuple(_read_gap(one) for one in document["gaps"]),
        nearest_m=document["nearest_m"],
        nearest_us=_microseconds(document["nearest_at"]),
        position_count=document["position_count"],
        covered_from_us=_microseconds(document["covered_from"]),
        covered_to_us=_microseconds(document["covered_to"]),
    )


def windows_document(windows: Sequence[Window]) -> list[list[int]]:
    return [[one.from_us, one.to_us] for one in windows]


def read_windows(document: Sequence[Sequence[int]]) -> tuple[Window, ...]:
    return tuple(Window(from_us, to_us) for from_us, to_us in document)


def settings_document(settings: MatchingSettings) -> dict[str, Any]:
    return asdict(settings)


def read_settings(document: Mapping[str, Any]) -> MatchingSettings:
    """Raises ValueError for settings of another version of the matcher, which would not be followed in full."""
    known = {field.name for field in fields(MatchingSettings)}
    if set(document) != known:
        raise ValueError(
            f"matching settings need {', '.join(sorted(known))}, and these have {', '.join(sorted(document))}: "
            "run the version that recorded them"
        )
    return MatchingSettings(**document)


def _position_document(position: MatchedPosition) -> dict[str, Any]:
    document = asdict(position)
    document["fix_time"] = from_microseconds(document.pop("fix_time_us")).isoformat()
    return document | {"fix_key": str(position.fix_key), "mechanism": position.mechanism.word}


def _read_position(document: Mapping[str, Any]) -> MatchedPosition:
    values = dict(document)
    values["fix_time_us"] = to_microseconds(datetime.fromisoformat(values.pop("fix_time")))
    values |= {"fix_key": int(values["fix_key"]), "mechanism": Mechanism[values["mechanism"].upper()]}
    return MatchedPosition(**values)


def _gap_document(gap: CoverageGap) -> dict[str, Any]:
    return {
        "from": text_or_none(gap.from_us),
        "to": text_or_none(gap.to_us),
        "reason": gap.reason.value,
        "needed_speed_mps": gap.needed_speed_mps,
    }


def _read_gap(document: Mapping[str, Any]) -> CoverageGap:
    return CoverageGap(
        from_us=_microseconds(document["from"]),
        to_us=_microseconds(document["to"]),
        reason=GapReason(document["reason"]),
        needed_speed_mps=document["needed_speed_mps"],
    )


def _microseconds(text: str | None) -> int | None:
    return microseconds_or_none(None if text is None else datetime.fromisoformat(text))
