"""What can be wrong with a zone, as values: each says where it is, what was found and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Defect(StrEnum):
    """The name of each problem; clients may switch on it, so a name never changes its meaning."""

    NOT_AN_OBJECT = "not_an_object"
    MISSING = "missing"
    WRONG_TYPE = "wrong_type"
    EMPTY = "empty"
    UNSUPPORTED_TYPE = "unsupported_type"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    SWAPPED_COORDINATES = "swapped_coordinates"
    TOO_FEW_POSITIONS = "too_few_positions"
    TOO_MANY_POSITIONS = "too_many_positions"
    UNCLOSED_RING = "unclosed_ring"
    CROSSES_ANTIMERIDIAN = "crosses_antimeridian"
    ZERO_AREA = "zero_area"
    SELF_CROSSING_RING = "self_crossing_ring"
    HOLE_OUTSIDE = "hole_outside"
    RINGS_CROSS = "rings_cross"
    HOLES_NESTED = "holes_nested"
    INTERIOR_CUT = "interior_cut"
    POLYGONS_OVERLAP = "polygons_overlap"
    OFF_THE_PLANE = "off_the_plane"
    DUPLICATE_REFERENCE = "duplicate_reference"
    CONTROL_CHARACTER = "control_character"
    MISSPELT = "misspelt"
    UNKNOWN_KIND = "unknown_kind"
    NEEDS_AN_OWNER = "needs_an_owner"
    GIVEN_TWICE = "given_twice"
    MISPLACED = "misplaced"
    BAD_TIME = "bad_time"
    NAIVE_TIME = "naive_time"
    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    UNKNOWN_CHOICE = "unknown_choice"
    BAD_DATE = "bad_date"
    DUPLICATE_DATE = "duplicate_date"
    EMPTY_WINDOW = "empty_window"
    NO_WINDOW = "no_window"
    NEVER_APPLIES = "never_applies"
    TOO_MANY_ENTRIES = "too_many_entries"


@dataclass(frozen=True, slots=True)
class GeometryProblem:
    """One defect of one geometry. Counting starts at 1, as people do.

    ``ring`` names the ring or rings ("outer ring", "polygon 2, hole 1"); edge k of a ring runs from
    position k to position k + 1. ``coordinate`` is lon, lat in degrees: the position's own, or the place of
    a crossing; where two rings meet, position and edges are those of the first one named.
    """

    defect: Defect
    value: str
    remedy: str
    ring: str | None = None
    position: int | None = None
    coordinate: tuple[float, float] | None = None
    edges: tuple[int, ...] = ()

    def where(self) -> str:
        """Ring, position, edges and coordinate in words; empty where the whole geometry is meant."""
        parts = [
            self.ring,
            self.position and f"position {self.position}",
            self.edges and f"{'edge' if len(self.edges) == 1 else 'edges'} {_listed(self.edges)}",
            self.coordinate and f"at lon {self.coordinate[0]:.7g}, lat {self.coordinate[1]:.7g}",
        ]
        return ", ".join(part for part in parts if part)


def _listed(numbers: tuple[int, ...]) -> str:
    return " and ".join(map(str, numbers))


@dataclass(frozen=True, slots=True)
class PropertyProblem:
    """One defect of one property that is a document of its own. ``where`` is the path in it, counted from 0 as in JSON:
    ``weekly[1].from``; it is empty where the whole document is meant.
    """

    where: str
    defect: Defect
    value: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ScheduleProblem(PropertyProblem):
    """One defect of one schedule."""

    def __str__(self) -> str:
        """The whole problem as one sentence for a person."""
        return f"{self.where or 'schedule'}: {self.value}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class ZoneProblem:
    """One defect of one feature of a file: feature number from 1, None where the file itself is meant.

    ``field`` is the path in the feature ("geometry", "properties.kind"); ``geometry`` says where inside it.
    """

    feature: int | None
    reference: str | None
    field: str
    defect: Defect
    value: str
    remedy: str
    geometry: GeometryProblem | None = None

    def __str__(self) -> str:
        """The whole problem as one sentence for a person."""
        feature = "" if self.feature is None else f"feature {self.feature}"
        named = f" ({self.reference})" if self.reference else ""
        where = self.geometry.where() if self.geometry else ""
        place = ", ".join(part for part in (feature + named, self.field, where) if part)
        return f"{place}: {self.value}; {self.remedy}"
