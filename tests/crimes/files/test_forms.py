"""What a file may be, what it may not be, and that none is too large."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator

import pytest

from crimes.files import file_text
from crimes.files.crime_fields import REQUIRED_COLUMNS
from crimes.files.file_text import LONGEST_ROW_BYTES
from crimes.files.reading import CrimeFileReader, ParsedRow
from crimes.files.row_errors import to_csv
from tests.crimes.files.police_files import (
    GOOD,
    SECOND_CRIME,
    crime_of,
    errors_of,
    geojson,
    police_csv,
    read,
    refusal_of,
    rich_csv,
)

GIGABYTE = 1_000_000_000
PLENTY_BYTES = 20_000_000
FEW_ROWS = 10_000


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("crimes.csv", police_csv({}))
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\r\n \n", "the file is empty"),
        (b'""\n""\n', "the file has no crimes"),
        (zipped(), "the file is a zip or a spreadsheet (xlsx)"),
        (b"\x1f\x8b\x08", "the file is compressed with gzip"),
        (b"%PDF-1.7", "the file is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "the file is an old spreadsheet or a document (xls, doc, msg)"),
        (police_csv({}).decode().encode("utf-16"), "the file is in UTF-16"),
        (police_csv({}).decode().encode("utf-16-be"), "the file is binary, or in UTF-16"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "the file is binary, or in UTF-16"),
        (b"[1, 2]", "the file is JSON, but no FeatureCollection"),
        (rich_csv(), "the file has no crimes"),
        (rich_csv({"place_uncertainty": "50"}), "a column of the header is unknown: place_uncertainty"),
        (",".join([*GOOD, "datum"]).encode(), "a column of the header is there twice: datum"),
        (b"date_from,date_to,crime_text\n1,2,3\n", "a column of the header is missing: police_force, crime_type_id"),
    ],
)
def test_what_is_none_of_the_forms_is_one_clear_error(content: bytes, problem: str) -> None:
    refusal = refusal_of(content)
    assert refusal.problem.startswith(problem)
    assert refusal.remedy


def test_a_byte_order_mark_is_stripped() -> None:
    for content in (police_csv({}), rich_csv({}), geojson({})):
        assert crime_of(b"\xef\xbb\xbf" + content) == crime_of(content)


def test_each_form_is_known_by_its_content() -> None:
    formats = {read(content)[2].format for content in (police_csv({}), rich_csv({}), geojson({}))}
    assert formats == {"police_csv", "csv", "geojson"}


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_any_line_ending_ends_a_row(ending: bytes) -> None:
    content = police_csv({}, SECOND_CRIME).replace(b"\r\n", ending)
    parsed, failed, _ = read(content)
    assert [row.row_number for row in parsed] == [1, 2]
    assert not failed


def test_empty_lines_are_counted_as_a_spreadsheet_does_and_left_out() -> None:
    parsed, failed, facts = read(b"\r\n" + police_csv({}) + b"\r\n  \r\n" + police_csv(SECOND_CRIME) + b"\r\n")
    assert [row.row_number for row in parsed] == [2, 5]
    assert not failed
    assert facts.row_count == 2


def test_a_header_is_row_1() -> None:
    (error,) = errors_of(rich_csv({"crime_type_id": "?"}))
    assert error.row == 2


def test_a_list_of_errors_that_comes_back_is_told_from_a_police_file() -> None:
    errors = "".join(to_csv(errors_of(police_csv({"crime_type_id": "?"})))).encode()
    assert "a list of errors, not the crimes" in refusal_of(errors).problem


def test_a_header_may_stand_in_any_order_and_in_a_persons_words() -> None:
    names = [*REQUIRED_COLUMNS, "longitude", "latitude"]
    header = ",".join(name.replace("_", " ").title() for name in names)
    content = f"{header}\n{','.join(GOOD[name] for name in names)}\n".encode()
    crime = crime_of(content)
    assert (crime.lat, crime.lon) == (51.499946, -0.137433)


def test_a_text_may_hold_commas_quotation_marks_and_line_breaks() -> None:
    text = 'He said "run", and\nthey ran'
    parsed, _, _ = read(police_csv({"crime_text": text}, SECOND_CRIME))
    assert parsed[0].crime.description == text
    assert parsed[1].row_number == 2


@pytest.mark.parametrize("line", [b"a,b", b",,", b"Metropolitan;RB;Robbery", b",".join([b""] * 14)])
def test_a_wrong_number_of_columns_is_an_error_of_its_row(line: bytes) -> None:
    parsed, (failed,), _ = read(police_csv({}) + line + b"\n" + police_csv(SECOND_CRIME))
    (error,) = failed.errors
    assert (error.row, error.field) == (2, "row")
    assert "not 13" in error.problem
    assert len(parsed) == 2


def test_bad_quoting_is_an_error_of_its_row() -> None:
    parsed, (failed,), _ = read(police_csv({}) + b'"a"b,c\n' + police_csv(SECOND_CRIME))
    assert failed.errors[0].problem.startswith("this is no CSV")
    assert [row.row_number for row in parsed] == [1, 3]


def test_a_quotation_mark_left_open_refuses_the_file_for_what_follows_it_cannot_be_told_apart() -> None:
    references = [{"crime_reference": f"CRI{number}"} for number in range(5)]
    opened = police_csv(*references[:2]) + police_csv(references[2]).rstrip() + b'"open\r\n'
    parsed, _, facts = read(opened + police_csv(*references[3:]))
    (refusal,) = facts.refusals
    assert refusal.row == 3
    assert refusal.remedy.startswith("close every quotation mark")
    assert len(parsed) == 2


def test_a_quotation_mark_that_another_row_closes_does_not_swallow_the_rows_between() -> None:
    rows = [
        police_csv({"crime_reference": f"CRI{number}"}).rstrip() + text
        for number, text in enumerate([b"", b'"knife', b"", b'blade of 5"', b""])
    ]
    parsed, (failed,), facts = read(b"\r\n".join(rows))
    assert (failed.row_number, failed.errors[0].field) == (2, "row")
    assert failed.errors[0].problem == "a text of this row runs over 3 lines and holds other rows"
    assert [row.crime.reference for row in parsed] == ["CRI0", "CRI4"]
    assert not facts.refusals


def test_a_byte_of_another_encoding_is_an_error_of_its_row() -> None:
    content = police_csv({"crime_text": "£20 taken"}).decode().encode("cp1252") + police_csv(SECOND_CRIME)
    parsed, (failed,), _ = read(content)
    (error,) = failed.errors
    assert (error.field, error.value) == ("crime_text", "\N{REPLACEMENT CHARACTER}20 taken")
    assert "UTF-8" in error.remedy
    assert len(parsed) == 1


def test_lines_that_straddle_pieces_of_the_stream_are_whole() -> None:
    """A stream that hands out a few bytes at a time, as a network may."""
    content = police_csv(*({"crime_reference": f"CRI{number}", "crime_text": "é" * 50} for number in range(40)))
    for at_a_time in (1, 7, 4096):
        parsed, failed, _ = read(Dripping(content, at_a_time))
        assert [row.crime.reference for row in parsed] == [f"CRI{number}" for number in range(40)]
        assert not failed


class Dripping(io.BytesIO):
    def __init__(self, content: bytes, at_a_time: int) -> None:
        super().__init__(content)
        self.at_a_time = at_a_time

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, self.at_a_time))


class Endless(io.RawIOBase):
    """A gigabyte that is nowhere stored; ``given`` counts the bytes that were asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.given = 0

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002 - one piece at a time
        if self.given >= GIGABYTE:
            return b""
        piece = next(self.pieces)
        self.given += len(piece)
        return piece


