"""Stop-and-search authorities: opened with their zone, extended once, closed at that moment; every error at once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from model.enums import ZoneKind
from model.operations import Authority, AuthorityRequest, ExtensionRequest, OperationState
from ops.errors import InputError
from store.checks import FieldsRefusedError
from store.database import Cursor
from store.operations import close_authority, extend_authority, find_authority, list_authorities, open_authority
from store.wards import find_ward_shapes, write_wards
from store.zone_list import find_zone
from store.zone_proof import zone_proof
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner
from tests.support.wards import shape

HOUR = timedelta(hours=1)
LOCK_MS = 1000
BY = "duty.officer"


@pytest.fixture
def cursor(migrated_database: DatabaseUrls) -> Iterator[Cursor]:
    """In one transaction, with three wards side by side."""
    with as_owner(migrated_database.owner) as opened:
        write_wards(opened, [shape("W1", -0.12), shape("W2", -0.11), shape("W3", -0.10)], BY)
        yield opened


@pytest.fixture
def wanted() -> AuthorityRequest:
    """Section 60 for 12 hours, begun an hour ago."""
    begins_at = datetime.now(UTC) - HOUR
    return AuthorityRequest(
        "S60-1",
        "section_60",
        ("W1", "W2"),
        begins_at,
        begins_at + 12 * HOUR,
        "Alex Thornbury",
        "inspector",
        "stabbings",
    )


def refused(cursor: Cursor, wanted: AuthorityRequest) -> dict[str, str]:
    with pytest.raises(FieldsRefusedError) as error:
        open_authority(cursor, wanted, BY, LOCK_MS)
    assert all(problem.remedy for problem in error.value.problems)
    return {problem.field: problem.value for problem in error.value.problems}


def test_a_reference_that_a_condition_waits_with_is_taken(cursor: Cursor, wanted: AuthorityRequest) -> None:
    cursor.execute("INSERT INTO people (crn, name) VALUES ('X1', 'Sam') RETURNING person_id")
    cursor.execute(
        "INSERT INTO licence_conditions (person_id, kind, reference) VALUES (%s, 'exclusion', 'S60-1')",
        cursor.fetchone(),
    )
    assert refused(cursor, wanted) == {"reference": "there is a zone or a condition S60-1 already"}


def test_an_authority_is_a_shared_zone_of_its_wards_for_its_hours(cursor: Cursor, wanted: AuthorityRequest) -> None:
    opened = open_authority(cursor, wanted, BY, LOCK_MS)
    assert opened.state(datetime.now(UTC)) is OperationState.OPEN
    assert [(one.officer, one.rank, one.recorded_by) for one in opened.records] == [("Alex Thornbury", "inspector", BY)]
    found = find_zone(cursor, "S60-1")
    assert found is not None
    zone, (version,) = found
    assert (zone.kind, zone.person_id, zone.name) == (ZoneKind.AUTHORITY_AREA, None, "Section 60: Ward W1, Ward W2")
    assert (version.valid_from, version.active_from, version.active_to) == (*[wanted.begins_at] * 2, wanted.ends_at)
    assert version.geometry["type"] == "Polygon", "one area of both"
    assert {-0.12, -0.10} <= {lon for lon, _ in version.geometry["coordinates"][0]}
    proof = zone_proof(cursor, "S60-1")
    assert proof is not None
    assert (proof.in_force, proof.changes_at) == (True, wanted.ends_at)


def test_authorities_may_overlap_and_have_a_reference_each(cursor: Cursor, wanted: AuthorityRequest) -> None:
    open_authority(cursor, wanted, BY, LOCK_MS)
    open_authority(cursor, replace(wanted, reference="S60-2", wards=("W2", "W3")), BY, LOCK_MS)
    assert refused(cursor, wanted).keys() == {"reference"}
    assert [one.reference for one in list_authorities(cursor, None, 10)] == ["S60-2", "S60-1"]


def test_all_that_is_wrong_is_named_at_once_and_nothing_is_kept(cursor: Cursor, wanted: AuthorityRequest) -> None:
    with pytest.raises(FieldsRefusedError) as error:
        open_authority(
            cursor,
            replace(
                wanted, wards=("W1", "X8", "X9"), rank="sergeant", ends_at=wanted.begins_at + 25 * HOUR, reason=" "
            ),
            BY,
            LOCK_MS,
        )
    named = [(problem.field, problem.value) for problem in error.value.problems]
    assert [field for field, _ in named] == ["reason", "wards", "wards", "rank", "to"]
    assert "X8" in named[1][1]
    assert "X9" in named[2][1]
    assert find_zone(cursor, "S60-1") is None
    assert list_authorities(cursor, None, 10) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"power": "section_1"}, "power"),
        ({"rank": "constable"}, "rank"),
        ({"wards": ()}, "wards"),
        ({"officer": ""}, "officer"),
        ({"reference": "a\nb"}, "reference"),
    ],
)
def test_each_field_is_judged(cursor: Cursor, wanted: AuthorityRequest, changes: dict[str, str], field: str) -> None:
    assert field in refused(cursor, replace(wanted, **changes))  # type: ignore[arg-type]


def test_one_that_is_over_or_ends_before_it_begins_is_refused(cursor: Cursor, wanted: AuthorityRequest) -> None:
    over = replace(wanted, begins_at=wanted.begins_at - 5 * HOUR, ends_at=wanted.begins_at)
    assert "past" in refused(cursor, over)["to"]
    assert "to" in refused(cursor, replace(wanted, ends_at=wanted.begins_at - HOUR))


def extension(found: Authority, hours: float, rank: str = "superintendent") -> ExtensionRequest:
    return ExtensionRequest(found.ends_at + timedelta(hours=hours), "Sam Whitcombe", rank, "more is expected")


def test_it_goes_on_once_by_a_superintendent_to_48_hours_in_all(cursor: Cursor, wanted: AuthorityRequest) -> None:
    opened = open_authority(cursor, replace(wanted, ends_at=wanted.begins_at + 24 * HOUR), BY, LOCK_MS)
    for hours, rank, field in ((24, "inspector", "rank"), (25, "superintendent", "to"), (0, "superintendent", "to")):
        with pytest.raises(FieldsRefusedError) as error:
            extend_authority(cursor, "S60-1", extension(opened, hours, rank), BY, LOCK_MS)
        assert field in {problem.field for problem in error.value.problems}
    extended = extend_authority(cursor, "S60-1", extension(opened, 24), BY, LOCK_MS)
    assert extended is not None
    assert extended.ends_at - extended.begins_at == 48 * HOUR
    assert [one.officer for one in extended.records] == ["Alex Thornbury", "Sam Whitcombe"]
    found = find_zone(cursor, "S60-1")
    assert found is not None
    assert [one.active_to for one in found[1]] == [opened.ends_at, extended.ends_at], "a new version, the old one stays"
    with pytest.raises(FieldsRefusedError, match="already"):
        extend_authority(cursor, "S60-1", extension(extended, 1), BY, LOCK_MS)


def test_closed_early_its_zone_ends_at_that_moment(cursor: Cursor, wanted: AuthorityRequest) -> None:
    open_authority(cursor, wanted, BY, LOCK_MS)
    closed = close_authority(cursor, "S60-1", "another.officer", LOCK_MS)
    assert closed is not None
    assert (closed.state(datetime.now(UTC)), closed.closed_by) == (OperationState.CLOSED, "another.officer")
    found = find_zone(cursor, "S60-1")
    assert found is not None
    assert found[0].valid_to == closed.closed_at
    assert close_authority(cursor, "S60-1", "a.third", LOCK_MS) == closed, "again changes nothing"
    with pytest.raises(FieldsRefusedError, match="closed"):
        extend_authority(cursor, "S60-1", extension(closed, 1), BY, LOCK_MS)


def test_one_to_come_is_closed_before_it_begins(cursor: Cursor, wanted: AuthorityRequest) -> None:
    later = replace(wanted, begins_at=wanted.begins_at + 5 * HOUR)
    assert open_authority(cursor, later, BY, LOCK_MS).state(datetime.now(UTC)) is OperationState.TO_COME
    close_authority(cursor, "S60-1", BY, LOCK_MS)
    found = find_zone(cursor, "S60-1")
    assert found is not None
    assert found[0].valid_to == later.begins_at, "it never holds"


def test_one_that_is_over_is_not_closed_and_one_unknown_is_not_there(cursor: Cursor, wanted: AuthorityRequest) -> None:
    open_authority(cursor, wanted, BY, LOCK_MS)
    cursor.execute("UPDATE authority_records SET during = tstzrange(lower(during), now() - interval '1 minute')")
    with pytest.raises(InputError, match="nothing to close"):
        close_authority(cursor, "S60-1", BY, LOCK_MS)
    assert close_authority(cursor, "S60-9", BY, LOCK_MS) is None
    assert find_authority(cursor, "S60-9") is None


def test_wards_imported_again_change_and_what_was_published_keeps_its_shape(
    cursor: Cursor, wanted: AuthorityRequest
) -> None:
    open_authority(cursor, wanted, BY, LOCK_MS)
    before = find_zone(cursor, "S60-1")
    written = write_wards(cursor, [shape("W1", -0.2), shape("W2", -0.11), shape("W4", -0.3)], BY)
    assert (written.new, written.changed, written.unchanged) == (1, 1, 1)
    assert find_ward_shapes(cursor, ["W1"])["W1"] == shape("W1", -0.2)
    assert find_zone(cursor, "S60-1") == before
