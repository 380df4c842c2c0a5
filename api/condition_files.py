"""Licence conditions from bytes to drafts, for the routes and the command alike."""

import csv
import io
from datetime import datetime
from typing import Any

import msgspec

from api.zone_files import ZoneFileError, parsed, projection_of
from geofence import policy_documents
from geofence.condition_drafts import ConditionDraft
from geofence.geojson import read_conditions
from model.policies import policy_of
from ops.errors import InputError
from ops.settings import Settings
from store.zone_list import StoredVersion, StoredZone

COLUMNS = ("crn", "reference", "kind", "name", "wording", "starts", "ends")
OF_A_CIRCLE = ("lat", "lon", "radius_m")
DOCUMENTS = ("schedule", "policy", "disclosed")  # JSON in a cell
LARGEST_CELL = 1_000_000


def read_condition_file(content: bytes, settings: Settings, owner: str | None = None) -> tuple[ConditionDraft, ...]:
    """The drafts of a GeoJSON file; ``owner``, a CRN, where all are one person's.

    Raises InputError where it is no JSON, ZoneFileError with all that is wrong.
    """
    return _drafts(parsed(content), settings, owner)


def read_one_condition(content: bytes, settings: Settings, owner: str) -> ConditionDraft:
    """The one draft of a Feature, likewise."""
    drafts = read_condition_file(content, settings, owner)
    if len(drafts) != 1:
        raise InputError(f"there are {len(drafts)} conditions: give one Feature")
    return drafts[0]


def read_condition_table(content: bytes, settings: Settings) -> tuple[ConditionDraft, ...]:
    """The drafts of a CSV file with a header; feature 1 is the row below it. Raises as ``read_condition_file``.

    A place is a circle (lat, lon, radius_m); one of another shape comes as GeoJSON.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"this is no text in UTF-8: {error}") from None
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    known = {*COLUMNS, *OF_A_CIRCLE, *DOCUMENTS}
    try:
        headings = set(reader.fieldnames or ())
        if headings - known or not {"crn", "reference", "kind", "name", "wording", "starts"} <= headings:
            raise InputError(
                f"the columns are {', '.join(reader.fieldnames or ()) or 'none'}: give {', '.join(COLUMNS)} and, where"
                f" wanted, {', '.join((*OF_A_CIRCLE, *DOCUMENTS))}, in any order"
            )
        features = [_feature(row) for row in reader]
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} is no CSV: {error}") from None
    return _drafts({"type": "FeatureCollection", "features": features}, settings, None)


def adoption(zone: StoredZone, versions: list[StoredVersion], wording: str, starts: datetime | None) -> bytes:
    """The Feature of a condition for a zone that is there: as the zone stands, with its legal wording.

    The condition starts when the zone first did, unless it is said when.
    """
    latest = versions[-1]
    geometry, radius_m = dict(latest.geometry), latest.geometry.get("radius_m")
    geometry.pop("radius_m", None)
    began_at = starts or latest.active_from or versions[0].valid_from
    properties = {
        "reference": zone.reference,
        "name": latest.name,
        "kind": latest.kind,
        "wording": wording,
        "starts": began_at.isoformat(),
        "ends": latest.active_to and latest.active_to.isoformat(),
        "radius_m": radius_m,
        "schedule": latest.schedule,
        "policy": policy_documents.to_document(latest.preset, policy_of(latest.preset, latest.policy)),
        "disclosed": latest.is_disclosed,
    }
    return msgspec.json.encode({"type": "Feature", "properties": properties, "geometry": geometry})


def _drafts(document: object, settings: Settings, owner: str | None) -> tuple[ConditionDraft, ...]:
    read = read_conditions(document, region=settings.region, projection=projection_of(settings), owner=owner)
    if read.problems:
        raise ZoneFileError(read.problems)
    return read.drafts


def _feature(row: dict[str | Any, Any]) -> dict[str, Any]:
    """The row as GeoJSON gives it. What cannot be read stays text, which its reader then names."""
    if None in row:
        raise csv.Error(f"it has {len(row[None])} more cells than the header")
    given = {name: value for name, value in row.items() if value}
    properties: dict[str, Any] = {name: given[name] for name in COLUMNS if name in given}
    properties |= {name: _document(given[name]) for name in (*DOCUMENTS, "radius_m") if name in given}
    place = [_document(given[name]) for name in ("lon", "lat") if name in given]
    geometry = {"type": "Point", "coordinates": place} if place else None
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _document(cell: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except msgspec.DecodeError:
        return cell
