"""Errors as they go back to the force."""

import csv
import io

import pytest

from crimes.files.row_errors import LONGEST_VALUE, RowError, shortened, to_csv, to_document
from tests.crimes.files.police_files import errors_of, police_csv

ERROR = RowError(3, "date_to", "20250125082959", "the crime ends before it begins", 'give "a later" one, please')


def test_an_error_is_one_sentence_for_a_person() -> None:
    assert str(ERROR) == (
        "row 3, date_to '20250125082959': the crime ends before it begins; give \"a later\" one, please"
    )
    assert str(RowError(None, "file", "", "the file is empty", "send it")) == "file, file: the file is empty; send it"


def test_an_error_as_json() -> None:
    assert to_document(ERROR) == {
        "row": 3,
        "field": "date_to",
        "value": "20250125082959",
        "problem": "the crime ends before it begins",
        "remedy": 'give "a later" one, please',
    }


def test_the_csv_to_send_back_reads_back_and_a_spreadsheet_takes_it_for_utf_8() -> None:
    content = "".join(to_csv([ERROR, RowError(None, "file", "", "it is of two forces", "split £")])).encode()
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) == [
        ["row", "field", "value", "problem", "remedy"],
        ["3", "date_to", "20250125082959", "the crime ends before it begins", 'give "a later" one, please'],
        ["", "file", "", "it is of two forces", "split £"],
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+44", "'+44"),
        ("-cmd", "'-cmd"),
        ("-0.137", "-0.137"),
        ("plain", "plain"),
    ],
)
def test_a_value_is_no_formula_in_a_spreadsheet(value: str, cell: str) -> None:
    lines = list(to_csv([RowError(1, "crime_text", value, "p", "r")]))
    assert next(csv.reader(lines[1:]))[2] == cell


def test_a_value_is_shown_short_on_one_line_and_as_text() -> None:
    assert shortened("a\r\n b\x00\udcff") == "a b\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    assert len(shortened("x" * 1000)) == LONGEST_VALUE
    (error,) = errors_of(police_csv({"crime_reference": "C" * 1000}))
    assert len(error.value) == LONGEST_VALUE
