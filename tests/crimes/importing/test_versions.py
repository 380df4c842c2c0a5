"""What a police file changes: new crimes, new versions of known ones, and nothing the second time."""

from dataclasses import replace

import pytest

from crimes.files import versions
from crimes.files.versions import changed_fields
from ingest.matching.importing import ImportedFile, OtherForceError
from tests.crimes.files.police_files import GOOD, ON_GRID, SECOND_CRIME, crime_of, police_csv, rich_csv
from tests.support.crime_imports import Importer, ask, value
from tests.support.database import DatabaseUrls

LATER = {"date_to": "20250125100000"}
TIMES = ("2025-01-25 08:30:00+00", "2025-01-25 09:30:00+00")
WRONG = {"crime_reference": "BAD", "crime_type_id": "XX", "date_from": "soon"}


@pytest.fixture
def importer(migrated_database: DatabaseUrls) -> Importer:
    return Importer(migrated_database)


def counts(imported: ImportedFile) -> tuple[str, int, int, int, int, int]:
    """State, rows, new, changed, unchanged, wrong."""
    batch = imported.batch
    return (
        batch.state,
        batch.row_count,
        batch.new_count,
        batch.changed_count,
        batch.unchanged_count,
        batch.error_count,
    )


def revision(urls: DatabaseUrls) -> int:
    return int(value(urls, "SELECT revision FROM registry_revision"))


def test_a_file_of_new_crimes_is_taken_and_each_waits_to_be_matched(importer: Importer) -> None:
    before = revision(importer.urls)
    imported = importer.send(police_csv({}, SECOND_CRIME | ON_GRID))
    assert counts(imported) == ("accepted", 2, 2, 0, 0, 0)
    assert (imported.batch.force, imported.batch.reference) == ("Metropolitan", "MPS20250126")
    assert (imported.batch.received_by, imported.batch.imported_by) == ("api", "an.analyst")
    assert revision(importer.urls) == before + 1
    found = ask(
        importer.urls,
        "SELECT reference, version, row_number, crime_type, is_current, changed_fields, revision, cause, requested_by,"
        " given->>'batch_id', from_time::text, to_time::text, due_at = '-infinity'"
        " FROM crimes JOIN crime_versions USING (crime_id) JOIN matching_wanted USING (crime_version_id)"
        " ORDER BY reference",
    )
    assert found == [
        (reference, 1, row, "RB", True, [], before + 1, "imported", "an.analyst", "MPS20250126", *TIMES, True)
        for row, reference in ((1, "CRI00000001"), (2, "CRI00000002"))
    ]


def test_what_is_stored_is_what_was_read(importer: Importer) -> None:
    content = rich_csv(
        ON_GRID | {"crime_text": 'tab\there, "quoted", back\\slash,\nnew line é', "place_uncertainty_m": "35.5"}
    )
    importer.send(content)
    crime = crime_of(content)
    ((stored, windows, notes),) = ask(
        importer.urls,
        "SELECT ARRAY[crime_type, description, lat::text, lon::text, place_uncertainty_m::text], windows, notes"
        " FROM crime_versions",
    )
    assert stored[:2] == [crime.crime_type, crime.description]
    assert tuple(map(float, stored[2:])) == (crime.lat, crime.lon, crime.place_uncertainty_m)
    assert windows == [[one.from_us, one.to_us] for one in crime.windows]
    assert notes == list(crime.notes)


def test_a_file_that_is_sent_twice_changes_nothing(importer: Importer) -> None:
    content = police_csv({}, WRONG)
    first = importer.send(content)
    before = revision(importer.urls)
    again = replace(importer, subject="somebody.else").send(content)
    assert (first.is_known, again.is_known) == (False, True)
    assert again.batch == first.batch
    assert again.errors == first.errors
    assert revision(importer.urls) == before
    assert value(importer.urls, "SELECT count(*) FROM crime_versions") == 1


def test_a_crime_sent_again_with_other_facts_becomes_a_new_version(importer: Importer) -> None:
    importer.send(police_csv({}, SECOND_CRIME))
    before = revision(importer.urls)
    again = importer.send(police_csv(LATER | {"latitude": "51.6"}, SECOND_CRIME))
    assert counts(again) == ("accepted", 2, 0, 1, 1, 0)
    assert revision(importer.urls) == before + 1
    found = ask(
        importer.urls,
        "SELECT reference, version, is_current, changed_fields, revision, crime_version_id IN"
        " (SELECT crime_version_id FROM matching_wanted) FROM crimes JOIN crime_versions USING (crime_id)"
        " ORDER BY reference, version",
    )
    assert found == [
        ("CRI00000001", 1, False, [], before, True),
        ("CRI00000001", 2, True, ["lat", "windows"], before + 1, True),
        ("CRI00000002", 1, True, [], before, True),
    ]


def test_a_file_that_says_nothing_new_leaves_the_registry_alone(importer: Importer) -> None:
    importer.send(police_csv({}))
    before = revision(importer.urls)
    assert counts(importer.send(police_csv({"batch_id": "MPS20250126-R"}))) == ("accepted", 1, 0, 0, 1, 0)
    assert revision(importer.urls) == before


