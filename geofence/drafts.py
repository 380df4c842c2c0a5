"""One GeoJSON feature into a zone draft, or everything that is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from geofence.applicability import never_applies
from geofence.policy_documents import GRACE, LIMITS, Choice, default_policy, read_policy
from geofence.problems import Defect, GeometryProblem, PropertyProblem, ZoneProblem
from geofence.projection import Projection
from geofence.schedule_documents import read_schedule
from geofence.shapes import TOO_FAR, TOO_FAR_REMEDY, off_the_plane, zone_shapes
from geofence.structure import shown
from geofence.validation import read_geometry
from model.enums import ZoneKind
from model.plain_text import misleads
from model.policies import STEADY, PresencePolicy
from model.schedules import Schedule
from model.times import EARLIEST, LATEST
from model.zones import Geometry, Region

PROPERTIES = (
    "reference",
    "name",
    "kind",
    "crn",
    "radius_m",
    "valid_from",
    "active_from",
    "active_to",
    "schedule",
    "policy",
    "disclosed",
)
KINDS = tuple(kind for kind in ZoneKind if kind is not ZoneKind.AUTHORITY_AREA)
"""What a file may hold: the area of a stop-and-search authority comes with its authority, and with nothing else."""
OWNED = frozenset({ZoneKind.INCLUSION, ZoneKind.CURFEW})
OF_A_POLICY = {"preset", GRACE, *LIMITS}
ALMOST = 0.85  # "active_form" is close to "active_from"; "valid_to" is not close to "valid_from"


@dataclass(frozen=True, slots=True)
class ZoneDraft:
    """A zone as its file gives it, validated. ``crn`` is None for a shared zone; times are aware.

    ``policy`` is what ``preset`` gives with the file's own values in it. No ``schedule``: every hour.
    """

    reference: str
    name: str
    kind: ZoneKind
    crn: str | None
    geometry: Geometry
    valid_from: datetime | None
    active_from: datetime | None
    active_to: datetime | None
    schedule: Schedule | None = None
    preset: str = "steady"
    policy: PresencePolicy = STEADY
    is_disclosed: bool = False


@dataclass
class FeatureReader:
    """Reads one feature and gathers its problems; one reader a feature."""

    number: int
    region: Region | None
    projection: Projection | None
    problems: list[ZoneProblem] = field(default_factory=list)
    reference: str | None = None
    _properties: Mapping[str, Any] = field(default_factory=dict)

    def read(self, feature: object) -> ZoneDraft | None:
        """The draft, or None with at least one problem."""
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            self._add("", Defect.NOT_AN_OBJECT, shown(feature), 'give an object of type "Feature"')
            return None
        properties = feature.get("properties")
        if not isinstance(properties, dict):
            self._add(
                "properties",
                Defect.NOT_AN_OBJECT,
                shown(properties),
                "give reference, name and kind in an object",
            )
            properties = {}
        self._properties = properties
        self.reference = self._text("reference", required=True)
        name, kind, crn = self._text("name", required=True), self._kind(), self._text("crn", required=False)
        valid_from, active_from, active_to = map(self._time, ("valid_from", "active_from", "active_to"))
        self._ends_after_it_starts(active_from, active_to)
        schedule, choice, is_disclosed = self._schedule(), self._policy(kind), self._disclosed()
        self._applies_sometime(schedule, max(filter(None, (valid_from, active_from)), default=None), active_to)
        self._has_an_owner(kind)
        self._no_misspelling()
        geometry = self._geometry(feature.get("geometry"))
        if self.problems or not (self.reference and name and kind and geometry and choice):
            return None
        dates = valid_from, active_from, active_to
        return ZoneDraft(self.reference, name, kind, crn, geometry, *dates, schedule, *choice, is_disclosed)

    def duplicate_of(self, first: int) -> None:
        """Note that feature number ``first`` has this one's reference already."""
        remedy = "give every zone a reference of its own"
        self._add("properties.reference", Defect.DUPLICATE_REFERENCE, f"the same as feature {first}", remedy)

    def _text(self, name: str, *, required: bool) -> str | None:
        value, where = self._properties.get(name), f"properties.{name}"
        if value is None:
            if required:
                self._add(where, Defect.MISSING, "missing", f"give the zone's {name} as text")
            return None
        if not isinstance(value, str):
            self._add(where, Defect.WRONG_TYPE, shown(value), "give text")
            return None
        if not value.strip():
            self._add(where, Defect.EMPTY, shown(value), "give text that is not blank")
            return None
        if misleads(value):
            self._add(where, Defect.CONTROL_CHARACTER, shown(value), "remove line breaks and control characters")
            return None
        return value.strip()

    def _kind(self) -> ZoneKind | None:
        value, kinds = self._properties.get("kind"), [kind.value for kind in KINDS]
        if isinstance(value, str) and value in kinds:
            return ZoneKind(value)
        defect = Defect.MISSING if value is None else Defect.UNKNOWN_KIND
        self._add("properties.kind", defect, shown(value), f"give one of: {', '.join(kinds)}")
        return None

    def _time(self, name: str) -> datetime | None:
        value, where = self._properties.get(name), f"properties.{name}"
        if value is None:
            return None
        remedy = "give an RFC 3339 time with its offset, such as 2026-03-29T00:30:00Z"
        if not isinstance(value, str):
            self._add(where, Defect.WRONG_TYPE, shown(value), remedy)
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self._add(where, Defect.BAD_TIME, shown(value), remedy)
            return None
        if moment.tzinfo is None:
            self._add(where, Defect.NAIVE_TIME, shown(value), f"it has no offset, so no instant: {remedy}")
            return None
        if not EARLIEST <= moment < LATEST:
            limits = "give a time between 1970 and 2200, or leave it out where there is none"
            self._add(where, Defect.BAD_TIME, shown(value), limits)
            return None
        return moment

    def _ends_after_it_starts(self, active_from: datetime | None, active_to: datetime | None) -> None:
        if active_from and active_to and active_to <= active_from:
            self._add(
                "properties.active_to",
                Defect.ENDS_BEFORE_IT_STARTS,
                f"{active_to.isoformat()}, with active_from {active_from.isoformat()}",
                "give an active_to after active_from, or leave it out for no end",
            )

    def _schedule(self) -> Schedule | None:
        schedule, problems = read_schedule(self._properties.get("schedule"))
        self._add_inner("schedule", problems)
        return schedule

    def _applies_sometime(self, schedule: Schedule | None, starts: datetime | None, ends: datetime | None) -> None:
        problem = None if schedule is None else never_applies(schedule, starts, ends)
        if problem is not None:
            self._add_inner("schedule", [problem])

    def _policy(self, kind: ZoneKind | None) -> Choice | None:
        """None too where the kind is wrong: what a policy may hold depends on it."""
        if kind is None:
            return None
        document = self._properties.get("policy")
        if document is None:
            return default_policy(kind)
        choice, problems = read_policy(document, kind)
        self._add_inner("policy", problems)
        return choice

    def _disclosed(self) -> bool:
        value = self._properties.get("disclosed")
        if value is not None and not isinstance(value, bool):
            remedy = "give true where the wearer has been told of the zone, otherwise false"
            self._add("properties.disclosed", Defect.WRONG_TYPE, shown(value), remedy)
        return value is True

    def _has_an_owner(self, kind: ZoneKind | None) -> None:
        """A shared zone applies to every wearer, and nobody means to keep all of them in one place. A home area keeps
        nobody, and may be that of all.
        """
        if kind in OWNED and self._properties.get("crn") is None:
            remedy = f"a zone of the kind {kind} is one person's: give the owner's crn"
            self._add("properties.crn", Defect.NEEDS_AN_OWNER, "missing", remedy)

    def _no_misspelling(self) -> None:
        """Other properties are the sender's own; one that is almost ours would be lost in silence."""
        for name in sorted(self._properties.keys() & OF_A_POLICY):
            remedy = "it is a value of the policy: give it within the object policy"
            self._add(f"properties.{name}", Defect.MISPLACED, shown(self._properties[name]), remedy)
        for name in self._properties.keys() - set(PROPERTIES) - OF_A_POLICY:
            for meant in get_close_matches(name, PROPERTIES, n=1, cutoff=ALMOST):
                self._add(f"properties.{name}", Defect.MISSPELT, shown(name), f"did you mean {meant}?")

    def _geometry(self, document: object) -> Geometry | None:
        if document is None:
            self._add("geometry", Defect.MISSING, "missing", "draw the zone, or remove the feature")
            return None
        geometry, problems = read_geometry(document, self._properties.get("radius_m"), self.region)
        if geometry is not None and self.projection is not None:
            problems += _off_the_plane(geometry, self.projection)
        self.problems.extend(
            ZoneProblem(self.number, self.reference, "geometry", one.defect, one.value, one.remedy, one)
            for one in problems
        )
        return geometry

    def _add_inner(self, name: str, problems: Iterable[PropertyProblem]) -> None:
        for one in problems:
            where = one.where if one.where.isprintable() else shown(one.where)  # a key is the sender's, too
            self._add(f"properties.{name}.{where}".rstrip("."), one.defect, one.value, one.remedy)

    def _add(self, where: str, defect: Defect, value: str, remedy: str) -> None:
        self.problems.append(ZoneProblem(self.number, self.reference, where, defect, value, remedy))


def _off_the_plane(geometry: Geometry, projection: Projection) -> list[GeometryProblem]:
    if off_the_plane(zone_shapes([geometry], projection).box, projection).any():
        return [GeometryProblem(Defect.OFF_THE_PLANE, TOO_FAR, TOO_FAR_REMEDY)]
    return []
