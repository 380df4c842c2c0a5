"""The matcher weighs what it finds, and the routines of a batch's wearers after it."""

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from geofence.projection import Projection
from ingest.matching.engine import MatchingEngine
from ingest.matching.weighing import ResultWeighing, SheetWeighing
from model.crimes import MatchingSettings
from model.times import to_microseconds
from store.database import connect
from store.expectations import retry_routines
from store.weights import retry_weights
from tests.support.database import DatabaseUrls
from tests.support.matching import ReportedCrime, import_crimes, matching, nothing_waits
from tests.support.routines import (
    CRIME_AT,
    CRIME_LASTS,
    PLACE,
    seed_batch,
    seed_crime,
    seed_person,
    seed_result,
    seed_run,
    seed_stay,
    seed_weeks,
)
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.world import rows

WEIGHTS = (
    "SELECT crn, verdict, weight FROM matching_results JOIN people USING (person_id) WHERE superseded_by IS NULL"
    " ORDER BY crime_version_id DESC, crn"  # the first crime's last
)
ROUTINES = "SELECT crn, days_compared, error FROM batch_routines JOIN people USING (person_id) ORDER BY crn"


ERRORS = "SELECT crn, weighing_error IS NOT NULL FROM matching_results JOIN people USING (person_id) ORDER BY crn"
UNWEIGHED = "SELECT FROM matching_results WHERE weight IS NULL AND verdict IN ('present', 'possible')"


def reported(reference: str, place: tuple[float, float], hours_later: int = 0) -> ReportedCrime:
    at = CRIME_AT + timedelta(hours=hours_later)
    return ReportedCrime(reference, place, to_microseconds(at), to_microseconds(at + CRIME_LASTS))


def weighed(database: DatabaseUrls) -> bool:
    found: list[tuple[Any, ...]] = rows(database.owner, ROUTINES)
    routines = bool(found) and all(days is not None for _, days, _ in found)
    return routines and nothing_waits(database) and not rows(database.owner, UNWEIGHED)


@pytest.mark.parametrize("server", ["migrated_database", "migrated_timescale_database"])
def test_a_presence_comes_with_its_weight(request: pytest.FixtureRequest, server: str) -> None:
    database: DatabaseUrls = request.getfixturevalue(server)
    with as_owner(database.owner) as cursor:
        for crn, stays in (("REGULAR", [(back, 13, 15) for back in range(1, 29)]), ("STRANGER", [])):
            _, device = seed_person(cursor, crn)
            seed_weeks(cursor, device, stays)
            seed_stay(cursor, device, CRIME_AT - timedelta(hours=1), CRIME_AT + timedelta(hours=1), PLACE)
        _, device = seed_person(cursor, "ELSEWHERE")
        near = (PLACE[0] + 0.005, PLACE[1])
        seed_stay(cursor, device, CRIME_AT - timedelta(hours=1), CRIME_AT + timedelta(hours=1), near)
    import_crimes(database, reported("C1", PLACE), reported("C2", (51.7, 0.1), 2))
    with matching(database):
        wait_until(lambda: weighed(database), what="the weights")
    found = {crn: (verdict, weight) for crn, verdict, weight in rows(database.owner, WEIGHTS)}
    assert (found["REGULAR"][0], found["STRANGER"][0]) == ("present", "present")
    said = ("windows_there", "windows_compared", "yardstick")
    assert [found["REGULAR"][1][name] for name in said] == [20, 20, "almost certain"]
    assert [found["STRANGER"][1][name] for name in said] == [0, 20, "remote chance"]
    assert {weight for verdict, weight in found.values() if verdict not in {"present", "possible"}} <= {None}
    assert rows(database.owner, ROUTINES)[:1] == [("REGULAR", 28, None)]


def test_a_routine_that_cannot_be_weighed_is_set_aside_and_tried_again(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        people = [seed_person(cursor, crn)[0] for crn in ("X1", "X2")]
        batches = [seed_batch(cursor) for _ in people]
        for number, (batch, person) in enumerate(zip(batches, people, strict=True)):
            crime = seed_crime(cursor, batch, f"C{number}")
            seed_result(cursor, seed_run(cursor, crime), crime, person)
            cursor.execute("INSERT INTO batch_routines (crime_batch_id, person_id) VALUES (%s, %s)", (batch, person))
        cursor.execute("UPDATE crime_versions SET windows = '[]' WHERE crime_batch_id = %s", (batches[0],))
    weighing = SheetWeighing(MatchingEngine(MatchingSettings(), Projection(*PLACE)))
    with closing(connect(migrated_database.worker, "test")) as connection:
        assert [weighing.round(connection) for _ in range(3)] == [True, True, False]
        [(_, first, error), (_, second, none)] = rows(migrated_database.owner, ROUTINES)
        assert (first, second, none) == (None, 0, None)
        assert "ValueError" in error
        with as_owner(migrated_database.owner) as cursor:
            cursor.execute(
                "UPDATE crime_versions SET windows = other.windows FROM crime_versions other"
                " WHERE other.crime_batch_id = %s",
                (batches[1],),
            )
        with connection, connection.cursor() as cursor:
            retry_routines(cursor)
        assert [weighing.round(connection) for _ in range(2)] == [True, False]
    assert rows(migrated_database.owner, ROUTINES) == [("X1", 0, None), ("X2", 0, None)]


def test_a_result_that_cannot_be_weighed_is_set_aside_and_tried_again(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        people = [seed_person(cursor, crn)[0] for crn in ("X1", "X2")]
        batch = seed_batch(cursor)
        for number, person in enumerate(people):
            crime = seed_crime(cursor, batch, f"C{number}")
            seed_result(cursor, seed_run(cursor, crime), crime, person)
        cursor.execute("UPDATE matching_results SET weight = NULL")
        cursor.execute(
            "UPDATE crime_versions SET windows = '[]'"
            " WHERE crime_version_id = (SELECT min(crime_version_id) FROM crime_versions)"
        )
    weighing = ResultWeighing(MatchingEngine(MatchingSettings(), Projection(*PLACE)))
    with closing(connect(migrated_database.worker, "test")) as connection:
        assert weighing.round(connection) is False
        [(_, _, first), (_, _, second)] = sorted(rows(migrated_database.owner, WEIGHTS))
        assert (first, second is None) == (None, False)
        with as_owner(migrated_database.owner) as cursor:
            cursor.execute(
                "UPDATE crime_versions SET windows = (SELECT windows FROM crime_versions WHERE windows <> '[]' LIMIT 1)"
            )
        assert weighing.round(connection) is False
        assert rows(migrated_database.owner, ERRORS) == [("X1", True), ("X2", False)]
        with connection, connection.cursor() as cursor:
            retry_weights(cursor)
        assert weighing.round(connection) is False
    assert all(weight is not None for _, _, weight in rows(migrated_database.owner, WEIGHTS))
    assert rows(migrated_database.owner, ERRORS) == [("X1", False), ("X2", False)]