def test_the_file_received_last_is_right_whatever_its_batch_is_called(importer: Importer) -> None:
    importer.send(police_csv(LATER))
    importer.send(police_csv({"batch_id": "MPS20240101"}))
    assert ask(importer.urls, "SELECT version, to_time::text FROM crime_versions WHERE is_current") == [
        (2, "2025-01-25 09:30:00+00")
    ]


@pytest.mark.parametrize("field", versions.COMPARED)
def test_what_changed_is_named_as_the_pure_rule_names_it(importer: Importer, field: str) -> None:
    changed = {
        "crime_type": {"crime_type_id": "AB"},
        "description": {"crime_text": "A phone was taken."},
        "lat": {"latitude": "51.4999461"},
        "lon": {"longitude": "-0.1374331"},
        "place_uncertainty_m": {"place_uncertainty_m": "25"},
        "windows": {"date_from": "20250125083001"},
    }[field] | {"crime_type_description": "Robbery of a person"}
    before, after = rich_csv({"crime_text": "A bag."}), rich_csv({"crime_text": "A bag."} | changed)
    importer.send(before)
    importer.send(after)
    expected = changed_fields(crime_of(before), crime_of(after))
    assert expected == (field,)
    assert value(importer.urls, "SELECT changed_fields FROM crime_versions WHERE is_current") == list(expected)


def test_good_rows_are_taken_and_every_error_of_the_others_is_kept(importer: Importer) -> None:
    imported = importer.send(police_csv(WRONG, {}, {"crime_reference": "", "latitude": "91"}))
    assert counts(imported) == ("partial", 3, 1, 0, 0, 2)
    assert [(error.row, error.field, error.value) for error in imported.errors] == [
        (1, "crime_type_id", "XX"),
        (1, "date_from", "soon"),
        (3, "crime_reference", ""),
        (3, "latitude", "91"),
    ]
    assert all(error.problem and error.remedy for error in imported.errors)
    stored = ask(
        importer.urls,
        "SELECT row_number, field, value, problem, remedy FROM crime_batch_errors ORDER BY place",
    )
    assert stored == [(one.row, one.field, one.value, one.problem, one.remedy) for one in imported.errors]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04rubbish",
        police_csv({}).decode().encode("utf-16"),
        b"\x00" * 4096,
        b"Metropolitan,RB\r\n",
        b'{"type": "FeatureCollection", "features": [',
        police_csv({}, {"police_force": "Kent", "batch_id": "KNT20250126", "crime_reference": "K1"}),
        police_csv({}, SECOND_CRIME | {"batch_id": "MPS20250127"}),
        police_csv(WRONG),
        "Metropolitan,RB,\ud800\x00,MPS20250126\r\n".encode("utf-8", "surrogatepass"),
    ],
)
def test_a_file_of_which_nothing_is_good_is_refused_with_its_errors_kept(importer: Importer, content: bytes) -> None:
    before = revision(importer.urls)
    imported = importer.send(content)
    assert imported.batch.state == "refused"
    assert imported.batch.force == "Metropolitan"
    assert imported.errors
    assert all(error.problem and error.remedy for error in imported.errors)
    assert value(importer.urls, "SELECT count(*) FROM crimes") == 0
    assert revision(importer.urls) == before
    assert importer.send(content).batch == imported.batch


def test_a_file_of_another_force_is_refused_and_leaves_a_trace_in_the_audit_alone(importer: Importer) -> None:
    other = police_csv({"police_force": "Kent", "batch_id": "KNT20250126"})
    with pytest.raises(OtherForceError, match=r"Kent.*Metropolitan"):
        importer.send(other)
    assert value(importer.urls, "SELECT count(*) FROM crime_batches") == 0
    assert ask(importer.urls, "SELECT subject, outcome, detail->>'reason' FROM audit_log") == [
        ("an.analyst", "refused", "other_force")
    ]


def test_every_import_is_in_the_audit_with_its_counts(importer: Importer) -> None:
    importer.send(police_csv({}, WRONG))
    importer.send(police_csv({}, WRONG))
    recorded = ask(importer.urls, "SELECT action, outcome, row_count, detail - 'crime_batch_id' FROM audit_log")
    detail = {"way": "api", "state": "partial", "new": 1, "changed": 0, "unchanged": 0, "errors": 1}
    assert recorded == [
        ("crimes.import", "allowed", 1, detail | {"known": False}),
        ("crimes.import", "allowed", 0, detail | {"known": True}),
    ]


def test_forces_may_use_the_same_reference(importer: Importer) -> None:
    kent = replace(importer, force="Kent")
    importer.send(police_csv({}))
    imported = kent.send(police_csv({"police_force": "Kent", "batch_id": "KNT20250126"}))
    assert imported.batch.new_count == 1
    assert value(importer.urls, "SELECT count(*) FROM crimes WHERE reference = %s", GOOD["crime_reference"]) == 2
