"""What an alert says of why it was raised, as JSON (pure)."""

from typing import Any

from geofence.presence import RULE, RULE_VERSION
from model.enums import Mechanism, PositionFlag
from model.times import from_microseconds, text_or_none
from model.visits import EvidencePosition, Visit


def visit_evidence(visit: Visit) -> dict[str, Any]:
    """The positions, the zone's version, the rule: with what was known at the time."""
    evidence = visit.evidence
    return {
        "rule": RULE,
        "rule_version": RULE_VERSION,
        "zone_version": visit.zone_version,
        "aspect": visit.aspect.value,
        "regime": visit.regime.value,
        "inferred": visit.inferred,
        "confirmed_at": text_or_none(visit.confirmed_us),
        "end_reason": None if visit.end_reason is None else visit.end_reason.value,
        "positions_inside": visit.positions_inside,
        "positions": {
            "entry": position_document(evidence.entry),
            "confirming": None if evidence.confirming is None else position_document(evidence.confirming),
            "deepest": position_document(evidence.deepest),
            "latest": position_document(evidence.latest),
        },
        "trail": [position_document(position) for position in evidence.trail],
    }


def position_document(position: EvidencePosition) -> dict[str, Any]:
    return {
        "device_id": position.device_id,
        "fix_time": from_microseconds(position.fix_time_us).isoformat(),
        "received_at": from_microseconds(position.received_us).isoformat(),
        "lat": position.lat,
        "lon": position.lon,
        "accuracy_m": position.accuracy_m,
        "mechanism": Mechanism(position.mechanism).word,
        "depth_m": round(position.depth_m, 2),
        "p_inside": round(position.p_inside, 4),
        "verdict": position.verdict.value,
        "flags": PositionFlag(position.flags).words,
        "fix_key": str(position.fix_key),  # 64 bits: more than a number of JSON carries everywhere
    }