def rows_for_ever() -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        yield police_csv({"crime_reference": f"CRI{number:09}"})


def features_for_ever() -> Iterator[bytes]:
    yield b'{"type": "FeatureCollection", "features": [{}'
    while True:
        yield b", {}" * 10_000


def repeated(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


@pytest.mark.parametrize(
    ("pieces", "problem"),
    [
        (rows_for_ever(), f"the file has more than {FEW_ROWS} rows"),
        (features_for_ever(), f"the file has more than {FEW_ROWS} rows"),
        (repeated(b"\n" * 65_536), "the file is empty"),
        (repeated(b"a" * 65_536), f"row 1 is longer than {LONGEST_ROW_BYTES} bytes"),
        (repeated(b'"a\n",' * 10_000), f"row 1 is longer than {LONGEST_ROW_BYTES} bytes"),
        (repeated(b'{"a' * 20_000), "from here on this is no JSON"),
        (repeated(b'{"a": [' * 10_000), "from here on this is no JSON"),
    ],
    ids=["rows", "features", "nothing", "no line break", "no end of the row", "no end of the text", "too deep"],
)
def test_a_gigabyte_is_refused_before_it_fills_the_memory(
    pieces: Iterator[bytes], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_text, "MOST_ROWS", FEW_ROWS)  # to be quick: memory is watched at a tenth of the speed
    stream = Endless(pieces)
    reader = CrimeFileReader(stream)  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        for _ in reader:
            pass
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reader.facts.refusals[0].problem.startswith(problem)
    assert stream.given < GIGABYTE / 10
    assert peak_bytes < PLENTY_BYTES


def test_rows_are_handed_out_while_the_file_is_read() -> None:
    stream = Endless(rows_for_ever())
    first = next(iter(CrimeFileReader(stream)))  # type: ignore[arg-type]
    assert isinstance(first, ParsedRow)
    assert stream.given < 2_000_000
