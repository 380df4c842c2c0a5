"""What is watched, and the positions of an alert read against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import numpy as np

from alerts.explanation.wording import distance_words
from geofence.confidence import effective_accuracy_m, p_inside
from model.alerts import Alert
from model.enums import Aspect, Mechanism, ZoneKind
from model.explanations import ZoneAsItStood
from model.policies import PresencePolicy, approach_policy
from model.times import to_microseconds
from model.visits import Verdict
from model.zones import ZoneVersion

MECHANISM_OF_WORD = {mechanism.word: mechanism for mechanism in Mechanism}
DECIDE_FOR = frozenset({Verdict.FOR_ALONE, Verdict.FOR})


@dataclass(frozen=True, slots=True)
class Seen:
    """One position of the evidence. ``verdict`` and ``p_inside`` are None where the rule of the time had none."""

    document: Mapping[str, Any]
    fix_time_us: int
    received_us: int
    depth_m: float
    p_inside: float | None
    verdict: Verdict | None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Reads what alerts/evidence.py wrote, in this release or in an earlier one."""
        verdict = document.get("verdict")
        return cls(
            document,
            to_microseconds(datetime.fromisoformat(document["fix_time"])),
            to_microseconds(datetime.fromisoformat(document["received_at"])),
            document["depth_m"],
            document.get("p_inside"),
            None if verdict is None else Verdict(verdict),
        )

    @property
    def mechanism(self) -> Mechanism:
        return MECHANISM_OF_WORD[self.document["mechanism"]]

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(self.document["flags"])

    @property
    def accuracy_m(self) -> float | None:
        """As stated; 0 states nothing."""
        return self.document["accuracy_m"] or None

    @property
    def reckoned_accuracy_m(self) -> float:
        stated = np.array([np.nan if self.accuracy_m is None else self.accuracy_m])
        return float(effective_accuracy_m(stated, np.array([self.mechanism]))[0])


@dataclass(frozen=True, slots=True)
class Stay:
    """What the alert says of the wearer: where, under which versions and policies, and by which positions."""

    zone: ZoneVersion  # as it stood at the entry
    versions: tuple[ZoneVersion, ...]
    aspect: Aspect
    inferred: bool
    entry: Seen
    confirming: Seen | None
    deepest: Seen
    latest: Seen
    trail: tuple[Seen, ...]

    @classmethod
    def of(cls, alert: Alert, versions: Sequence[ZoneAsItStood]) -> Self | None:
        """None for an alert that is of no stay in a zone, or whose evidence no release of ours has written."""
        evidence = alert.evidence
        zone = next((one.version for one in versions if one.version.version == alert.zone_version), None)
        positions = evidence.get("positions")
        if zone is None or not isinstance(positions, dict):
            return None
        seen = {name: None if document is None else Seen.of(document) for name, document in positions.items()}
        entry, deepest, latest = (seen.get(name) for name in ("entry", "deepest", "latest"))
        if entry is None or deepest is None or latest is None:
            return None
        return cls(
            zone=zone,
            versions=tuple(one.version for one in versions),
            aspect=Aspect(evidence.get("aspect", Aspect.ZONE)),
            inferred=evidence.get("inferred", False),
            entry=entry,
            confirming=seen.get("confirming"),
            deepest=deepest,
            latest=latest,
            trail=tuple(Seen.of(document) for document in evidence.get("trail", ())),
        )

    @property
    def is_weighed(self) -> bool:
        """Whether the rule of the time reckoned with probabilities; the plain dot did not."""
        return self.entry.verdict is not None

    @property
    def is_absence(self) -> bool:
        return self.zone.kind.watches_absence

    @property
    def being(self) -> str:
        """What the wearer is said to have been."""
        if self.aspect is Aspect.BUFFER:
            return f"within {distance_words(self.zone.policy.buffer_m)} of the zone"
        return "outside the zone" if self.is_absence else "inside the zone"

    def zone_at(self, time_us: int) -> ZoneVersion:
        """The version that was valid at a fix time; the one of the entry where none is any more."""
        valid = (
            one
            for one in self.versions
            if one.valid_from_us <= time_us and (one.valid_to_us is None or time_us < one.valid_to_us)
        )
        return next(valid, self.zone)

    def policy_at(self, time_us: int) -> PresencePolicy:
        policy = self.zone_at(time_us).policy
        return policy if self.aspect is Aspect.ZONE else approach_policy(policy)

    def towards_m(self, seen: Seen) -> float:
        """How deep a position speaks for the stay, in metres; negative where it lies on the other side."""
        if self.is_absence:
            return -seen.depth_m
        return seen.depth_m + self._widened_by_m(seen)

    def p_stay(self, seen: Seen) -> float | None:
        """The probability of what the alert says, from one position; None where the rule of the time had none."""
        if seen.p_inside is None:
            return None
        if self.is_absence:
            at_home = seen.mechanism is Mechanism.RF and self.zone.kind is ZoneKind.CURFEW
            return 0.0 if at_home else round(1 - seen.p_inside, 4)
        if self.aspect is Aspect.BUFFER:
            return float(p_inside(np.array([self.towards_m(seen)]), np.array([seen.reckoned_accuracy_m]))[0])
        return seen.p_inside

    def _widened_by_m(self, seen: Seen) -> float:
        return self.zone_at(seen.fix_time_us).policy.buffer_m if self.aspect is Aspect.BUFFER else 0.0
