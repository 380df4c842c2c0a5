"""CSV with a heading: columns by a map, or by the names that exports commonly use."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from ingest.protocols.interpretation import PingFields, RefusedError, number_of
from ingest.tracks.track import Track, TrackFix, TrackOptions, parse_time
from model.enums import RejectionReason
from ops.errors import InputError

COMMON_NAMES: dict[str, tuple[str, ...]] = {
    "fix_time": ("fix_time", "timestamp", "time", "datetime", "tracked_at", "utc"),
    "lat": ("lat", "latitude", "location_lat"),
    "lon": ("lon", "lng", "longitude", "location_long", "location_lon"),
    "accuracy_m": ("accuracy_m", "accuracy"),
    "heading_deg": ("heading_deg", "heading", "bearing", "course"),
    "hdop": ("hdop",),
    "satellites": ("satellites",),
    "battery_pct": ("battery_pct",),
    "mechanism": ("mechanism",),
    "speed_mps": ("speed_mps",),  # a column "speed" does not say its unit, so it is taken only when mapped
    "sequence": ("sequence",),
}
REQUIRED = ("fix_time", "lat", "lon")
WHOLE_NUMBERS = frozenset({"satellites", "sequence"})
DELIMITERS = ",;\t|"
UNSTATED = frozenset({"", "NA", "NaN", "nan", "null", "NULL"})


def read_csv(path: Path, options: TrackOptions) -> Track:
    """InputError for a file without the needed columns, or a map that names others."""
    track = Track()
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        heading = file.readline()
        delimiter = options.delimiter or max(DELIMITERS, key=heading.count)
        names = [name.strip() for name in next(csv.reader([heading], delimiter=delimiter), [])]
        columns = _columns(names, options)
        reader = csv.reader(file, delimiter=delimiter)
        try:
            for row in reader:
                _read_row(reader.line_num + 1, row, names, columns, options, track)
        except csv.Error as error:
            raise InputError(f"{path.name}: line {reader.line_num + 1} is no CSV: {error}") from None
    return track


def _columns(names: Sequence[str], options: TrackOptions) -> dict[str, str]:
    """Field of a ping → column."""
    unknown = sorted(options.columns.keys() - COMMON_NAMES.keys())
    if unknown:
        raise InputError(f"--map names no field of a ping: {unknown}; the fields are {sorted(COMMON_NAMES)}")
    absent = sorted({*options.columns.values(), *options.where} - set(names))
    if absent:
        raise InputError(f"the file has no column {absent}; its columns are {list(names)}")
    found: dict[str, str] = {}
    for field, common in COMMON_NAMES.items():
        column = options.columns.get(field) or next((name for name in names if name.lower() in common), None)
        if column is not None:
            found[field] = column
    missing = [field for field in REQUIRED if field not in found]
    if missing:
        raise InputError(
            f"no column is known to hold {missing}: map it, such as --map {missing[0]}=COLUMN; there are {list(names)}"
        )
    return found


def _read_row(
    line: int, row: list[str], names: Sequence[str], columns: dict[str, str], options: TrackOptions, track: Track
) -> None:
    if not row:
        return
    values = dict(zip(names, row, strict=False))
    if any(values.get(column) != wanted for column, wanted in options.where.items()):
        return
    try:
        given = {field: values[column].strip() for field, column in columns.items() if column in values}
        track.fixes.append(TrackFix(line, parse_time(_required(given, "fix_time"), options), _fields(given)))
    except RefusedError as refused:
        track.refuse(line, refused)


def _fields(given: Mapping[str, str]) -> PingFields:
    fields: PingFields = {name: number_of(_required(given, name), name) for name in ("lat", "lon")}
    for name, text in given.items():
        if name in REQUIRED or text in UNSTATED:
            continue
        if name == "mechanism":
            fields[name] = text
        elif name in WHOLE_NUMBERS:
            fields[name] = int(number_of(text, name))
        else:
            fields[name] = number_of(text, name)
    return fields


def _required(given: Mapping[str, str], name: str) -> str:
    text = given.get(name, "")
    if text in UNSTATED:
        raise RefusedError(RejectionReason.MISSING_FIELD, f"`{name}` is empty: every fix gives it")
    return text
