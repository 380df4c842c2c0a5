"""Shapes for victims' zones: proposed, or checked, within a transaction of the liaison officer's own.

The address is used here and goes no further. What is wrong with a shape is said only to the victim's own officer.
"""

from typing import Any

from geofence.geojson import from_stored, to_geojson
from geofence.projection import Projection
from geofence.protected_shapes import propose_zone
from geofence.protected_zones import ProtectedPlace, Reveal, is_about, place_at, reveals_of
from ops.errors import InputError
from store.database import Cursor
from store.protected_addresses import SecretPlace, allow_shape, known_shapes, use_place

MOST_PROPOSALS = 20


def propose(cursor: Cursor, projection: Projection, victim_id: int, address_id: int) -> dict[str, Any] | None:
    """The shape for an address, allowed from now on; None where the address is not the caller's.

    One that is known about the place already is given again: each further one would tell more. Raises InputError where
    none is found that protects the address beside those that are known.
    """
    secret = use_place(cursor, victim_id, address_id)
    if secret is None:
        return None
    place = _place(secret, projection)
    known = known_shapes(cursor, victim_id, address_id)
    own = [one for one in known if one.is_own]
    for shape in own:
        if shape.is_proposed:
            return shape.geometry
    near = [one for one in known if one.is_own or is_about(from_stored(one.geometry), place, projection)]
    about = [one.geometry for one in near]
    # The first that was proposed and protects the place is the one that this very place got before, if it got any; so
    # it is asked beside those drawn by hand alone, and many other victims near by leave nobody without a shape.
    by_hand = [one.geometry for one in near if not one.is_proposed]
    geometry = next((one for one in about if _protects(one, by_hand, place, projection)), None)
    for number in range(0 if geometry else MOST_PROPOSALS):
        drawn = to_geojson(propose_zone(place, secret.seed + number.to_bytes(2, "big"), projection))
        if _protects(drawn, about, place, projection):
            geometry = drawn
            break
    if geometry is None:
        raise InputError(
            "no shape protects the address beside those that are known about it: end the address, and let another zone"
            " be drawn with a larger margin"
        )
    allow_shape(cursor, victim_id, address_id, geometry, is_proposed=True)
    return geometry


def check(
    cursor: Cursor, projection: Projection, victim_id: int, address_id: int, geometries: list[dict[str, Any]]
) -> tuple[Reveal, ...] | None:
    """What ``geometries`` tell of the address; none, and they are allowed from now on. None: not the caller's."""
    secret = use_place(cursor, victim_id, address_id)
    if secret is None:
        return None
    place = _place(secret, projection)
    known = [
        stored
        for one in known_shapes(cursor, victim_id, address_id)
        if is_about(stored := from_stored(one.geometry), place, projection)
    ]
    found = reveals_of([from_stored(one) for one in geometries], place, projection, known)
    if not found:
        for geometry in geometries:
            allow_shape(cursor, victim_id, address_id, geometry, is_proposed=False)
    return found


def _place(secret: SecretPlace, projection: Projection) -> ProtectedPlace:
    return place_at(secret.lat, secret.lon, secret.margin_m, projection)


def _protects(
    geometry: dict[str, Any], known: list[dict[str, Any]], place: ProtectedPlace, projection: Projection
) -> bool:
    return not reveals_of([from_stored(geometry)], place, projection, [from_stored(one) for one in known])
