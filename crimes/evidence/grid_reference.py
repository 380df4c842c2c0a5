"""The National Grid reference of a place, as officers read it on a map."""

import math

from convertbng.cutil import convert_to_osgb36

METRES_OF_SQUARE = 100_000
SQUARES = 5  # a large square of letters has five by five small ones
LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # without I


def grid_reference(lat: float, lon: float) -> str | None:
    """Such as ``TQ 29381 79534`` for WGS84 degrees, by OSTN15; None where the National Grid does not reach.

    Letters: https://www.ordnancesurvey.co.uk/documents/resources/guide-to-nationalgrid.pdf
    """
    eastings, northings = convert_to_osgb36([lon], [lat])
    east_m, north_m = float(eastings[0]), float(northings[0])
    if not (math.isfinite(east_m) and math.isfinite(north_m)):
        return None
    # rounded down: a grid reference names the square metre by its south-west corner
    east, north = math.floor(east_m), math.floor(north_m)
    column, row = east // METRES_OF_SQUARE + 2 * SQUARES, north // METRES_OF_SQUARE + SQUARES
    if not (0 <= column < SQUARES**2 and 0 <= row < SQUARES**2):
        return None
    large = (SQUARES - 1 - row // SQUARES) * SQUARES + column // SQUARES
    small = (SQUARES - 1 - row % SQUARES) * SQUARES + column % SQUARES
    return f"{LETTERS[large]}{LETTERS[small]} {east % METRES_OF_SQUARE:05d} {north % METRES_OF_SQUARE:05d}"
