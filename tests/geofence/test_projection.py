"""Degrees to metres and back: known distances, and places that are none."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geofence.projection import Projection
from tests.geofence.examples import LAT, LON, PROJECTION

GEOD = Geod(ellps="WGS84")
LONDON_LON = st.floats(-0.55, 0.35)
LONDON_LAT = st.floats(51.25, 51.75)


@given(LONDON_LON, LONDON_LAT, LONDON_LON, LONDON_LAT)
def test_plane_distances_in_london_are_true_to_a_thousandth(
    lon_a: float, lat_a: float, lon_b: float, lat_b: float
) -> None:
    _, _, true_m = GEOD.inv(lon_a, lat_a, lon_b, lat_b)
    x, y = PROJECTION.forward(np.array([lon_a, lon_b]), np.array([lat_a, lat_b]))
    assert np.hypot(x[1] - x[0], y[1] - y[0]) == pytest.approx(true_m, rel=1e-3, abs=1e-6)


@given(LONDON_LON, LONDON_LAT)
def test_inverse_undoes_forward(lon: float, lat: float) -> None:
    back = PROJECTION.inverse(*PROJECTION.forward(np.array([lon]), np.array([lat])))
    assert np.allclose(np.ravel(back), (lon, lat), atol=1e-10, rtol=0)


def test_the_centre_is_the_origin() -> None:
    assert np.allclose(PROJECTION.forward(np.array([LON]), np.array([LAT])), 0.0, atol=1e-6)


@pytest.mark.parametrize("place", [(np.nan, LAT), (LON, np.nan), (np.inf, LAT), (LON, -np.inf), (LON, 91.0)])
def test_a_place_that_is_none_becomes_nan_and_spoils_no_other(place: tuple[float, float]) -> None:
    x, y = PROJECTION.forward(np.array([place[0], LON]), np.array([place[1], LAT]))
    assert np.isnan([x[0], y[0]]).all()
    assert np.isfinite([x[1], y[1]]).all()


def test_forward_leaves_its_arguments_alone() -> None:
    lon, lat = np.array([LON, LON]), np.array([LAT, LAT])
    PROJECTION.forward(lon, lat)
    assert lon.tolist() == [LON, LON]
    assert lat.tolist() == [LAT, LAT]


def test_threads_share_a_projection() -> None:
    lon, lat = np.linspace(-0.5, 0.3, 2000), np.linspace(51.3, 51.7, 2000)
    alone = PROJECTION.forward(lon, lat)
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda _: PROJECTION.forward(lon, lat), range(40)))
    assert all(np.array_equal(one, alone) for one in together)


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (0, 181), (float("nan"), 0)])
def test_a_centre_outside_the_world_is_refused(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="is no place"):
        Projection(lat, lon)
