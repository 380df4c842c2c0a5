"""Files of people, staff and devices: all errors of all rows at once, all of a file or nothing, and twice is once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from io import BytesIO

import httpx
import pytest

from access.roles import Role
from ingest.registry_files.importing import FileKind, Imported, Wanted, import_file
from ops.errors import InputError
from store.activations import activate
from store.database import SERVICE, Cursor, connect
from tests.support.api_server import RunningApi
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

PEOPLE = "crn,name,date_of_birth,device_serial,worn_from,prison,borough,screening_note,answer.knife_offence,basis.knife_offence,answer.address_can_charge,basis.address_can_charge"  # noqa: E501
DECIDED = "HMP Brixton,Croydon,It is needed,met,PNC record,met,visited"
SAM = f"X1,Sam Larkfield,1999-04-30,TAG-1,2026-03-02T09:00:00Z,{DECIDED}"
KIM = f"X2,Kim Ashdown,1990-01-01,TAG-2,2026-03-02T09:00:00Z,{DECIDED}"


@pytest.fixture
def begin(migrated_database: DatabaseUrls) -> Callable[[], AbstractContextManager[Cursor]]:
    @contextmanager
    def transaction() -> Iterator[Cursor]:
        with (
            closing(connect(migrated_database.owner, "test")) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            yield cursor

    return transaction


Begin = Callable[[], AbstractContextManager[Cursor]]


def take(begin: Begin, *lines: str, kind: FileKind = FileKind.PEOPLE, dry_run: bool = False) -> Imported:
    content = "\r\n".join(lines).encode()
    return import_file(begin, BytesIO(content), Wanted(kind, SERVICE, 5000, is_dry_run=dry_run))


def faults(imported: Imported) -> list[tuple[int | None, str]]:
    return [(error.row, error.field) for error in imported.errors]


def everything(begin: Begin) -> list[tuple[object, ...]]:
    with begin() as cursor:
        cursor.execute(
            "SELECT crn, name, date_of_birth::text, serial, lower(during)::text, upper(during)::text, revision"
            " FROM people LEFT JOIN device_activations USING (person_id) LEFT JOIN devices USING (device_id) ORDER BY 1"
        )
        return cursor.fetchall()


@pytest.mark.parametrize("mark", ["", "\N{ZERO WIDTH NO-BREAK SPACE}"])
def test_people_with_decisions_and_tags_in_one_file(begin: Begin, mark: str) -> None:
    dry = take(begin, mark + PEOPLE, SAM, KIM, dry_run=True)
    assert (dry.added, dry.decisions, dry.put_on, dry.error_count) == (2, 2, 2, 0)
    assert everything(begin) == []
    taken = take(begin, mark + PEOPLE, SAM, KIM)
    assert (taken.added, taken.decisions, taken.put_on, taken.is_dry_run) == (2, 2, 2, False)
    found = everything(begin)
    assert [row[:5] for row in found] == [
        ("X1", "Sam Larkfield", "1999-04-30", "TAG-1", "2026-03-02 09:00:00+00"),
        ("X2", "Kim Ashdown", "1990-01-01", "TAG-2", "2026-03-02 09:00:00+00"),
    ]
    again = take(begin, mark + PEOPLE, SAM, KIM)
    assert (again.added, again.changed, again.unchanged, again.decisions, again.put_on) == (0, 0, 2, 0, 0)
    assert everything(begin) == found, "the revision of the registry too"


def test_what_differs_is_changed_and_what_is_empty_stays(begin: Begin) -> None:
    take(begin, PEOPLE, SAM, KIM)
    taken = take(begin, "crn,name,nomis_id,date_of_birth", "X1,Sam Larkfield,A1234BC,", "X2,Kim Ashdown,,1990-01-01")
    assert (taken.changed, taken.unchanged) == (1, 1)
    assert [row[2] for row in everything(begin)] == ["1999-04-30", "1990-01-01"]


def test_every_error_of_every_row_comes_at_once_and_nothing_is_kept(begin: Begin) -> None:
    take(begin, PEOPLE, KIM)
    header = "crn,name,date_of_birth,team,device_serial,worn_from,worn_until"
    refused = take(
        begin,
        header,
        ",Nobody,30.4.1999,,,,",
        "X3,=cmd|' /C calc'!A0,1999-04-30,No Such Team,,,",
        "X4,Two,1999-04-30,,TAG-2,2026-03-03T00:00:00Z,2026-03-02T00:00:00Z",
        "X5,Three,2012-01-01,,TAG-5,2026-03-03T00:00:00Z,",
        "X6,Four,1999-04-30,,TAG-2,2026-03-03T00:00:00Z,",
        "X6,Four,1999-04-30,,,,",
        "X7,Five\x07,1999-04-30,,,,",
        "X8,Six,1999-04-30,,TAG-8,2026-03-03T00:00:00,",
        "X9,Seven",
        "X10,Eight,1999-04-30,No Such Team,,,",
    )
    assert faults(refused) == [
        (2, "crn"),
        (2, "date_of_birth"),
        (3, "name"),
        (3, "team"),
        (4, "worn_until"),
        (5, "date_of_birth"),
        (5, "device_serial"),
        (6, "device_serial"),
        (6, "device_serial"),
        (7, "crn"),
        (8, "name"),
        (9, "worn_from"),
        (10, "row"),
        (11, "team"),
    ]
    assert all(error.problem and error.remedy for error in refused.errors)
    assert [row[0] for row in everything(begin)] == ["X2"]


def test_one_person_or_subject_in_other_capitals_is_not_another(begin: Begin) -> None:
    take(begin, "crn,name", "X1,Sam Larkfield")
    refused = take(begin, "crn,name", "x1,Sam Larkfield", "X2,Kim Ashdown", "x2,Kim Ashdown")
    assert [(error.row, error.value) for error in refused.errors] == [(2, "x1"), (4, "x2")]
    staff = take(begin, "subject,name,role", "jones,J,manager", "Jones,J,manager", kind=FileKind.STAFF)
    assert faults(staff) == [(3, "subject")]
    take(begin, "subject,name,role", "jones,J,manager", kind=FileKind.STAFF)
    assert faults(take(begin, "subject,name,role", "JONES,J,manager", kind=FileKind.STAFF)) == [(2, "subject")]


def test_the_value_of_an_error_is_that_of_its_field(begin: Begin) -> None:
    take(begin, "crn,name,date_of_birth", "X1,Sam Larkfield,1999-04-30")
    refused = take(begin, "device_serial,crn,worn_from", "TAG-1,X1,2026-03-02T09:00:00Z", kind=FileKind.DEVICES)
    assert [(error.field, error.value) for error in refused.errors] == [("device_serial", "TAG-1")]


def test_a_child_in_a_file_is_not_tagged_whatever_the_rules_say(begin: Begin) -> None:
    refused = take(begin, PEOPLE, SAM.replace("1999-04-30", "2010-04-30"))
    assert (2, "device_serial") in faults(refused)
    assert (refused.errors[0].problem, everything(begin)) == (
        "the person may not be tagged: age is not met: 15 years old on 2 March 2026, by the recorded date of birth",
        [],
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"crn,name,gang\r\nX1,Sam,none\r\n", "a column of the header is unknown: gang"),
        (b"crn,crn,name\r\n", "is there twice: crn"),
        (b"name\r\nSam\r\n", "is missing: crn"),
        (b'crn,name\r\nX1,"Sam\r\nX2,Kim\r\n', "this is no CSV"),
        ("crn,name\r\nX1,Sam\r\n".encode("utf-16"), "in UTF-16"),
        (b"crn;name\r\nX1;Sam\r\n", "its columns are kept apart by ';'"),
        (b"PK\x03\x04 and so on", "a spreadsheet (xlsx)"),
        (b"crn,name\r\nX1," + b"a" * 200_000, "row 2 is longer than 100000 bytes"),
        (b"crn,name\r\nX1,S\xe9mi\r\n", "characters that are no text"),
        (b"crn,name\r\n" + b"\r\n" * 200_001, "more than 200000 rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_one(begin: Begin, content: bytes, complaint: str) -> None:
    refused = import_file(begin, BytesIO(content), Wanted(FileKind.PEOPLE, SERVICE, 5000))
    assert refused.error_count == 1
    assert complaint in refused.errors[0].problem


def test_devices_of_people_who_are_there(begin: Begin) -> None:
    take(begin, PEOPLE, SAM, KIM)
    header = "device_serial,crn,worn_from,worn_until,beside_another"
    swap = ("TAG-1,X1,2026-03-02T09:00:00Z,2026-03-02T12:00:00Z,", "TAG-3,X1,2026-03-02T12:00:00Z,,")
    taken = take(begin, header, *swap, kind=FileKind.DEVICES)
    assert (taken.put_on, taken.taken_off) == (1, 1), taken.errors
    again = take(begin, header, *swap, kind=FileKind.DEVICES)
    assert (again.put_on, again.taken_off, again.error_count) == (0, 0, 0)
    refused = take(
        begin,
        header,
        "TAG-2,X1,2026-04-01T00:00:00Z,,",  # it is on Kim, and Sam wears another
        "TAG-9,X404,2026-04-01T00:00:00Z,,",
        "TAG-7,X2,2026-04-01T00:00:00Z,,",
        "TAG-8,X2,2026-04-01T00:00:00Z,,yes",
        "TAG-8,X1,2026-04-02T00:00:00Z,,yes",
        kind=FileKind.DEVICES,
    )
    assert faults(refused) == [
        (2, "device_serial"),
        (2, "device_serial"),
        (3, "crn"),
        (4, "device_serial"),
        (6, "device_serial"),
    ]


def test_a_tag_is_not_recorded_for_the_future(begin: Begin) -> None:
    refused = take(begin, PEOPLE, SAM.replace("2026-03-02T09", "2126-03-02T09"), KIM)
    assert [(error.row, error.field, error.problem) for error in refused.errors] == [
        (2, "worn_from", "it lies in the future")
    ]
    take(begin, PEOPLE, KIM)
    with begin() as cursor, pytest.raises(InputError, match="in the future"):
        activate(cursor, "TAG-9", "X2", datetime(2126, 3, 2, tzinfo=UTC))


def test_a_device_needs_a_decision_that_holds_on_that_day(begin: Begin) -> None:
    take(begin, "crn,name,date_of_birth", "X1,Sam Larkfield,1999-04-30")
    header, row = "device_serial,crn,worn_from", "TAG-1,X1,2026-03-02T09:00:00Z"
    undecided = take(begin, header, row, kind=FileKind.DEVICES)
    assert undecided.errors[0].problem == "nobody has decided that the person may be tagged"
    take(
        begin,
        PEOPLE.replace("device_serial,worn_from", "tag_day"),
        SAM.replace("TAG-1,2026-03-02T09:00:00Z", "2026-03-02"),
    )
    early = take(begin, header, "TAG-1,X1,2019-02-01T09:00:00Z", kind=FileKind.DEVICES)
    assert "Croydon is not open on 1 February 2019" in early.errors[0].problem
    assert take(begin, header, row, kind=FileKind.DEVICES).put_on == 1


def test_a_date_of_birth_in_a_file_that_makes_a_wearer_a_child_is_corrected(begin: Begin) -> None:
    take(begin, PEOPLE, SAM, KIM)
    taken = take(begin, "crn,name,date_of_birth", "X1,Sam Larkfield,2010-04-30", "X2,Kim Ashdown,1990-01-02")
    assert (taken.stopped, taken.untold) == (1, 1)
    assert [row[2:4] for row in everything(begin)] == [("2010-04-30", None), ("1990-01-02", "TAG-2")]


def test_staff_are_as_the_file_says(begin: Begin) -> None:
    with begin() as cursor:
        cursor.execute("INSERT INTO teams (name) VALUES ('Croydon')")
    header = "subject,name,role,team,email,mobile"
    jones = "jones,J. Jones,practitioner,Croydon,j@example.test,+447700900123"
    assert take(begin, header, jones, kind=FileKind.STAFF).added == 1
    assert take(begin, header, jones, kind=FileKind.STAFF).unchanged == 1
    assert take(begin, header, "jones,J. Jones,duty_officer,,,+447700900123", kind=FileKind.STAFF).changed == 1
    alike = take(begin, header, "j\N{CYRILLIC SMALL LETTER O}nes,J. Jones,manager,,,", kind=FileKind.STAFF)
    assert faults(alike) == [(2, "subject")]
    refused = take(begin, header, "a,A,king,Nowhere,at,07700900123", "b,B,manager,Nowhere,,", kind=FileKind.STAFF)
    assert faults(refused) == [(2, "email"), (2, "mobile"), (2, "role"), (2, "team"), (3, "team")]


def test_every_activation_of_a_file_carries_the_registry_s_next_revision(begin: Begin) -> None:
    with begin() as cursor:
        cursor.execute("UPDATE registry_revision SET revision = 41")
    take(begin, PEOPLE, SAM, KIM)
    assert {row[-1] for row in everything(begin)} == {42}


def post(api: RunningApi, path: str, content: bytes, role: Role = Role.MANAGER) -> httpx.Response:
    with api.client(role) as client:
        return client.post(path, content=content, headers={"Content-Type": "text/csv"})


def test_through_the_api(fresh_api: RunningApi) -> None:
    content = "\r\n".join((PEOPLE, SAM.replace("X1,", "X31,"), KIM.replace("X2,", "X32,"))).encode()
    dry = post(fresh_api, "/v1/people-imports?dry_run=true", content)
    assert dry.status_code == 200, dry.text
    assert (dry.json()["is_dry_run"], dry.json()["added"]) == (True, 2)
    unknown = b"crn,name,practitioner\r\nX41,Sam,nobody\r\nX42,Kim,\r\n"
    assert post(fresh_api, "/v1/people-imports?dry_run=true", unknown).json()["unsupervised"] == 1
    taken = post(fresh_api, "/v1/people-imports", content, Role.ADMINISTRATOR)
    assert taken.json() == {**dry.json(), "is_dry_run": False}
    refused = post(fresh_api, "/v1/device-imports", b"device_serial,crn,worn_from\r\n,X404,yesterday\r\n")
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["crn", "device_serial", "worn_from"]
    assert post(fresh_api, "/v1/staff-imports", b"subject,name,role\r\na,A,manager\r\n").json()["added"] == 1
    assert post(fresh_api, "/v1/people-imports", content, Role.PRACTITIONER).status_code == 403
    outcomes = [record[:2] for record in fresh_api.audit("registry.import")]
    assert outcomes == [
        ("allowed", "the.manager"),
        ("allowed", "the.manager"),
        ("allowed", "the.administrator"),
        ("refused", "the.manager"),
        ("allowed", "the.manager"),
        ("refused", "the.practitioner"),
    ]
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT DISTINCT decided_by FROM eligibility_decisions")
        assert cursor.fetchall() == [("the.administrator",)]
