"""Where a wearer of the cohort is, second by second, by shapely and pyproj instead of by our own geometry."""

from functools import cache

import numpy as np
import pyproj
import shapely

from geofence.columns import Floats
from model.times import SECOND_US
from model.zones import Circle, Geometry
from sim.cohort import CohortWearer, draw

START_US = 1_795_000_000 * SECOND_US
DAYS = 7


@cache
def week_of(index: int) -> CohortWearer:
    """A wearer over a week of the seed that these tests share."""
    return draw(7, index, DAYS, START_US)


@cache
def weeks() -> tuple[CohortWearer, ...]:
    """A cohort that is large enough for what is rare."""
    return tuple(week_of(index) for index in range(40))


def depths_m(geometry: Geometry, lon_lat: Floats) -> Floats:
    """Signed distance from each place, (n, 2) degrees, to the boundary, inside positive, on a plane about the zone."""
    middle = (geometry.lon, geometry.lat) if isinstance(geometry, Circle) else geometry.polygons[0][0][0]
    plane = pyproj.Transformer.from_crs(4326, {"proj": "tmerc", "lon_0": middle[0], "lat_0": middle[1]}, always_xy=True)
    x, y = plane.transform(*lon_lat.T)
    if isinstance(geometry, Circle):
        return np.asarray(geometry.radius_m - np.hypot(x, y))
    outline = shapely.polygons(np.column_stack(plane.transform(*np.array(geometry.polygons[0][0]).T)))
    boundary = shapely.boundary(outline)
    shapely.prepare(outline)
    shapely.prepare(boundary)
    distance_m = shapely.distance(boundary, shapely.points(x, y))
    return np.where(shapely.intersects_xy(outline, x, y), distance_m, -distance_m)
