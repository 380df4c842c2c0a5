"""The datum conversion against Ordnance Survey's own answers."""

import numpy as np
import pytest

from crimes.files.osgb36 import to_wgs84
from tests.crimes.files.police_files import ON_GRID, crime_of, police_csv

# The forty test points of Ordnance Survey's OSTN15 developer pack: easting, northing, latitude, longitude.
TEST_POINTS = [
    ("TP01", 91492.146, 11318.804, 49.92226394, -6.29977752),
    ("TP02", 170370.718, 11572.405, 49.96006138, -5.20304610),
    ("TP03", 250359.811, 62016.569, 50.43885826, -4.108645636),
    ("TP04", 449816.371, 75335.861, 50.57563665, -1.297822772),
    ("TP05", 438710.920, 114792.250, 50.93127938, -1.450514337),
    ("TP06", 292184.870, 168003.465, 51.40078220, -3.551283492),
    ("TP07", 639821.835, 169565.858, 51.37447026, 1.444547304),
    ("TP08", 362269.991, 169978.690, 51.42754743, -2.544076183),
    ("TP09", 530624.974, 178388.464, 51.48936565, -0.119925572),
    ("TP10", 241124.584, 220332.641, 51.85890896, -4.308524770),
    ("TP11", 599445.590, 225722.826, 51.89436637, 0.897243270),
    ("TP12", 389544.190, 261912.153, 52.25529382, -2.154586144),
    ("TP13", 474335.969, 262047.755, 52.25160951, -0.912489570),
    ("TP14", 562180.547, 319784.995, 52.75136687, 0.401535471),
    ("TP15", 454002.834, 340834.943, 52.96219109, -1.197476559),
    ("TP16", 357455.843, 383290.436, 53.34480280, -2.640493208),
    ("TP17", 247958.971, 393492.909, 53.41628516, -4.289180698),
    ("TP18", 247959.241, 393495.583, 53.41630925, -4.289177929),
    ("TP19", 331534.564, 431920.794, 53.77911026, -3.040454907),
    ("TP20", 422242.186, 433818.701, 53.80021520, -1.663791682),
    ("TP21", 227778.330, 468847.388, 54.08666318, -4.634521682),
    ("TP22", 525745.670, 470703.214, 54.11685144, -0.077731332),
    ("TP23", 244780.636, 495254.887, 54.32919541, -4.388491181),
    ("TP24", 339921.145, 556034.761, 54.89542340, -2.938277411),
    ("TP25", 424639.355, 565012.703, 54.97912274, -1.616576852),
    ("TP26", 256340.925, 664697.269, 55.85399953, -4.296490163),
    ("TP27", 319188.434, 670947.534, 55.92478266, -3.294792193),
    ("TP28", 167634.202, 797067.144, 57.00606696, -5.828366919),
    ("TP29", 397160.491, 805349.736, 57.13902519, -2.048560307),
    ("TP30", 267056.768, 846176.972, 57.48625001, -4.219263986),
    ("TP31", 9587.909, 899448.996, 57.81351838, -8.578544561),
    ("TP32", 71713.132, 938516.404, 58.21262247, -7.592555606),
    ("TP33", 151968.652, 966483.780, 58.51560361, -6.260914555),
    ("TP34", 299721.891, 967202.992, 58.58120461, -3.726310221),
    ("TP35", 330398.323, 1017347.016, 59.03743871, -3.214540011),
    ("TP36", 261596.778, 1025447.602, 59.09335035, -4.417576746),
    ("TP37", 180862.461, 1029604.114, 59.09671617, -5.827993398),
    ("TP38", 421300.525, 1072147.239, 59.53470794, -1.625169661),
    ("TP39", 440725.073, 1107878.448, 59.85409914, -1.274869104),
    ("TP40", 395999.668, 1138728.951, 60.13308092, -2.073828228),
]
FIVE_MILLIMETRES_DEG = 8e-8  # of longitude at St Kilda (TP31), where the library is worst; 1.3 mm elsewhere
SEVEN_PARAMETERS_DEG = 3e-5


@pytest.mark.parametrize(("name", "easting", "northing", "lat", "lon"), TEST_POINTS, ids=str)
def test_ordnance_surveys_test_points(name: str, easting: float, northing: float, lat: float, lon: float) -> None:
    found_lat, found_lon = to_wgs84(np.array([easting]), np.array([northing]))
    assert (found_lat[0], found_lon[0]) == pytest.approx((lat, lon), abs=FIVE_MILLIMETRES_DEG), name


@pytest.mark.parametrize(
    ("easting", "northing", "lat", "lon"),
    [("529381", "179534", 51.499946, -0.137433), ("537209", "180263", 51.504652, -0.024452)],
)
def test_the_ministrys_known_conversions_are_two_metres_away(
    easting: str, northing: str, lat: float, lon: float
) -> None:
    """They come from the seven-parameter transformation, which is up to five metres wrong. OSTN15 is not."""
    crime = crime_of(police_csv(ON_GRID | {"easting": easting, "northing": northing}))
    assert (crime.lat, crime.lon) == pytest.approx((lat, lon), abs=SEVEN_PARAMETERS_DEG)
    assert crime.notes == (
        f"The place was given as the British National Grid's {easting}, {northing} and converted with OSTN15.",
    )


def test_a_place_off_the_grid_is_not_a_number_and_leaves_the_others_alone() -> None:
    eastings, northings = (
        np.array([529381.0, 0.0, 1e6, np.nan, 537209.0]),
        np.array([179534.0, 0.0, 5.0, 5.0, 180263.0]),
    )
    lat, lon = to_wgs84(eastings, northings)
    assert np.isnan(lat).tolist() == np.isnan(lon).tolist() == [False, True, True, True, False]


def test_no_places_are_no_places() -> None:
    lat, lon = to_wgs84(np.empty(0), np.empty(0))
    assert len(lat) == len(lon) == 0
