"""Rows of a GeoJSON file (RFC 7946): a FeatureCollection of Points, read one feature at a time."""

import codecs
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any, NoReturn

from crimes.files.crime_fields import KNOWN_COLUMNS
from crimes.files.file_text import LONGEST_ROW_BYTES, RefusedFileError, check_row_count, refused
from crimes.files.raw_rows import RawRow
from crimes.files.row_errors import Fault, RowError, row_error, shortened
from geofence.structure import shown

LON_LAT = 2
NO_SPACE = re.compile(r"[^ \t\r\n]")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


DECODER = json.JSONDecoder(parse_constant=_no_constant)


def feature_rows(pieces: Iterator[bytes]) -> Iterator[RawRow]:
    """A row for each feature, numbered from 1. Raises RefusedFileError where the file is no FeatureCollection."""
    text = _JsonText(pieces)
    kind: object = None
    numbers = count(1)
    text.take("{")
    for name in text.members():
        if name == "features":
            for number, feature in zip(numbers, text.elements(), strict=False):
                check_row_count(number)
                yield _row(number, feature)
        elif name == "type":
            kind = text.value()
        else:
            text.value()
    text.end()
    if kind != "FeatureCollection":
        raise refused('this is no GeoJSON of type "FeatureCollection"', "send the crimes as the features of one")


class _JsonText:
    """A JSON text that is read value by value: only the value at hand is held."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._buffer = ""
        self._at = 0
        self._is_whole = False

    def members(self) -> Iterator[str]:
        """The names of an object's members, after its opening brace; the value of each is to be read in between."""
        if self._took("}"):
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise self._no_json()
            self.take(":")
            yield name
            if not self._took(","):
                return self.take("}")

    def elements(self) -> Iterator[Any]:
        self.take("[")
        if self._took("]"):
            return
        while True:
            yield self.value()
            if not self._took(","):
                return self.take("]")

    def value(self) -> Any:
        """The next value, whole."""
        self._next_character()
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._at)
            except RecursionError:
                raise self._no_json() from None
            except ValueError:
                if len(self._buffer) - self._at > LONGEST_ROW_BYTES or not self._read_more():
                    raise self._no_json() from None
                continue
            if end < len(self._buffer) or not self._read_more():
                self._at = end
                return value

    def take(self, character: str) -> None:
        if not self._took(character):
            raise self._no_json()

    def end(self) -> None:
        if self._next_character():
            raise self._no_json()

    def _took(self, character: str) -> bool:
        found = self._next_character() == character
        self._at += found
        return found

    def _next_character(self) -> str:
        """The first one that is no space; empty at the end."""
        while True:
            found = NO_SPACE.search(self._buffer, self._at)
            self._at = found.start() if found else len(self._buffer)
            if found:
                return found[0]
            if not self._read_more():
                return ""

    def _read_more(self) -> bool:
        """Another piece; False at the end. What has been read is let go."""
        if self._is_whole:
            return False
        piece = next(self._pieces, b"")
        self._is_whole = not piece
        try:
            self._buffer = self._buffer[self._at :] + self._decode(piece, final=self._is_whole)
        except UnicodeDecodeError as error:
            raise refused(f"the file is no UTF-8: {error.reason}", "save the file as UTF-8") from None
        self._at = 0
        return not self._is_whole

    def _no_json(self) -> RefusedFileError:
        found = self._buffer[self._at : self._at + LONGEST_ROW_BYTES]
        return refused("from here on this is no JSON, or one value is too long", "send valid GeoJSON", value=found)


def _row(number: int, feature: object) -> RawRow:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return RawRow(number, {}, (_error(number, "type", feature, "this is no Feature", "give a GeoJSON Feature"),))
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        fault = ("the feature has no properties", "give the crime's fields as its properties")
        return RawRow(number, {}, (_error(number, "properties", properties, *fault),))
    errors: list[RowError] = []
    given = _texts(number, properties, errors)
    coordinates = _coordinates(feature.get("geometry"))
    if coordinates is None:
        fault = ("this is no Point", "give a Point with [longitude, latitude] in degrees")
        errors.append(_error(number, "geometry", feature.get("geometry"), *fault))
    else:
        given |= coordinates
    return RawRow(number, given, tuple(errors))


def _texts(number: int, properties: dict[str, Any], errors: list[RowError]) -> dict[str, str]:
    """As a CSV file would hold them. A property that we would not read is an error: a misspelt one says nothing."""
    given: dict[str, str] = {}
    for name, value in properties.items():
        if name not in KNOWN_COLUMNS or name in {"latitude", "longitude"}:
            problem = "the property is unknown" if name not in KNOWN_COLUMNS else "the place is given twice"
            remedy = (
                f"use {', '.join(sorted(KNOWN_COLUMNS))}" if name not in KNOWN_COLUMNS else "give the geometry alone"
            )
            errors.append(_error(number, name, value, problem, remedy))
        elif isinstance(value, bool | list | dict):
            errors.append(_error(number, name, value, "this is neither a text nor a number", "give a text or a number"))
        else:
            given[name] = _text(value)
    return given


def _coordinates(geometry: object) -> dict[str, str] | None:
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    position = geometry.get("coordinates")
    if not isinstance(position, list) or not LON_LAT <= len(position) <= LON_LAT + 1:
        return None
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in position):
        return None
    return {"latitude": _text(position[1]), "longitude": _text(position[0])}


def _text(value: str | float | None) -> str:
    """A number in digits without an exponent, so that it reads back as the same number."""
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return "" if value is None else str(value).strip()


def _error(number: int, field: str, value: object, problem: str, remedy: str) -> RowError:
    text = value if isinstance(value, str) else shown(value)
    return row_error(number, shortened(field), text, Fault(problem, remedy))
