"""Victims' addresses, and the shapes that protect them. Everything goes through functions that ask whose victim it is.

None of what is read here may stand in a log, an error or an audit record; the functions audit each use themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class ProtectedAddress:
    address_id: int
    kind: str
    address: str = field(repr=False)
    lat: float = field(repr=False)
    lon: float = field(repr=False)
    margin_m: float
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """What a shape is checked against, and the seed of the address's own."""

    lat: float = field(repr=False)
    lon: float = field(repr=False)
    margin_m: float
    seed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KnownShape:
    geometry: dict[str, Any]
    is_own: bool  # of this address; or of any other, whose box holds this one
    is_proposed: bool


@dataclass(frozen=True, slots=True)
class ZoneToLink:
    zone_id: int
    person_id: int | None
    kind: str
    geometries: list[dict[str, Any]]  # of all its versions, each once


def set_address(
    cursor: Cursor, victim_id: int, kind: str, address: str, lat: float, lon: float, margin_m: float
) -> int | None:
    """Its id; an earlier one of the kind is erased. None where the victim is not the caller's."""
    cursor.execute(
        "SELECT set_protected_address(%s, %s, %s, %s, %s, %s::real)", (victim_id, kind, address, lat, lon, margin_m)
    )
    address_id: int | None = fetch_one(cursor)[0]
    return address_id


def end_address(cursor: Cursor, address_id: int) -> bool:
    """Erase it; False where it is not there, or not the caller's."""
    cursor.execute("SELECT end_protected_address(%s)", (address_id,))
    return bool(fetch_one(cursor)[0])


def read_addresses(cursor: Cursor, victim_id: int) -> list[ProtectedAddress]:
    cursor.execute(
        "SELECT address_id, kind, address, lat, lon, margin_m, set_by, set_at FROM read_protected_addresses(%s)",
        (victim_id,),
    )
    return [ProtectedAddress(*row) for row in cursor.fetchall()]


def use_place(cursor: Cursor, victim_id: int, address_id: int) -> SecretPlace | None:
    cursor.execute("SELECT lat, lon, margin_m, seed FROM use_protected_place(%s, %s)", (victim_id, address_id))
    row = cursor.fetchone()
    return None if row is None else SecretPlace(row[0], row[1], row[2], bytes(row[3]))


def known_shapes(cursor: Cursor, victim_id: int, address_id: int) -> list[KnownShape]:
    """Those of the address first, then all others whose box holds it."""
    cursor.execute("SELECT geometry, is_own, is_proposed FROM shapes_about(%s, %s)", (victim_id, address_id))
    return [KnownShape(*row) for row in cursor.fetchall()]


def allow_shape(
    cursor: Cursor, victim_id: int, address_id: int, geometry: dict[str, Any], *, is_proposed: bool
) -> bool:
    """From now on a zone linked to the address takes this shape."""
    cursor.execute("SELECT allow_shape(%s, %s, %s, %s)", (victim_id, address_id, Json(geometry), is_proposed))
    return bool(fetch_one(cursor)[0])


def zone_to_link(cursor: Cursor, reference: str) -> ZoneToLink | None:
    cursor.execute("SELECT zone_id, person_id, kind, geometries FROM zone_to_link(%s)", (reference,))
    row = cursor.fetchone()
    return None if row is None else ZoneToLink(*row)


def link_zone(cursor: Cursor, victim_id: int, address_id: int, zone_id: int) -> bool:
    """False where one of the zone's shapes is not allowed for the address."""
    cursor.execute("SELECT link_victim_zone(%s, %s, %s)", (victim_id, address_id, zone_id))
    return bool(fetch_one(cursor)[0])


def unlink_zone(cursor: Cursor, victim_id: int, reference: str) -> bool:
    cursor.execute("SELECT unlink_victim_zone(%s, %s)", (victim_id, reference))
    return bool(fetch_one(cursor)[0])


def shapes_not_allowed(cursor: Cursor, shapes: Sequence[tuple[int, dict[str, Any]]]) -> set[int]:
    """Of (zone, geometry): zones of victims for which this shape has not been allowed."""
    if not shapes:
        return set()
    cursor.execute(
        "SELECT * FROM shapes_not_allowed(%s::bigint[], %s)",
        ([zone_id for zone_id, _ in shapes], Json([geometry for _, geometry in shapes])),
    )
    return {zone_id for (zone_id,) in cursor.fetchall()}
