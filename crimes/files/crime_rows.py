"""One row of a police file, from texts to a draft of a crime. All that is wrong with it is found at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TypeVar

from crimes.files.batch_ids import BatchId, batch_id_of
from crimes.files.crime_fields import (
    GRID_EASTINGS_M,
    LATITUDES_DEG,
    LONGITUDES_DEG,
    NORTHINGS_M,
    PLACE_UNCERTAINTIES_M,
    POLICE_EASTINGS_M,
    TIME_UNCERTAINTIES_MIN,
    Place,
    datum_fault,
    number_of,
    reference_of,
    time_zone_of,
)
from crimes.files.crime_types import CRIME_TYPES, crime_type_of
from crimes.files.forces import Force, force_of
from crimes.files.local_times import Moment, Searched, moment_of, searched_windows
from crimes.files.row_errors import NO_TEXT, Fault, RowError, row_error
from model.crimes import Window
from model.times import SECOND_US

MINUTE_US = 60 * SECOND_US

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RowRules:
    """``now_us`` is when the file came, None where nobody knows; ``zones`` has the forces that write local times."""

    now_us: int | None
    zones: Mapping[str, tzinfo]
    is_rich: bool  # whether the file is of a richer form


@dataclass(frozen=True, slots=True)
class RowDraft:
    """A row with nothing wrong, its place not converted yet."""

    row_number: int
    given: dict[str, str]
    force: Force
    reference: str
    crime_type: str
    description: str
    place: Place
    place_uncertainty_m: float
    windows: tuple[Window, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class RowReader:
    """Reads one row, given as texts by field, and gathers every error on the way.

    What says whose crime it is stays readable beside the errors: ``force``, ``batch`` and ``reference``.
    """

    row_number: int
    given: dict[str, str]
    rules: RowRules
    errors: list[RowError] = field(default_factory=list)
    force: Force | None = None
    batch: BatchId | None = None
    reference: str | None = None

    def read(self) -> RowDraft | None:
        """The draft; None where there are errors."""
        self._look_for_what_is_no_text()
        self.force = self._kept("police_force", force_of(self._text("police_force")))
        self.batch = self._kept("batch_id", batch_id_of(self._text("batch_id"), self.force))
        self.reference = self._kept("crime_reference", reference_of(self._text("crime_reference")))
        crime_type = self._kept("crime_type_id", crime_type_of(self._text("crime_type_id")))
        searched = self._read_times()
        place = self._read_place()
        place_uncertainty_m = self._number("place_uncertainty_m", PLACE_UNCERTAINTIES_M) or 0.0
        if not (self.force and self.reference and crime_type and searched and place) or self.errors:
            return None
        return RowDraft(
            row_number=self.row_number,
            given=self.given,
            force=self.force,
            reference=self.reference,
            crime_type=crime_type,
            description=self._description(crime_type),
            place=place,
            place_uncertainty_m=place_uncertainty_m,
            windows=searched.windows,
            notes=searched.notes,
        )

    def add(self, name: str, fault: Fault) -> None:
        self.errors.append(row_error(self.row_number, name, self._text(name), fault))

    def _text(self, name: str) -> str:
        return self.given.get(name, "")

    def _kept(self, name: str, value: Value | Fault) -> Value | None:
        if isinstance(value, Fault):
            self.add(name, value)
            return None
        return value

    def _number(self, name: str, bounds: tuple[float, float]) -> float | None:
        text = self._text(name)
        return self._kept(name, number_of(text, bounds)) if text else None

    def _look_for_what_is_no_text(self) -> None:
        if NO_TEXT.search("".join(self.given.values())):
            for name, value in self.given.items():
                if NO_TEXT.search(value):
                    self.add(name, Fault("this has bytes that are no UTF-8 text", "save the file as UTF-8 text"))

    def _read_times(self) -> Searched | None:
        zone = self._zone()
        start = self._moment("date_from", zone)
        end = self._moment("date_to", zone)
        margin_min = self._number("time_uncertainty_min", TIME_UNCERTAINTIES_MIN) or 0.0
        if start and self.rules.now_us is not None and start.instants_us[0] > self.rules.now_us:
            remedy = "check the date; times are in UTC unless the force has declared that it writes local ones"
            self.add("date_from", Fault("the crime begins after the file came", remedy))
        if start is None or end is None:
            return None
        return self._kept("date_to", searched_windows(start, end, round(margin_min * MINUTE_US)))

    def _zone(self) -> tzinfo:
        """The row's own, or the force's, or UTC."""
        text = self._text("time_zone")
        own = self._kept("time_zone", time_zone_of(text)) if text else None
        declared = self.rules.zones.get(self.force.identifier) if self.force else None
        return own or declared or UTC

    def _moment(self, name: str, zone: tzinfo) -> Moment | None:
        return self._kept(name, moment_of(self._text(name), zone, offsets=self.rules.is_rich))

    def _read_place(self) -> Place | None:
        """From exactly one pair of coordinates. A GeoJSON geometry that is none has its own error already."""
        if any(error.field == "geometry" for error in self.errors):
            return None
        on_grid = bool(self._text("easting") or self._text("northing"))
        in_degrees = bool(self._text("latitude") or self._text("longitude"))
        if on_grid == in_degrees:
            problem = "two places are given" if on_grid else "no place is given"
            remedy = "give easting and northing, or latitude and longitude, and leave the other two empty"
            given = " ".join(self._text(name) for name in ("easting", "northing", "latitude", "longitude"))
            self.errors.append(row_error(self.row_number, "place", given, Fault(problem, remedy)))
            return None
        wrong_datum = datum_fault(self._text("datum"), on_grid=on_grid)
        if wrong_datum:
            self.add("datum", wrong_datum)
        if on_grid:
            eastings_m = GRID_EASTINGS_M if self.rules.is_rich else POLICE_EASTINGS_M
            return self._pair(("easting", eastings_m), ("northing", NORTHINGS_M), on_grid=True)
        return self._pair(("latitude", LATITUDES_DEG), ("longitude", LONGITUDES_DEG), on_grid=False)

    def _pair(self, *limits: tuple[str, tuple[float, float]], on_grid: bool) -> Place | None:
        values = [self._number(name, bounds) for name, bounds in limits]
        names = [name for name, _ in limits]
        for name, other in zip(names, reversed(names), strict=True):
            if not self._text(name):
                self.add(name, Fault(f"the {name} is missing", f"give it too: the {other} alone is no place"))
        first, second = values
        return None if first is None or second is None else Place(first, second, on_grid)

    def _description(self, crime_type: str) -> str:
        """What the force wrote of the crime or, where it wrote nothing, what kind it is; and the weapon."""
        told = self._text("crime_text") or self._text("crime_type_description") or CRIME_TYPES[crime_type]
        weapon = self._text("weapon")
        return f"{told} [weapon: {weapon}]" if weapon else told
