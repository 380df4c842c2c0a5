"""Wards that tests make up."""

from geofence.wards import WardShape
from model.zones import MultiPolygon


def shape(code: str, west: float) -> WardShape:
    """A square kilometre in London, from this longitude to the east."""
    ring = ((west, 51.5), (west + 0.01, 51.5), (west + 0.01, 51.51), (west, 51.51), (west, 51.5))
    return WardShape(code, f"Ward {code}", MultiPolygon(((ring,),)))
