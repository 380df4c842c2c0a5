"""Wards, boroughs and counties: imported whole, found by their codes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from psycopg2.extras import Json

from geofence.geojson import from_stored, to_geojson
from geofence.wards import WardShape
from model.operations import Ward
from model.zones import MultiPolygon
from store.database import Cursor
from store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class WardsWritten:
    new: int
    changed: int
    unchanged: int


def write_wards(cursor: Cursor, wards: Sequence[WardShape], imported_by: str) -> WardsWritten:
    """Those of the file take the place of those with their codes; others stay."""
    codes = [ward.code for ward in wards]
    cursor.execute("SELECT code, name, geometry FROM wards WHERE code = ANY (%s)", (codes,))
    known = {code: (name, geometry) for code, name, geometry in cursor.fetchall()}
    documents = {ward.code: (ward.name, to_geojson(ward.geometry)) for ward in wards}
    differing = {code: document for code, document in documents.items() if known.get(code) != document}
    insert_rows(
        cursor,
        "INSERT INTO wards (code, name, geometry, imported_by) VALUES %s ON CONFLICT (code) DO UPDATE SET"
        " name = excluded.name, geometry = excluded.geometry, imported_by = excluded.imported_by,"
        " imported_at = excluded.imported_at",
        ((code, name, Json(geometry), imported_by) for code, (name, geometry) in differing.items()),
    )
    new = len(differing.keys() - known.keys())
    return WardsWritten(new, len(differing) - new, len(documents) - len(differing))


def list_wards(cursor: Cursor, after: str, limit: int) -> list[Ward]:
    """In the order of their codes, from behind ``after``."""
    cursor.execute("SELECT code, name FROM wards WHERE code > %s ORDER BY code LIMIT %s", (after, limit))
    return [Ward(*row) for row in cursor.fetchall()]


def find_ward_shapes(cursor: Cursor, codes: Collection[str]) -> dict[str, WardShape]:
    """Those of ``codes`` that are there. Raises ValueError for a shape that was never stored as a ward's."""
    cursor.execute("SELECT code, name, geometry FROM wards WHERE code = ANY (%s) ORDER BY code", (list(codes),))
    found = {}
    for code, name, document in cursor.fetchall():
        match from_stored(document):
            case MultiPolygon() as geometry:
                found[code] = WardShape(code, name, geometry)
            case _:
                raise ValueError(f"the ward {code} is no polygon")
    return found
