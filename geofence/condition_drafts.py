"""One GeoJSON feature into the draft of a licence condition, or everything that is wrong with it.

A condition with a place is read as its zone is; it has its own words for the dates, and the legal wording besides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from geofence.drafts import ALMOST, PROPERTIES, FeatureReader, ZoneDraft
from geofence.problems import Defect
from geofence.structure import shown
from model.conditions import ConditionKind
from model.enums import ZoneKind
from model.plain_text import misleads

LONGEST_WORDING = 10_000
DATES = {"starts": "active_from", "ends": "active_to"}  # a condition's words for them, and its zone's
IN_OTHER_WORDS = {
    "valid_from": "a condition holds from its approval on: leave it out",
    "active_from": "give starts",
    "active_to": "give ends",
}
OWN = ("wording", *DATES)
OF_A_PLACE = ("radius_m", "schedule", "policy")
OF_DATES = {
    Defect.WRONG_TYPE,
    Defect.BAD_TIME,
    Defect.NAIVE_TIME,
    Defect.ENDS_BEFORE_IT_STARTS,
}
LAYOUT = "\n\r\t"
_KINDS = {kind.value: kind for kind in ConditionKind}


@dataclass(frozen=True, slots=True)
class ConditionDraft:
    """A condition as it was given, validated. Times are aware; ``zone`` is None where the condition has no place.

    The zone has the condition's reference, name, dates and owner (``crn``).
    """

    reference: str
    name: str
    kind: ConditionKind
    crn: str
    wording: str
    starts: datetime
    ends: datetime | None
    is_disclosed: bool
    zone: ZoneDraft | None


@dataclass(frozen=True, slots=True)
class Heading:
    """What every condition has, with a place or without."""

    reference: str
    name: str
    starts: datetime | None
    ends: datetime | None
    is_disclosed: bool


@dataclass
class ConditionReader(FeatureReader):
    """Reads one feature and gathers its problems; one reader a feature.

    ``owner`` is the CRN of the person whose condition it is, where that is known: the feature need not name it.
    """

    owner: str | None = None

    def read_condition(self, feature: object) -> ConditionDraft | None:
        """The draft, or None with at least one problem."""
        given = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(feature, dict) or not isinstance(given, dict):
            self.read(feature)
            return None
        kind, crn = self._condition_kind(given), self._crn(given)
        zone: ZoneDraft | None = None
        if kind is ConditionKind.TRAIL_MONITORING:
            self._has_no_place(feature.get("geometry"), given)
            heading = self._heading(_as_zone(given, kind, crn))
        else:
            zone = self.read({**feature, "properties": _as_zone(given, kind, crn)})
            heading = None if zone is None else _heading_of(zone)
        wording = self._wording(given)
        self._has_its_dates_and_hours(given, kind)
        self._no_other_words(given)
        self._say_it_in_own_words()
        if self.problems or not (kind and crn and wording and heading and heading.starts):
            return None
        return ConditionDraft(
            heading.reference,
            heading.name,
            kind,
            crn,
            wording,
            heading.starts,
            heading.ends,
            heading.is_disclosed,
            zone,
        )

    def _heading(self, properties: Mapping[str, Any]) -> Heading | None:
        self._properties = properties
        self.reference = self._text("reference", required=True)
        name, starts, ends = self._text("name", required=True), self._time("active_from"), self._time("active_to")
        self._ends_after_it_starts(starts, ends)
        is_disclosed = self._disclosed()
        return Heading(self.reference, name, starts, ends, is_disclosed) if self.reference and name else None

    def _condition_kind(self, given: Mapping[str, Any]) -> ConditionKind | None:
        value = given.get("kind")
        if isinstance(value, str) and value in _KINDS:
            return _KINDS[value]
        defect = Defect.MISSING if value is None else Defect.UNKNOWN_KIND
        self._add("properties.kind", defect, shown(value), f"give one of: {', '.join(_KINDS)}")
        return None

    def _crn(self, given: Mapping[str, Any]) -> str | None:
        value = given.get("crn")
        if self.owner is not None:
            if value not in (None, self.owner):
                remedy = "the condition is of the person in the path: leave it out"
                self._add("properties.crn", Defect.MISPLACED, shown(value), remedy)
            return self.owner
        if value is None:
            remedy = "give the CRN of the person whose licence it is"
            self._add("properties.crn", Defect.MISSING, "missing", remedy)
        return value.strip() if isinstance(value, str) else None

    def _wording(self, given: Mapping[str, Any]) -> str | None:
        """Word for word, line breaks included; only blanks about it are not kept."""
        value, where = given.get("wording"), "properties.wording"
        remedy = "give the legal wording as it stands on the licence"
        if value is None:
            self._add(where, Defect.MISSING, "missing", remedy)
        elif not isinstance(value, str):
            self._add(where, Defect.WRONG_TYPE, shown(value), remedy)
        elif not value.strip():
            self._add(where, Defect.EMPTY, shown(value), remedy)
        elif len(value.strip()) > LONGEST_WORDING:
            self._add(where, Defect.OUT_OF_RANGE, f"{len(value)} characters", f"give at most {LONGEST_WORDING}")
        elif misleads(value, kept=LAYOUT):
            self._add(
                where,
                Defect.CONTROL_CHARACTER,
                shown(value),
                "remove control characters; line breaks and tabs may stay",
            )
        else:
            return value.strip()
        return None

    def _has_its_dates_and_hours(self, given: Mapping[str, Any], kind: ConditionKind | None) -> None:
        if given.get("starts") is None:
            remedy = "give the time from which the licence says it"
            self._add("properties.starts", Defect.MISSING, "missing", remedy)
        if kind is ConditionKind.ATTENDANCE and given.get("schedule") is None:
            self._add("properties.schedule", Defect.MISSING, "missing", "give the hours of attendance")

    def _has_no_place(self, geometry: object, given: Mapping[str, Any]) -> None:
        remedy = "trail monitoring has no place and no hours: leave it out"
        found = {"geometry": geometry} | {f"properties.{name}": given.get(name) for name in OF_A_PLACE}
        for where, value in found.items():
            if value is not None:
                self._add(where, Defect.MISPLACED, shown(value), remedy)

    def _no_other_words(self, given: Mapping[str, Any]) -> None:
        for name, remedy in IN_OTHER_WORDS.items():
            if given.get(name) is not None:
                self._add(f"properties.{name}", Defect.MISPLACED, shown(given[name]), remedy)
        for name in given.keys() - {*OWN, *PROPERTIES}:
            for meant in get_close_matches(name, OWN, n=1, cutoff=ALMOST):
                self._add(f"properties.{name}", Defect.MISSPELT, shown(name), f"did you mean {meant}?")

    def _say_it_in_own_words(self) -> None:
        self.problems = [
            replace(one, field=_own_words(one.field), value=_own_words(one.value), remedy=_own_words(one.remedy))
            if one.defect in OF_DATES and one.field.removeprefix("properties.") in DATES.values()
            else one
            for one in self.problems
        ]


def _as_zone(given: Mapping[str, Any], kind: ConditionKind | None, crn: str | None) -> dict[str, Any]:
    """The properties of the zone that watches the condition; where the kind is unknown, what does not depend on it."""
    properties = {name: value for name, value in given.items() if name not in {*OWN, *IN_OTHER_WORDS}}
    properties |= {theirs: given.get(ours) for ours, theirs in DATES.items()}
    if kind is None:
        properties.pop("policy", None)
    zone_kind = kind.zone_kind if kind else None
    return properties | {"kind": (zone_kind or ZoneKind.EXCLUSION).value, "crn": crn}


def _heading_of(zone: ZoneDraft) -> Heading:
    return Heading(zone.reference, zone.name, zone.active_from, zone.active_to, zone.is_disclosed)


def _own_words(text: str) -> str:
    for ours, theirs in DATES.items():
        text = text.replace(theirs, ours)
    return text
