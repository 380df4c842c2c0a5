"""A real matcher in a thread, crimes as a police file has them, and what the database holds of matching."""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingest.matching.importing import Reading, Sender, import_crime_file
from ingest.matching.run import make_matcher
from model.times import from_microseconds
from ops.settings import Settings
from store.database import Cursor, Identity, connect, set_identity
from tests.support.database import DatabaseUrls
from tests.support.in_thread import in_thread
from tests.support.world import rows

RESULTS = (
    "SELECT crn, verdict FROM matching_results JOIN people USING (person_id) JOIN crime_versions USING"
    " (crime_version_id) JOIN crimes USING (crime_id) WHERE superseded_by IS NULL AND is_current AND reference = '{}'"
    " ORDER BY crn"
)
COUNTS = (
    "SELECT DISTINCT ON (crime_version_id) present, possible, absent, cannot_say FROM matching_runs"
    " JOIN crime_versions USING (crime_version_id) JOIN crimes USING (crime_id)"
    " WHERE is_current AND reference = '{}' ORDER BY crime_version_id, run_id DESC"
)
DOCUMENTS = (
    "SELECT reference, version, crn, verdict, document FROM matching_results JOIN people USING (person_id)"
    " JOIN crime_versions USING (crime_version_id) JOIN crimes USING (crime_id)"
    " WHERE superseded_by IS NULL ORDER BY reference, version, crn"
)
IDENTITY = Identity("an.officer", "owner", "test", "request")


@dataclass(frozen=True, slots=True)
class ReportedCrime:
    """A robbery, with the window's ends in microseconds since 1970, as whole seconds."""

    reference: str
    place: tuple[float, float]  # latitude, longitude
    from_us: int
    to_us: int

    def row(self) -> str:
        lat, lon = self.place
        start, end = (f"{from_microseconds(one):%Y%m%d%H%M%S}" for one in (self.from_us, self.to_us))
        return f"Metropolitan,RB,Robbery,MPS20261120,{self.reference},{start},{end},,,{lat},{lon},WGS84,A robbery"


def import_crimes(database: DatabaseUrls, *crimes: ReportedCrime) -> None:
    """One police file with these, imported by the owner's command."""

    @contextmanager
    def begin() -> Iterator[Cursor]:
        with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
            set_identity(cursor, IDENTITY)
            yield cursor

    file = "\r\n".join(crime.row() for crime in crimes).encode()
    imported = import_crime_file(begin, io.BytesIO(file), Sender(IDENTITY, "command", None), Reading({}, 10**7, 3000))
    assert not imported.errors, imported.errors


def ask_again(database: DatabaseUrls, requested_by: str) -> None:
    """Have the newest version of every crime matched once more."""
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO matching_wanted (crime_version_id, cause, requested_by)"
            " SELECT crime_version_id, 'requested', %s FROM crime_versions WHERE is_current"
            " ON CONFLICT (crime_version_id) DO UPDATE SET cause = excluded.cause, due_at = excluded.due_at,"
            " requested_by = excluded.requested_by, requested_at = excluded.requested_at, error = NULL",
            (requested_by,),
        )


def match_settings(database: DatabaseUrls, **settings: Any) -> Settings:
    return Settings.model_validate({"database_worker_url": database.worker, "match_every_s": 0.05, **settings})


@contextmanager
def matching(database: DatabaseUrls, **settings: Any) -> Iterator[None]:
    """A matcher from here to the end of the block. An error that ends it is raised there."""
    with in_thread(make_matcher(match_settings(database, **settings)).run, "matcher"):
        yield


def verdicts(database: DatabaseUrls, reference: str) -> dict[str, str]:
    """What stands of the crime's newest version, by CRN."""
    return dict(rows(database.owner, RESULTS.format(reference)))


def counts(database: DatabaseUrls, reference: str) -> dict[str, int] | None:
    """The four counts of the newest version's last run; None before the first."""
    found: Sequence[tuple[int, ...]] = rows(database.owner, COUNTS.format(reference))
    return dict(zip(("present", "possible", "absent", "cannot_say"), found[0], strict=True)) if found else None


def nothing_waits(database: DatabaseUrls) -> bool:
    """Whether every crime was matched at least once, and no device's crimes are to be matched again."""
    waiting = (
        "SELECT (SELECT count(*) FROM matching_wanted WHERE cause <> 'settled')"
        " + (SELECT count(*) FROM rematches_wanted) + (SELECT count(*) FROM lawful_changes)"
    )
    return bool(rows(database.owner, waiting) == [(0,)])


def last_run_at(database: DatabaseUrls) -> datetime:
    moment: datetime = rows(database.owner, "SELECT max(run_at) FROM matching_runs")[0][0]
    return moment
