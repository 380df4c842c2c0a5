"""The grid of cells: what covers a disc leaves no place of it out, and the database computes the same cells."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geofence.grid import COLUMNS, cells, covering_cells
from tests.support.database import DatabaseUrls
from tests.support.world import rows

WGS84 = Geod(ellps="WGS84")

LATITUDES = st.floats(-80, 80)
LONGITUDES = st.floats(-180, 180)


@given(
    LATITUDES, LONGITUDES, st.floats(1, 200_000), st.lists(st.tuples(st.floats(0, 360), st.floats(0, 1)), min_size=8)
)
def test_no_place_of_a_disc_is_left_out(
    lat: float, lon: float, radius_m: float, ways: list[tuple[float, float]]
) -> None:
    azimuths, shares = np.array(ways).T
    count = len(ways)
    there = WGS84.fwd(np.full(count, lon), np.full(count, lat), azimuths, shares * radius_m)
    assert np.isin(cells(np.asarray(there[1]), np.asarray(there[0])), covering_cells(lat, lon, radius_m)).all()


def test_few_cells_are_taken_that_lie_outside() -> None:
    taken = covering_cells(51.5, -0.1, 2350)
    assert len(taken) <= 36, "the disc of 17 km², in cells of 1.2 km²"
    assert sorted(set(taken.tolist())) == taken.tolist()


def test_a_cell_is_its_row_and_column() -> None:
    found = cells(np.array([-90.0, 51.5, 90.0]), np.array([-180.0, -0.1, 180.0])).tolist()
    assert found == [0, 14_150 * COLUMNS + 11_243, 18_000 * COLUMNS + COLUMNS - 1]
    assert found[-1] < 2**31


def test_the_database_computes_the_same_cells(migrated_database: DatabaseUrls) -> None:
    random = np.random.default_rng(5)
    lat = np.concatenate([random.uniform(-90, 90, 500), np.round(random.uniform(51, 52, 500), 2), [-90, 90, 0]])
    lon = np.concatenate(
        [random.uniform(-180, 180, 500), np.round(random.uniform(-1, 1, 500) / 0.016) * 0.016, [-180, 180, 0]]
    )
    given_places = ", ".join(
        f"({number}, '{a!r}'::float8, '{b!r}'::float8)"
        for number, (a, b) in enumerate(zip(lat.tolist(), lon.tolist(), strict=True))
    )
    query = f"SELECT grid_cell(lat, lon) FROM (VALUES {given_places}) AS given (place, lat, lon) ORDER BY place"
    assert [cell for (cell,) in rows(migrated_database.owner, query)] == cells(lat, lon).tolist()
