"""What a worker knows of open visits is exactly what another one loads: over JSON, numbers and words alike."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.enums import VisitState, ZoneKind
from model.visits import Tally, Visit
from store.database import Connection, connect
from store.visit_writes import load_presence, load_visits_since, write_presence, write_visits
from tests.ingest.test_any_order import Arrival, as_fixes, new_records, positions
from tests.support.database import DatabaseUrls
from tests.support.world import add_zone, enrol

SQUARE = {"type": "Polygon", "coordinates": [[[-0.1, 51.5], [-0.09, 51.5], [-0.09, 51.51], [-0.1, 51.5]]]}
LAST_ZONE = 4
RETRACTED = VisitState.RETRACTED


@pytest.fixture
def connection(migrated_database: DatabaseUrls) -> Iterator[Connection]:
    enrol(migrated_database.owner, ["TAG-1"])
    for zone in range(1, LAST_ZONE + 1):
        add_zone(migrated_database.owner, f"Z-{zone}", SQUARE)
    with closing(connect(migrated_database.worker, "test")) as connection:
        yield connection


@given(arrivals=st.lists(positions, min_size=1, max_size=25))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_visits_come_back_as_they_were_written(connection: Connection, arrivals: list[Arrival]) -> None:
    records = new_records()
    records.take(as_fixes(sorted(arrivals, key=lambda one: one[:2]), 0))
    visits = [_in_the_database(visit) for visit in records.visits.values()]
    going = {(1, visit.zone_id, visit.aspect): visit for visit in visits if visit.state.is_open}
    connection.rollback()  # of what another example has written
    with connection.cursor() as cursor:
        write_visits(cursor, visits)
        write_presence(cursor, going)
        loaded = {visit.visit_id: visit for visit in load_presence(cursor, [1])}
        stored = {visit.visit_id: _without_tally(visit) for visit in load_visits_since(cursor, 1, 0)}
    assert loaded == {visit.visit_id: visit for visit in going.values()}
    assert stored == {visit.visit_id: _without_tally(visit) for visit in visits if visit.state is not RETRACTED}


def _in_the_database(visit: Visit) -> Visit:
    return replace(visit, activation_id=1, person_id=1, zone_version=1, zone_kind=ZoneKind.EXCLUSION)


def _without_tally(visit: Visit) -> Visit:
    """A visit's row keeps none: only presence does."""
    return replace(visit, tally=Tally(0, visit.entered_us, 0, None))
