"""A bundle: the same bytes whenever it is made, with every fact in each of its files, whatever the text holds."""

import csv
import io
import json
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from itertools import combinations

import docx
import gpxpy
import pytest

from crimes.evidence.bundle import dossier_of, make_bundle, make_files
from crimes.evidence.content import content_of, statement_values
from crimes.evidence.dossier import CAVEATS
from crimes.evidence.grid_reference import grid_reference
from crimes.evidence.map_labels import place_labels
from crimes.evidence.signature import SigningKey, load_signing_key, make_key
from crimes.evidence.templates import Templates, load_templates
from crimes.evidence.text import cell, printable, visible
from crimes.evidence.words import local, utc
from model.crimes import MatchVerdict
from tests.crimes.evidence.examples import HOSTILE, LAT, LON, MINUTE_US, POSITIONS, STOLEN_AT_US, dossier, position

KML = "{http://www.opengis.net/kml/2.2}"
TEMPLATES = load_templates()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return make_files(dossier(), TEMPLATES)


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return load_signing_key(make_key()[0])


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def document_text(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [one.text for table in document.tables for row in table.rows for one in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_the_same_dossier_gives_the_same_bytes(key: SigningKey) -> None:
    first, again = (make_bundle(dossier(), TEMPLATES, key) for _ in range(2))
    assert first == again
    assert first.content.startswith(b"PK")


def test_the_dossier_can_be_read_back(files: dict[str, bytes]) -> None:
    assert dossier_of(json.loads(files["dossier.json"])) == dossier()


def test_positions_are_the_same_in_every_format(files: dict[str, bytes]) -> None:
    table = rows(files["positions.csv"])
    assert [float(row["lat"]) for row in table] == [one.lat for one in POSITIONS]
    assert [row["label"] for row in table] == [one.label or "" for one in POSITIONS]
    assert table[1]["fix_time_utc"] == "2025-10-26T00:30:00Z"
    assert table[1]["fix_time_london"] == "2025-10-26T01:30:00+01:00"
    assert table[5]["fix_time_london"] == "2025-10-26T01:00:00+00:00", "the clocks went back"
    collection = json.loads(files["positions.geojson"])
    points = [one for one in collection["features"] if one["properties"]["what"] == "position"]
    assert [one["geometry"]["coordinates"] for one in points] == [[one.lon, one.lat] for one in POSITIONS]
    gpx = gpxpy.parse(files["positions.gpx"].decode())
    tracked = [(point.name, point.latitude) for track in gpx.tracks for point in track.segments[0].points]
    assert tracked == [(one.label, one.lat) for one in POSITIONS if one.label]
    assert [track.name for track in gpx.tracks] == ["Visit A", "Visit B"]
    kml = ET.fromstring(files["positions.kml"])  # noqa: S314 -- ours
    names = [folder.findtext(f"{KML}Placemark/{KML}name") for folder in kml.iter(f"{KML}Folder")]
    assert names == [one.label or "does not count" for one in POSITIONS]


def test_the_document_says_everything(files: dict[str, bytes]) -> None:
    text = document_text(files["report.docx"])
    for said in (
        *CAVEATS,
        "PRESENT",
        "dc.jones",
        "sgt.brown",
        "Sam Néill",
        "X100001",
        "AS/12",
        "TAG-0007",
        "01/7654321/25",
        "date_to",
        "2025-10-26 01:30:00 +01:00",
        "default: the tag stated none",
        "implied speed",
        "outside the reported area",
        "battery low",
        "the tag was heard and gave no position",
        "It is unlikely (10-15 %, PHIA)",
        "35.0 m/s (126 km/h, 78 mph)",
        "Version of the matching rules",
        visible(HOSTILE),
    ):
        assert said in text, said


def test_hostile_text_stays_text(files: dict[str, bytes]) -> None:
    """It neither runs as markup, nor turns the direction of what follows, nor breaks a file."""
    assert files["report.pdf"].startswith(b"%PDF-1.7")
    assert printable(HOSTILE).startswith(
        '#eval("1") $x$ @ref [b] *c* <script> & \\ "quoted" [U+202E]gnp.exe[U+0007] [U+4E2D]'
    )
    everything = dossier(maker=replace(dossier().maker, name=HOSTILE), reference=HOSTILE, chance=(HOSTILE,) * 3)
    made = make_files(everything, TEMPLATES)
    ET.fromstring(made["positions.kml"])  # noqa: S314 -- ours
    gpxpy.parse(made["positions.gpx"].decode())
    assert "\u202e" not in document_text(made["report.docx"])


@pytest.mark.parametrize(
    ("value", "written"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-x", "'-x"), ("@a", "'@a"), ("\tx", "'\tx"), (-0.1, -0.1), ("a=1", "a=1")],
)
def test_no_cell_is_a_formula(value: object, written: object) -> None:
    assert cell(value) == written


def test_a_tag_s_serial_cannot_be_a_formula() -> None:
    tags = (replace(dossier().tags[0], serial='=cmd|"/c calc"!A1'),)
    table = rows(make_files(dossier(tags=tags), TEMPLATES)["positions.csv"])
    assert {row["tag"] for row in table} == {'\'=cmd|"/c calc"!A1'}


def test_outside_the_report_radius_no_place_is_told(files: dict[str, bytes]) -> None:
    inside, outside = rows(files["rejected.csv"])
    assert float(inside["lat"]) == pytest.approx(LAT, abs=0.001)
    assert outside["why"] == "cell_tower"
    assert [outside[name] for name in ("lat", "lon", "accuracy_m", "distance_m")] == [""] * 4


def test_a_match_without_positions_has_its_bundle_too() -> None:
    nobody = replace(
        dossier().finding,
        verdict=MatchVerdict.CANNOT_SAY,
        positions=(),
        nearest_m=None,
        nearest_us=None,
        covered_from_us=None,
        covered_to_us=None,
    )
    text = document_text(
        make_files(dossier(finding=nobody, rejected=(), events=(), chance=()), TEMPLATES)["report.docx"]
    )
    assert "There is no such position." in text
    assert "no usable position in or after the searched time" in text
    assert "not weighed" in text


def test_hundreds_of_positions_fit() -> None:
    many = tuple(position(minute / 10, minute % 90 - 45, minute % 70 - 35, f"A{minute}") for minute in range(1, 721))
    made = make_files(dossier(finding=replace(dossier().finding, positions=many)), TEMPLATES)
    assert len(rows(made["positions.csv"])) == 720
    assert "of 720 labels; the table has all" in made["map.svg"].decode()


def test_each_label_has_a_place_of_its_own_on_the_map(files: dict[str, bytes]) -> None:
    drawn = files["map.svg"].decode()
    assert all(f">{one.label}</text>" in drawn for one in POSITIONS if one.label)
    assert "the table has all" not in drawn
    placed = place_labels([(360.0, 360.0, f"A{number}") for number in range(24)], [(360.0, 360.0)], 720.0)
    assert len(placed) == 24
    assert not any(abs(one.x - other.x) < 14 and abs(one.y - other.y) < 12 for one, other in combinations(placed, 2))


def test_a_service_s_own_statement_and_layout_are_used() -> None:
    own = Templates('#set document(title: "own")\nOwn layout', "Mine: $maker, £5 to $$, by $reviewer.\n\nTwo\nlines.")
    statement = content_of(dossier(), own.statement).sections[0]
    assert statement.paragraphs == ("Mine: A. Smith, monitoring centre, £5 to $, by sgt.brown.", "Two lines.")
    assert make_files(dossier(), own)["report.pdf"] != make_files(dossier(), TEMPLATES)["report.pdf"]
    assert own.hashes() != TEMPLATES.hashes()


@pytest.mark.parametrize("statement", ["$nobody", "100 $ each", "${maker"])
def test_a_wrong_statement_is_refused_with_what_it_may_name(statement: str) -> None:
    with pytest.raises(ValueError, match=r"\$reviewer"):
        content_of(dossier(), statement)


@pytest.mark.parametrize(
    "layout", ["#nothing()", '#read("/etc/passwd")', '#set document(title: "t")\n#sys.inputs.none']
)
def test_a_wrong_layout_is_refused(layout: str) -> None:
    with pytest.raises(ValueError, match="the evidence template cannot be set"):
        make_files(dossier(), Templates(layout, TEMPLATES.statement))


def test_the_default_statement_names_only_what_there_is() -> None:
    assert len(content_of(dossier(), TEMPLATES.statement).sections[0].paragraphs) == 3
    assert all(statement_values(dossier()).values())


def test_times_are_told_on_both_clocks() -> None:
    assert utc(STOLEN_AT_US + 250_000) == "2025-10-26 00:30:00.250 UTC"
    assert local(STOLEN_AT_US) == "2025-10-26 01:30:00 +01:00"
    assert local(STOLEN_AT_US + 60 * MINUTE_US) == "2025-10-26 01:30:00 +00:00"


@pytest.mark.parametrize(
    ("lat", "lon", "reference"),
    [
        (LAT, LON, "TQ 29379 79533"),
        (58.6373, -3.0689, "ND 38"),  # John o' Groats
        (50.0657, -5.7132, "SW 34"),  # Land's End
        (0.0, 0.0, None),
    ],
)
def test_a_place_has_its_grid_reference(lat: float, lon: float, reference: str | None) -> None:
    found = grid_reference(lat, lon)
    assert found is None if reference is None else str(found).startswith(reference)


def test_every_member_has_the_same_time(key: SigningKey) -> None:
    with zipfile.ZipFile(io.BytesIO(make_bundle(dossier(), TEMPLATES, key).content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        with zipfile.ZipFile(io.BytesIO(archive.read("report.docx"))) as inner:
            assert {entry.date_time for entry in inner.infolist()} == {(1980, 1, 1, 0, 0, 0)}
